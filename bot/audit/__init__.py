"""Who did what, when, and how it ended. Entries are added, never changed."""
