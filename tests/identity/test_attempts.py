"""Counting tries, and how long the next one waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from bot.database import Database
from bot.identity.attempts import (
    CLEANED_EVERY,
    Limit,
    attempt_table,
    count,
    forget,
    network_of,
    note,
    take_back,
    wait_seconds,
)
from tests.identity.house import AREA, NOW

QUARTER = timedelta(minutes=15)
THREE = Limit("door", 3, QUARTER)
THREE_WITH_PAUSE = Limit("door", 3, QUARTER, pause=timedelta(seconds=60))


def note_at(database: Database, *seconds: float, kind: str = "door", key: str = "me") -> list[int]:
    with database.writing() as connection:
        return [note(connection, AREA, kind, key, NOW + timedelta(seconds=second)) for second in seconds]


def wait_at(database: Database, limit: Limit, seconds: float) -> int:
    with database.reading() as connection:
        return wait_seconds(connection, AREA, limit, "me", NOW + timedelta(seconds=seconds))


def test_tries_are_counted_by_kind_key_and_time(database: Database) -> None:
    note_at(database, 0, 10, 20)
    note_at(database, 5, kind="window")
    note_at(database, 5, key="you")
    with database.reading() as connection:
        assert count(connection, AREA, "door", "me", NOW - QUARTER) == 3
        assert count(connection, AREA, "door", "me", NOW) == 2
        assert count(connection, AREA, "window", "me", NOW - QUARTER) == 1


def test_the_next_try_waits_until_the_oldest_leaves_the_window(database: Database) -> None:
    note_at(database, 0, 10)
    assert wait_at(database, THREE, 20) == 0
    note_at(database, 20)
    assert wait_at(database, THREE, 20) == 880
    assert wait_at(database, THREE, 899.5) == 1
    assert wait_at(database, THREE, 900) == 0


def test_more_tries_than_allowed_wait_for_the_one_that_makes_room(database: Database) -> None:
    note_at(database, 0, 10, 20, 30)
    assert wait_at(database, THREE, 30) == 880


def test_a_pause_is_counted_from_the_last_try(database: Database) -> None:
    note_at(database, 0, 10, 20)
    assert wait_at(database, THREE_WITH_PAUSE, 20) == 60
    assert wait_at(database, THREE_WITH_PAUSE, 79) == 1
    assert wait_at(database, THREE_WITH_PAUSE, 80) == 0


def test_tries_can_be_taken_back_and_forgotten(database: Database) -> None:
    first, *_ = note_at(database, 0, 1, 2)
    note_at(database, 0, key="you")
    with database.writing() as connection:
        take_back(connection, [first])
        assert count(connection, AREA, "door", "me", NOW - QUARTER) == 2
        forget(connection, AREA, "door", "me")
        assert count(connection, AREA, "door", "me", NOW - QUARTER) == 0
        assert count(connection, AREA, "door", "you", NOW - QUARTER) == 1


def test_tries_of_more_than_a_day_ago_are_deleted_now_and_then(database: Database) -> None:
    old = {"kind": "door", "key_digest": "0" * 64}
    with database.writing() as connection:
        for age in (timedelta(hours=25), timedelta(hours=23)):
            connection.execute(insert(attempt_table), old | {"made_at": NOW - age})
    note_at(database, *[0] * CLEANED_EVERY)
    with database.reading() as connection:
        oldest = connection.execute(select(func.min(attempt_table.c.made_at))).scalar_one()
    assert oldest == NOW - timedelta(hours=23)


def test_what_was_tried_is_not_stored(database: Database) -> None:
    note_at(database, 0, key="12345678Z")
    with database.reading() as connection:
        (row,) = connection.execute(select(attempt_table))
    assert "12345678" not in str(tuple(row))


@pytest.mark.parametrize(
    ("remote", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("no address", "no address"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_household_is_one_network(remote: str | None, network: str) -> None:
    assert network_of(remote) == network
