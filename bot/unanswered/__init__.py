"""Questions that the assistant did not understand: kept without who asked, grouped by likeness, given a topic by a supervisor."""
