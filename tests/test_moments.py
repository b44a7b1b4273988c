"""Times come out of the database as they went in, whatever zone the session of PostgreSQL has."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import literal, select
from sqlalchemy.exc import StatementError

from bot.database import Database, Moment

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Madrid", "Atlantic/Canary"])
def test_a_time_is_read_in_utc(database: Database, zone: str) -> None:
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SET LOCAL TIME ZONE '{zone}'")
        read = connection.execute(select(literal(NOON.astimezone(ZoneInfo(zone)), Moment()))).scalar_one()
    assert read == NOON
    assert read.tzinfo is UTC


def test_a_time_without_a_zone_is_not_stored(database: Database) -> None:
    with database.writing() as connection, pytest.raises(StatementError, match="without a zone"):
        connection.execute(select(literal(datetime(2026, 7, 1, 12, 0), Moment())))  # noqa: DTZ001
