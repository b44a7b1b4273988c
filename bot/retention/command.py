"""`python -m bot erase`: what is kept of a person's conversations, and its end when they ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.audit.model import Entry
from bot.audit.service import record
from bot.database import Database
from bot.identity.persons import person_id_of
from bot.retention.model import Erased, Found, Held
from bot.retention.service import erase, erase_watches, found_at
from bot.retention.store import addresses_of_person

SETTLED_AFTER = timedelta(minutes=15)
"""Who wrote a moment ago may be waiting for an answer, or go on."""
KEPT = "Kept: procedures with their papers and data, the audit, and figures without texts (docs/adr/0027)."

ReadAddress = Callable[[str], str]
"""The address of a conversation as an operator types it: a WhatsApp number stands for the address made of it."""


class NothingFound(Exception):
    """Nobody is known by that, or nothing is kept of their conversations; the message says which."""


def erase_conversations(
    database: Database, who: str, read_address: ReadAddress, does_it: bool, now: datetime
) -> tuple[list[str], bool]:
    """Erase the conversations at an address, or of a person by identifier; without `does_it` only count them.

    Gives what to print, and whether everything could go. Raises NothingFound.
    """
    before = now - SETTLED_AFTER
    with database.reading() as connection:
        person_id, addresses = _whose(connection, who, read_address)
        found = found_at(connection, addresses, before, now)
    if not found:
        raise NothingFound(f"nothing is kept of conversations of {who}")
    lines = [_line(each) for each in found]
    if not does_it:
        return [*lines, KEPT, "Nothing was erased: repeat it with --yes."], True
    ends = [_last(erase(database, each.id, before, now)) for each in found]
    for _ in erase_watches(database):
        continue
    _note(database, person_id, now)
    number = sum(isinstance(end, Erased) for end in ends)
    return [*lines, f"Erased: {number} of {len(found)}.", KEPT], number == len(found)


def _whose(connection: Connection, who: str, read_address: ReadAddress) -> tuple[int | None, set[str]]:
    if ":" in who:
        return None, {who, read_address(who)}
    person_id = person_id_of(connection, who)
    if person_id is None:
        raise NothingFound(f"nobody with the identifier {who} is known")
    return person_id, addresses_of_person(connection, person_id)


def _line(found: Found) -> str:
    why = f"; stays for now: {found.held}" if found.held else ""
    return f"{found.address}: {found.messages} messages{why}"


def _last(steps: Iterator[Erased | Held]) -> Erased | Held:
    *_, last = steps
    return last


def _note(database: Database, person_id: int | None, now: datetime) -> None:
    """The conversations note themselves; this says on whose behalf."""
    if person_id is not None:
        with database.writing() as connection:
            record(connection, now, Entry("erasure_asked", object_kind="person", object_id=f"{person_id}"))
