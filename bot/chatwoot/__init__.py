"""Chatwoot as another desk: conversations go there, what its agents write comes back by signed webhooks."""
