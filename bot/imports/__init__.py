"""Loads clients, contracts and invoices from CSV files; docs/import.md describes them."""
