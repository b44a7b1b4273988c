"""A sign-in on a phone counts once its code is written in the chat that asked for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.area import Area
from bot.database import Database
from bot.identity.confirmations import LIFETIME, MOST_TRIES, Confirmation, add_code, confirm
from bot.identity.persons import person_table

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
AREA = Area("https://a.es", b"s" * 40)
CHAT, OTHER = "telegram:7", "telegram:8"


@pytest.fixture
def person_id(demo: Database) -> int:
    with demo.reading() as connection:
        return int(connection.execute(select(person_table.c.id).limit(1)).scalar_one())


def test_the_code_counts_once_and_in_its_own_chat(demo: Database, person_id: int) -> None:
    with demo.writing() as connection:
        code = add_code(connection, AREA, CHAT, person_id, "b", NOON)
        assert confirm(connection, AREA, OTHER, code, NOON).outcome is Confirmation.ELSEWHERE
        confirmed = confirm(connection, AREA, CHAT, code, NOON)
        assert (confirmed.outcome, confirmed.person_id, confirmed.browser_digest) == (
            Confirmation.RIGHT,
            person_id,
            "b",
        )
        assert confirm(connection, AREA, CHAT, code, NOON).outcome is Confirmation.NOT_ASKED


def test_a_code_ends_after_ten_minutes_and_when_a_newer_one_is_made(demo: Database, person_id: int) -> None:
    with demo.writing() as connection:
        older = add_code(connection, AREA, CHAT, person_id, None, NOON)
        newer = add_code(connection, AREA, CHAT, person_id, None, NOON)
        if older != newer:
            assert confirm(connection, AREA, CHAT, older, NOON).outcome is Confirmation.WRONG
        late = NOON + LIFETIME + timedelta(seconds=1)
        assert confirm(connection, AREA, CHAT, newer, late).outcome is Confirmation.NOT_ASKED


def test_five_wrong_codes_end_the_right_one(demo: Database, person_id: int) -> None:
    with demo.writing() as connection:
        code = add_code(connection, AREA, CHAT, person_id, None, NOON)
        for number in range(MOST_TRIES):
            wrong = f"{(int(code) + number + 1) % 1_000_000:06}"
            assert confirm(connection, AREA, CHAT, wrong, NOON).outcome is Confirmation.WRONG
        assert confirm(connection, AREA, CHAT, code, NOON).outcome is Confirmation.NOT_ASKED
