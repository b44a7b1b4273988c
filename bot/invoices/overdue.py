"""Telling who wants it of invoices that have passed their last day unpaid: each once, all of a morning together.

A person's new ones are found by their own clients and the day, from an index, however many invoices there are; what was told is
noted in the same transaction, so that a restart, or a second process, tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Date, ForeignKey, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.accounts.model import Viewer
from bot.accounts.service import agencies_of, viewer_if_any
from bot.accounts.store import clients_assigned_to
from bot.area import SPAIN, Area
from bot.audit.model import Entry
from bot.audit.service import record
from bot.database import Moment, identity, metadata
from bot.identity.persons import person_by_id
from bot.invoices.model import UNPAID
from bot.invoices.store import invoice, invoice_table
from bot.notices.model import Kind, Mailing
from bot.notices.service import tell

LOOKED_AT = time(9)
LOOKED_BACK = timedelta(days=30)
"""An invoice that came into the data later than that after its last day is no news any more."""
MOST_AT_ONCE = 1000
CHAT_PATH = "/"
ONE_DAY = timedelta(days=1)

watch_table = Table(
    "overdue_watch",
    metadata,
    Column("person_id", identity, ForeignKey("person.id"), primary_key=True, autoincrement=False),
    Column("since", Date, nullable=False),
    Column("look_at", Moment, nullable=False, index=True),
)
told_table = Table(
    "overdue_told",
    metadata,
    Column("person_id", identity, ForeignKey("person.id"), primary_key=True, autoincrement=False),
    Column("invoice_id", identity, ForeignKey("invoice.id"), primary_key=True, autoincrement=False),
    Column("due_on", Date, nullable=False),
)
_watch, _told = watch_table.c, told_table.c


def watch(connection: Connection, person_id: int, address: str, now: datetime) -> None:
    """A person wants to be told, of what passes its last day from today on."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"person_id": person_id, "since": _day(now), "look_at": next_look(now)}
    connection.execute(dialect.insert(watch_table).values(values).on_conflict_do_nothing())
    record(connection, now, Entry("overdue_notices_on", address=address, person_id=person_id))


def unwatch(connection: Connection, person_id: int, address: str, now: datetime) -> bool:
    """A person wants none any more; whether they did."""
    was_wanted = connection.execute(delete(watch_table).where(_watch.person_id == person_id)).rowcount == 1
    if was_wanted:
        record(connection, now, Entry("overdue_notices_off", address=address, person_id=person_id))
    return was_wanted


def look_next(connection: Connection, area: Area, now: datetime) -> bool:
    """Look for one person who is due, and put a notice on its way if there is something; False when nobody is due."""
    due = select(watch_table).where(_watch.look_at <= now).order_by(_watch.look_at).limit(1)
    row = connection.execute(due.with_for_update(skip_locked=True)).first()
    if row is None:
        return False
    own = update(watch_table).where(_watch.person_id == row.person_id)
    connection.execute(own.values(look_at=next_look(now)))
    last = _day(now) - ONE_DAY
    found = _new_ones(connection, row.person_id, max(row.since, last - LOOKED_BACK), last, now)
    if found:
        _note_told(connection, row.person_id, found, last)
        _tell(connection, area, row.person_id, list(found), now)
    return True


def still_overdue(
    connection: Connection, person_id: int, details: dict[str, Any], now: datetime
) -> dict[str, Any] | None:
    """What a notice says at the moment in which it is told: how many of its invoices the person may see and are unpaid still.

    None: there is nothing to tell any more.
    """
    meant = [invoice.id.in_(details["invoices"]), invoice.state.in_(UNPAID)]
    seen = {row.id for viewer in _viewers(connection, person_id, now) for row in _rows(connection, viewer, meant)}
    return {"count": len(seen)} if seen else None


def next_look(now: datetime) -> datetime:
    """The next nine o'clock on the clocks of Spain."""
    local = now.astimezone(SPAIN)
    day = local.date() + (ONE_DAY if local.time() >= LOOKED_AT else timedelta())
    return datetime.combine(day, LOOKED_AT, SPAIN).astimezone(now.tzinfo)


def _new_ones(connection: Connection, person_id: int, first: date, last: date, now: datetime) -> dict[int, date]:
    """The unpaid invoices with their last day, in those days, that the person may see and has not been told of."""
    told = select(_told.invoice_id).where(_told.person_id == person_id, _told.due_on >= first)
    wanted = [invoice.due_on.between(first, last), invoice.state.in_(UNPAID), invoice.id.not_in(told)]
    found: dict[int, date] = {}
    for viewer in _viewers(connection, person_id, now):
        found |= {row.id: row.due_on for row in _rows(connection, viewer, wanted)}
    return found


def _viewers(connection: Connection, person_id: int, now: datetime) -> Iterable[Viewer]:
    """The person in each agency for which they may act now."""
    for agency_id in agencies_of(connection, person_id, now):
        viewer = viewer_if_any(connection, person_id, agency_id, now)
        if viewer:
            yield viewer


def _rows(connection: Connection, viewer: Viewer, wanted: list[Any]) -> Any:
    own = invoice.client_id.in_(clients_assigned_to(viewer))
    asked = select(invoice.id, invoice.due_on).select_from(invoice_table).where(own, *wanted)
    return connection.execute(asked.order_by(invoice.due_on, invoice.id).limit(MOST_AT_ONCE))


def _note_told(connection: Connection, person_id: int, found: dict[int, date], last: date) -> None:
    """Also forget those that nobody looks at any more."""
    rows = [{"person_id": person_id, "invoice_id": number, "due_on": due_on} for number, due_on in found.items()]
    connection.execute(insert(told_table), rows)
    connection.execute(delete(told_table).where(_told.person_id == person_id, _told.due_on < last - 2 * LOOKED_BACK))


def _tell(connection: Connection, area: Area, person_id: int, invoice_ids: list[int], now: datetime) -> None:
    person = person_by_id(connection, person_id)
    assert person is not None, "watches point to persons"
    details = {"name": person.first_name, "link": area.url(CHAT_PATH)}
    mail = Mailing(person.email, "invoices_overdue", details)
    tell(connection, person_id, Kind.INVOICES_OVERDUE, {"invoices": invoice_ids}, now, mail)


def _day(now: datetime) -> date:
    return now.astimezone(SPAIN).date()
