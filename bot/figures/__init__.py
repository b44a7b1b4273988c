"""The figures that a supervisor reads, counted from the rows that are there anyway."""
