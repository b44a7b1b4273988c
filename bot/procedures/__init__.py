"""Requests that are followed until they are closed, each with a key to ask for it and a day by which it is answered."""
