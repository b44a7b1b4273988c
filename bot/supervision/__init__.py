"""The supervisor's pages: figures with charts and CSV, and the questions that nobody could answer."""
