"""The audit on real databases: what is written stays as it is, and is found again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from bot.audit.model import Entry, Recorded, Result, Search
from bot.audit.service import everything, record, search
from bot.database import Database

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ENTRIES = (
    Entry("sign_in", Result.REFUSED, "web:ana"),
    Entry("sign_in", Result.DONE, "web:ana", person_id=1),
    Entry("see_invoice", Result.DONE, "web:ana", 1, 7, "invoice", "33"),
    Entry("see_invoice", Result.FAILED, "telegram:9", 2, 7, "invoice", "34"),
    Entry("see_client", Result.DONE, "telegram:9", 2, 8, "client", "33"),
)


@pytest.fixture
def audited(database: Database) -> Database:
    """One entry a minute from noon on."""
    with database.writing() as connection:
        for minute, entry in enumerate(ENTRIES):
            record(connection, NOON + timedelta(minutes=minute), entry)
    return database


def found(database: Database, wanted: Search, offset: int = 0, limit: int = 50) -> list[int]:
    """The places in ENTRIES of what is found."""
    with database.reading() as connection:
        return [ENTRIES.index(each.entry) for each in search(connection, wanted, offset, limit)]


def test_an_entry_is_read_as_it_was_written(audited: Database) -> None:
    with audited.reading() as connection:
        (newest,) = search(connection, Search(), limit=1)
    assert newest == Recorded(newest.id, NOON + timedelta(minutes=4), ENTRIES[4])
    assert newest.entry.channel == "telegram"


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        (Search(), [4, 3, 2, 1, 0]),
        (Search(person_id=1), [2, 1]),
        (Search(agency_id=7), [3, 2]),
        (Search(action="sign_in"), [1, 0]),
        (Search(object_kind="invoice"), [3, 2]),
        (Search(object_kind="invoice", object_id="33"), [2]),
        (Search(result=Result.REFUSED), [0]),
        (Search(since=NOON + timedelta(minutes=3)), [4, 3]),
        (Search(until=NOON + timedelta(minutes=1)), [0]),
        (Search(person_id=2, agency_id=7, action="see_invoice"), [3]),
        (Search(person_id=3), []),
    ],
)
def test_entries_are_found_newest_first(audited: Database, wanted: Search, places: list[int]) -> None:
    assert found(audited, wanted) == places


def test_entries_of_one_moment_come_in_the_order_they_were_written(database: Database) -> None:
    with database.writing() as connection:
        for entry in ENTRIES:
            record(connection, NOON, entry)
    assert found(database, Search()) == [4, 3, 2, 1, 0]


def test_a_long_list_is_read_in_pages(audited: Database) -> None:
    assert [found(audited, Search(), offset, 2) for offset in (0, 2, 4, 6)] == [[4, 3], [2, 1], [0], []]


@pytest.mark.parametrize(("offset", "limit"), [(-1, 10), (0, 0), (0, 101)])
def test_no_page_is_beyond_bounds(audited: Database, offset: int, limit: int) -> None:
    with pytest.raises(ValueError, match="a page has 1 to 100 entries"):
        found(audited, Search(), offset, limit)


def test_everything_has_no_end_before_the_last(database: Database) -> None:
    with database.writing() as connection:
        for _ in range(1201):
            record(connection, NOON, ENTRIES[0])
    with database.reading() as connection:
        assert sum(1 for _ in everything(connection, Search())) == 1201


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET result = 'done'",
        "UPDATE audit SET person_id = 99 WHERE action = 'sign_in'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE action = 'sign_in'",
    ],
)
def test_the_database_refuses_to_change_what_was_written(audited: Database, change: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), audited.writing() as connection:
        connection.execute(text(change))
    assert found(audited, Search()) == [4, 3, 2, 1, 0]


COLUMNS = "(id, at, address, action, object_kind, object_id, result)"
REPLACEMENTS = {
    "sqlite": f"INSERT OR REPLACE INTO audit {COLUMNS} SELECT id, at, '', 'other', '', '', 'done' FROM audit",
    "postgresql": "TRUNCATE audit",
}


def test_nor_is_it_replaced_or_truncated(audited: Database) -> None:
    with pytest.raises(DBAPIError, match="append-only"), audited.writing() as connection:
        connection.execute(text(REPLACEMENTS[audited.engine.dialect.name]))
    assert found(audited, Search()) == [4, 3, 2, 1, 0]


def test_an_entry_falls_with_its_transaction(database: Database) -> None:
    with suppress(ZeroDivisionError), database.writing() as connection:
        record(connection, NOON, ENTRIES[0])
        raise ZeroDivisionError
    assert found(database, Search()) == []


@pytest.mark.parametrize("name", ["address", "action", "object_kind", "object_id"])
def test_what_would_not_fit_is_refused_alike_on_every_database(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(ENTRIES[0], **{name: "x" * 201})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Search(), "ix_audit_at"),
        (Search(since=NOON, until=NOON), "ix_audit_at"),
        (Search(person_id=1, since=NOON), "ix_audit_person_id_at"),
        (Search(agency_id=1, since=NOON), "ix_audit_agency_id_at"),
        (Search(object_kind="invoice", object_id="33"), "ix_audit_object_kind_object_id_at"),
    ],
)
def test_searches_go_through_an_index(audited: Database, wanted: Search, index: str) -> None:
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, values: Any, *_more: object) -> None:
        cursor = connection.connection.cursor()
        cursor.execute(("EXPLAIN QUERY PLAN " if audited.is_sqlite else "EXPLAIN ") + statement, values)
        plans.extend(map(str, cursor.fetchall()))

    with audited.reading() as connection:
        if not audited.is_sqlite:  # with so few rows it would rather read all of them
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        event.listen(connection, "before_cursor_execute", explain)
        search(connection, wanted)
    assert any(index in plan for plan in plans), plans
