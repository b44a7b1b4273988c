"""An invented world to try the product with: three agencies, 200 clients, two years of invoices."""
