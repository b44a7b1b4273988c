"""The support desk: people of the staff take over conversations, answer in them, and give them back."""
