"""How long conversations are kept, and how they are erased: because they are old, or because a person asks for it."""
