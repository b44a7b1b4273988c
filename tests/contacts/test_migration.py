"""The migration makes what the queries know, also where rights are stored already."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Index, inspect, text

from bot.accounts.store import access_client_table
from bot.contacts.store import invitation_table, undo_link_table
from bot.database import MIGRATIONS, Database, metadata

OURS = {"access", access_client_table.name, invitation_table.name, undo_link_table.name}


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def go(connection: Connection, where: str, *, back: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    (command.downgrade if back else command.upgrade)(config, where)


def test_the_tables_are_those_that_the_queries_know(database: Database) -> None:
    def is_ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
        return kind not in ("table", "index") or (name if kind == "table" else table_of(thing)) in OURS

    def table_of(thing: object) -> str | None:
        return thing.table.name if isinstance(thing, Index) and thing.table is not None else None

    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_rights_that_are_stored_go_on_as_they_are(empty: Database) -> None:
    with empty.writing() as connection:
        go(connection, "0005")
        moment = "'2026-01-01 00:00:00'"
        names = "id, identifier_kind, identifier, first_name, surnames, email, created_at"
        connection.execute(text(f"INSERT INTO person ({names}) VALUES (1, 'nif', 'X', 'A', 'B', 'a@b.es', {moment})"))
        connection.execute(
            text("INSERT INTO agency (id, name, registered_with, identifier) VALUES (1, 'A', 'cif', 'B')")
        )
        for start, end in (("'2025-01-01 00:00:00'", moment), (moment, "NULL")):
            values = f"1, 1, 'full', {start}, {end}"
            connection.execute(
                text(f"INSERT INTO access (person_id, agency_id, role, valid_from, valid_until) VALUES ({values})")
            )
        go(connection, "head")
        stored = connection.execute(text("SELECT given_by, is_limited, may_authorize FROM access ORDER BY id")).all()
    assert [(row[0], bool(row[1]), bool(row[2])) for row in stored] == [(None, False, False)] * 2
    with empty.writing() as connection:
        go(connection, "0005", back=True)
        assert len(connection.execute(text("SELECT role FROM access")).all()) == 2
        assert "is_limited" not in {column["name"] for column in inspect(connection).get_columns("access")}
    with empty.writing() as connection:
        go(connection, "head")
