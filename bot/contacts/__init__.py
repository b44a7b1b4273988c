"""Authorized contacts: who else may act for an agency, how they are invited, and how a change is undone."""
