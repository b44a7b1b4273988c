"""`python -m bot audit`: print what was done, the newest first."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from bot.area import SPAIN
from bot.audit.model import Search
from bot.audit.report import as_csv, lines
from bot.audit.service import everything
from bot.database import Database

LAST_DAY = date.max - timedelta(days=1)  # the day after it can still be told

PersonFinder = Callable[[Connection, str], int | None]


class PersonUnknown(Exception):
    """Nobody is registered with the identifier that was asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command. `object` is "kind" or "kind:id"; `since` and `until` are days of Spain, both included."""

    person: str | None = None
    agency: int | None = None
    action: str | None = None
    object: str | None = None
    since: date | None = None
    until: date | None = None

    def search(self, person_id: int | None) -> Search:
        """The search that is asked for, once it is known who the person is."""
        kind, _, object_id = (self.object or "").partition(":")
        return Search(
            person_id=person_id,
            agency_id=self.agency,
            action=self.action,
            object_kind=kind or None,
            object_id=object_id or None,
            since=_begin(self.since) if self.since else None,
            until=_begin(min(self.until, LAST_DAY) + timedelta(days=1)) if self.until else None,
        )


def print_audit(database: Database, person_id_of: PersonFinder, asked: Asked, as_table: bool) -> None:
    """Print the entries, as CSV if `as_table`. `person_id_of` finds a person by the identifier an operator typed.

    Raises PersonUnknown.
    """
    with database.reading() as connection:
        person_id = None
        if asked.person is not None:
            person_id = person_id_of(connection, asked.person)
            if person_id is None:
                raise PersonUnknown
        found = everything(connection, asked.search(person_id))
        _print(as_csv(found) if as_table else lines(found))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), SPAIN)


def _print(text: Iterable[str]) -> None:
    try:
        sys.stdout.writelines(text)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has read enough; nothing more may be written, not even at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
