"""Writing the audit, in the transaction of what it tells, and looking things up in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from bot.audit import store
from bot.audit.model import Entry, Recorded, Search

MOST_ENTRIES_OF_A_PAGE = 100


def record(connection: Connection, now: datetime, entry: Entry) -> None:
    """Write an entry; it stands or falls with the caller's transaction."""
    store.add(connection, now, entry)


def search(connection: Connection, wanted: Search, offset: int = 0, limit: int = 50) -> list[Recorded]:
    """A page of the wanted entries, newest first: `limit` of them (1 to 100) after the first `offset`.

    Raises ValueError for any other limit and for an offset before the first.
    """
    if offset < 0 or not 1 <= limit <= MOST_ENTRIES_OF_A_PAGE:
        raise ValueError(f"a page has 1 to {MOST_ENTRIES_OF_A_PAGE} entries and does not begin before the first")
    return store.page(connection, wanted, offset, limit)


def everything(connection: Connection, wanted: Search) -> Iterator[Recorded]:
    """All of the wanted entries, newest first; they come from the database while they are read, so keep it open."""
    return store.stream(connection, wanted)
