"""The outbox: mails are queued with what they tell about, and sent afterwards."""
