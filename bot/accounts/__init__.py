"""Persons, agencies, who acts for them, their clients, supply points and contracts."""
