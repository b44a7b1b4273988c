"""Invoices of the clients of an agency and the day on which they are paid."""
