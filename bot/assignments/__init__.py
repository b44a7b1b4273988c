"""Which clients an agency manages: asked for by the agency, decided by the client from its own mailbox, ended by either."""
