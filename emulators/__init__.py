"""Stand-ins for the services of others, for tests and for machines without them. docs/emulators.md says how to use them."""
