"""Which topic each turn answered, counted as it happens; and the titles of topics, as people read them."""
