"""WhatsApp's Cloud API for tests: `python -m emulators.whatsapp`. docs/emulators.md tells how to use it."""
