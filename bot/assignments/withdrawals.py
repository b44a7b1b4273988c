"""The client takes its permission back with the link of the receipt: shown first, done once, whenever it likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from bot.accounts.model import Role, Viewer
from bot.accounts.store import agency_by_id
from bot.area import Area
from bot.assignments import store
from bot.assignments.service import tell_of_end
from bot.assignments.store import withdrawal_table
from bot.audit.model import Entry
from bot.audit.service import record
from bot.database import Database, Line, in_line
from bot.identity.links import Gone, LinkGone, good_link, use_link


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """Which agency would see which client no more."""

    agency_id: int
    agency_name: str
    client_id: int
    client_name: str


class Withdrawals:
    """What the pages call. Each call makes its own short transaction."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._area = area
        self._clock = clock

    def look(self, token: str) -> Withdrawing:
        """What the link would do. Raises LinkGone."""
        with self._database.reading() as connection:
            return _open(connection, self._area, token, self._clock())[1]

    def withdraw(self, token: str) -> Withdrawing:
        """End the assignment, and tell the client and the agency's representatives. Raises LinkGone."""
        now = self._clock()
        with self._database.writing() as connection:
            in_line(connection, Line.CONTACTS)
            row, found = _open(connection, self._area, token, now)
            use_link(connection, withdrawal_table, row.id, now)
            store.end(connection, row.assignment_id, now)
            tell_of_end(connection, _agency(found, now), found.client_id, now, by_agency=False)
            entry = Entry(
                "assignment_withdrawn",
                agency_id=found.agency_id,
                object_kind="client",
                object_id=str(found.client_id),
            )
            record(connection, now, entry)
        return found


def _agency(found: Withdrawing, now: datetime) -> Viewer:
    """Whose representatives are told: nobody acts for the agency here, and nothing is shown of it."""
    return Viewer(0, found.agency_id, Role.READ_ONLY, now)


def _open(connection: Connection, area: Area, token: str, now: datetime) -> tuple[Row[Any], Withdrawing]:
    row = good_link(connection, area, withdrawal_table, token, now)
    assigned = store.assigned(connection, row.assignment_id, now)
    if assigned is None:
        raise LinkGone(Gone.CHANGED)
    agency_id, client_id = assigned
    agency = agency_by_id(connection, agency_id)
    client = store.mailbox_of(connection, client_id)
    return row, Withdrawing(agency_id, agency.name if agency else "", client_id, client.name)
