"""What is stored of procedures stays when they learn to keep data, and goes back to what it was."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from bot.database import Database
from bot.procedures.store import data_of, steps_of
from tests.contacts.test_migration import go

MOMENT = "'2026-01-01 00:00:00'"


def old_procedure(connection: Connection) -> None:
    names = "id, tracking_key, kind, state, address, opened_at, deadline_on"
    values = f"1, 'V7K3-9MCD-TCR9', 'question', 'opened', 'web:a', {MOMENT}, '2026-01-20'"
    connection.execute(text(f"INSERT INTO procedure ({names}) VALUES ({values})"))
    step = f"1, {MOMENT}, 'opened', 'person', '', ''"
    connection.execute(text(f'INSERT INTO procedure_step (procedure_id, at, state, "by", code, note) VALUES ({step})'))


def test_procedures_that_are_stored_stay(database: Database) -> None:
    with database.writing() as connection:
        go(connection, "0009", back=True)
        assert not inspect(connection).has_table("procedure_datum")
        old_procedure(connection)
    with database.writing() as connection:
        go(connection, "head")
        assert len(steps_of(connection, 1)) == 1
        assert data_of(connection, 1) == {}
