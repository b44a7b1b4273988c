"""Accounts of the staff stay when they learn what the provider calls them, and go back to what they were."""

from __future__ import annotations

from sqlalchemy import inspect, text

from bot.database import Database
from bot.desk.staff import everybody, member_by_subject
from tests.contacts.test_migration import go

NAMES = "id, login, name, role, team, last_step, created_at"
ROW = "1, 'laura', 'Laura Gil', 'agent', '', 0, '2026-01-01 00:00:00'"


def test_accounts_that_are_stored_stay(database: Database) -> None:
    with database.writing() as connection:
        go(connection, "0015", back=True)
        assert "subject" not in {column["name"] for column in inspect(connection).get_columns("staff")}
        connection.execute(text(f"INSERT INTO staff ({NAMES}) VALUES ({ROW})"))
    with database.writing() as connection:
        go(connection, "head")
        assert [member.login for member in everybody(connection)] == ["laura"]
        assert member_by_subject(connection, "") is None
