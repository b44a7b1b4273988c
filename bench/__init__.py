"""What `make bench` measures: this product against the stock Rasa bot, on one machine in one run."""
