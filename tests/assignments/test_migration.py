"""The tables are those that the queries know; what is stored goes on, also back and forth."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Index, inspect, text

from bot.assignments.store import request_table, withdrawal_table
from bot.contacts.requests import request_table as rights_table
from bot.database import Database, metadata
from tests.contacts.test_migration import go

OURS = {"access", "assignment", "client", "invitation", request_table.name, withdrawal_table.name, rights_table.name}
BEFORE = "0010"
MOMENT = "'2026-01-01 00:00:00'"


def test_the_tables_are_those_that_the_queries_know(database: Database) -> None:
    def is_ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
        return kind not in ("table", "index") or (name if kind == "table" else table_of(thing)) in OURS

    def table_of(thing: object) -> str | None:
        return thing.table.name if isinstance(thing, Index) and thing.table is not None else None

    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_what_is_stored_goes_on_and_back(database: Database) -> None:
    with database.writing() as connection:
        go(connection, BEFORE, back=True)
        names = "id, identifier_kind, identifier, first_name, surnames, email, created_at"
        for number in (1, 2):
            values = f"{number}, 'nif', 'X{number}', 'A', 'B', 'a@b.es', {MOMENT}"
            connection.execute(text(f"INSERT INTO person ({names}) VALUES ({values})"))
        connection.execute(
            text("INSERT INTO agency (id, name, registered_with, identifier) VALUES (1, 'A', 'cif', 'B')")
        )
        for number in (1, 2):
            values = f"{number}, 'cif', 'H{number}', 'Finca', '', 'finca'"
            columns = "id, identifier_kind, identifier, name, address, search_text"
            connection.execute(text(f"INSERT INTO client ({columns}) VALUES ({values})"))
            ends = "NULL" if number == 1 else MOMENT
            connection.execute(text(f"INSERT INTO assignment VALUES (1, {number}, {MOMENT}, {ends})"))
        rights = "person_id, agency_id, role, valid_from"
        connection.execute(text(f"INSERT INTO access ({rights}) VALUES (1, 1, 'full', {MOMENT})"))
        connection.execute(text("INSERT INTO access_client VALUES (1, 1)"))
        go(connection, "head")
        ends_of = "SELECT client_id, valid_until IS NULL FROM assignment ORDER BY client_id"
        assert [tuple(map(int, row)) for row in connection.execute(text(ends_of))] == [(1, 1), (2, 0)]
        again = "INSERT INTO assignment (agency_id, client_id, valid_from) VALUES (1, 2, '2026-02-01 00:00:00')"
        connection.execute(text(again))
        hanging = f"INSERT INTO access ({rights}, manager_id) VALUES (2, 1, 'full', {MOMENT}, 1)"
        connection.execute(text(hanging))
    with database.writing() as connection:
        go(connection, BEFORE, back=True)
        assert [tuple(map(int, row)) for row in connection.execute(text(ends_of))] == [(1, 1), (2, 1)]
        assert "manager_id" not in {column["name"] for column in inspect(connection).get_columns("access")}
        ended = connection.execute(text("SELECT valid_until = valid_from FROM access WHERE person_id = 2")).scalar_one()
        assert ended, "a right that hung from a manager has nobody to end it"
        assert connection.execute(text("SELECT count(*) FROM access_client")).scalar_one() == 1
    with database.writing() as connection:
        go(connection, "head")
