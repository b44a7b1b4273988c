"""Reads what people ask about clients, contracts and invoices into data. No database, no Rasa, no text of an answer."""
