"""The audit's table, which only grows: the database itself refuses to change or delete its rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Index, Row, Select, String, Table, select

from bot.audit.model import LONGEST, Entry, Recorded, Result, Search
from bot.database import Moment, identity, metadata

ROWS_AT_ONCE = 1000

audit_table = Table(
    "audit",
    metadata,
    Column("id", identity, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("address", String(LONGEST["address"]), nullable=False),
    Column("person_id", identity),
    Column("agency_id", identity),
    Column("action", String(LONGEST["action"]), nullable=False),
    Column("object_kind", String(LONGEST["object_kind"]), nullable=False),
    Column("object_id", String(LONGEST["object_id"]), nullable=False),
    Column("result", String(16), nullable=False),
    Index(None, "at"),
    Index(None, "person_id", "at"),
    Index(None, "agency_id", "at"),
    Index(None, "object_kind", "object_id", "at"),
)

EQUAL = ("person_id", "agency_id", "action", "object_kind", "object_id", "result")


def add(connection: Connection, at: datetime, entry: Entry) -> None:
    """Write one entry."""
    values = {name: getattr(entry, name) for name in ("address", *EQUAL)}
    connection.execute(audit_table.insert(), {"at": at, **values})


def page(connection: Connection, search: Search, offset: int, limit: int) -> list[Recorded]:
    """Some of the wanted entries, newest first."""
    return [_recorded(row) for row in connection.execute(_wanted(search).limit(limit).offset(offset))]


def stream(connection: Connection, search: Search) -> Iterator[Recorded]:
    """All of the wanted entries, newest first, read as they are taken."""
    return map(_recorded, connection.execute(_wanted(search), execution_options={"yield_per": ROWS_AT_ONCE}))


def _wanted(search: Search) -> Select[Any]:
    columns = audit_table.c
    return select(audit_table).where(*_conditions(search)).order_by(columns.at.desc(), columns.id.desc())


def _conditions(search: Search) -> Iterator[ColumnElement[bool]]:
    columns = audit_table.c
    for name in EQUAL:
        wanted = getattr(search, name)
        if wanted is not None:
            yield columns[name] == wanted
    if search.since is not None:
        yield columns.at >= search.since
    if search.until is not None:
        yield columns.at < search.until


def _recorded(row: Row[Any]) -> Recorded:
    entry = Entry(
        row.action, Result(row.result), row.address, row.person_id, row.agency_id, row.object_kind, row.object_id
    )
    return Recorded(row.id, row.at, entry)
