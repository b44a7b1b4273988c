"""The few words that ask how things go ("¿cómo va?"), where something was asked for in the same conversation."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from bot.accounts.model import Page, searchable
from bot.procedures import store

LONGEST = 40
_FORM = re.compile(
    r"(?:(?:y|oye|pues|entonces|vale|a ver|dime) )*(?:como (?:va|van|anda|sigue|lo llevais|va la cosa)|que tal va|hay novedades|alguna novedad|se sabe algo)"
    r"(?: (?:eso|esto|la cosa|el tema|el asunto|ya|de eso|todo eso))*"
)


def asks_how_it_goes(text: str) -> bool:
    """Whether a message asks how it goes without saying what."""
    return len(text) <= LONGEST and _FORM.fullmatch(searchable(text)) is not None


def is_meant(connection: Connection, address: str, text: str) -> bool:
    """Whether such a message is about a procedure: one that was asked for in this conversation is open still."""
    if not asks_how_it_goes(text):
        return False
    here = (store.procedure.address == address, store.procedure.closed_at.is_(None))
    return bool(store.find(connection, Page(0, 1), *here))
