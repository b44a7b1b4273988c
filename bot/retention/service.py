"""Erasing conversations: one short transaction after the other, each under the conversation's own lock, so that turns go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from bot.audit.model import Entry
from bot.audit.service import record
from bot.database import Database
from bot.retention import store
from bot.retention.holds import held
from bot.retention.leftovers import Leftover, leftovers, watches
from bot.retention.model import Erased, Found, Held

ROWS_AT_ONCE = 200


def erase_old(database: Database, days: int, now: datetime) -> Iterator[Erased | Held | int]:
    """Erase what is older than that many days; yields after each transaction what it did. 0 days keep everything."""
    if not days:
        return
    before, last_id = now - timedelta(days=days), 0
    while found := _older_than(database, before, last_id):
        for last_id in found:
            yield from erase(database, last_id, before, now)
    yield from _sweep(database, leftovers(before, now))


def erase(database: Database, conversation_id: int, before: datetime, now: datetime) -> Iterator[Erased | Held]:
    """Erase one conversation if everything that was said there is older than `before` and nothing holds it."""
    is_done = False
    while not is_done:
        with database.writing() as connection:
            step = _erase_some(connection, conversation_id, before, now)
        yield step
        is_done = isinstance(step, Held) or step.is_done


def erase_watches(database: Database) -> Iterator[int]:
    """Watch invoices no longer for persons without any session left."""
    return _sweep(database, watches())


def found_at(connection: Connection, addresses: Iterable[str], before: datetime, now: datetime) -> list[Found]:
    """What is kept of the conversations at these addresses."""
    return [
        Found(row.id, row.address, store.count_messages(connection, row.id), held(connection, row.id, before, now))
        for row in store.at_addresses(connection, list(addresses))
    ]


def _older_than(database: Database, before: datetime, after_id: int) -> list[int]:
    with database.reading() as connection:
        return list(store.older_than(connection, before, after_id, ROWS_AT_ONCE))


def _erase_some(connection: Connection, conversation_id: int, before: datetime, now: datetime) -> Erased | Held:
    address = store.lock(connection, conversation_id)
    if not store.count_messages(connection, conversation_id):
        return Erased(0, True)  # another process was quicker
    reason = held(connection, conversation_id, before, now)
    if reason is not None:
        return reason
    gone = store.erase_messages(connection, conversation_id, ROWS_AT_ONCE)
    if store.count_messages(connection, conversation_id):
        return Erased(gone, False)
    store.erase_the_rest(connection, conversation_id, address, now)
    record(connection, now, Entry("conversation_erased", object_kind="conversation", object_id=f"{conversation_id}"))
    return Erased(gone, True)


def _sweep(database: Database, kinds: Iterable[Leftover]) -> Iterator[int]:
    for kind in kinds:
        while keys := _keys(database, kind):
            with database.writing() as connection:
                gone = store.delete_rows(connection, kind.table, kind.key.name, keys, kind.condition)
            yield gone
            if not gone:
                break


def _keys(database: Database, kind: Leftover) -> list[object]:
    with database.reading() as connection:
        return list(connection.execute(select(kind.key).where(kind.condition).limit(ROWS_AT_ONCE)).scalars())
