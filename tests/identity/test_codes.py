"""Codes that are mailed and typed into the conversation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.database import Database
from bot.identity import codes
from bot.identity.codes import Checked, Outcome
from tests.identity.house import AREA, CHAT, NOW, OTHER_CHAT, at_once

WRONG, NONE = Checked(Outcome.WRONG), Checked(Outcome.NONE)


def make(database: Database, address: str = CHAT, purpose: str = "registration", subject: str = "agency 7") -> str:
    with database.writing() as connection:
        return codes.make(connection, AREA, address, purpose, subject, NOW)


def check(
    database: Database, typed: str, address: str = CHAT, purpose: str = "registration", seconds: float = 0
) -> Checked:
    with database.writing() as connection:
        return codes.check(connection, AREA, address, purpose, typed, NOW + timedelta(seconds=seconds))


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_right_code_tells_its_subject_once(database: Database) -> None:
    code = make(database)
    assert len(code) == 6
    assert code.isdecimal()
    assert check(database, code) == Checked(Outcome.RIGHT, "agency 7")
    assert check(database, code) == NONE


def test_a_code_may_be_typed_with_blanks_and_dashes(database: Database) -> None:
    code = make(database)
    assert check(database, f" {code[:3]}-{code[3:]} ").outcome is Outcome.RIGHT


def test_a_code_is_good_in_its_conversation_for_its_purpose(database: Database) -> None:
    code = make(database)
    assert check(database, code, address=OTHER_CHAT) == NONE
    assert check(database, code, purpose="contact") == NONE
    make(database, address=OTHER_CHAT)
    make(database, purpose="contact")
    assert check(database, code).outcome is Outcome.RIGHT


def test_a_code_of_elsewhere_is_wrong_here(database: Database) -> None:
    here, elsewhere = make(database), make(database, address=OTHER_CHAT)
    if here != elsewhere:
        assert check(database, elsewhere) == WRONG


@pytest.mark.parametrize(("seconds", "outcome"), [(599, Outcome.RIGHT), (600, Outcome.EXPIRED)])
def test_a_code_is_good_for_ten_minutes(database: Database, seconds: int, outcome: Outcome) -> None:
    assert check(database, make(database), seconds=seconds).outcome is outcome


def test_a_new_code_replaces_the_former_one(database: Database) -> None:
    former, code = make(database), make(database, subject="agency 8")
    if former != code:
        assert check(database, former) == WRONG
    assert check(database, code) == Checked(Outcome.RIGHT, "agency 8")


def test_after_five_wrong_ones_the_right_one_is_dead(database: Database) -> None:
    code = make(database)
    assert [check(database, other_than(code)) for _ in range(5)] == [WRONG] * 5
    assert check(database, code) == Checked(Outcome.TOO_MANY)
    assert check(database, make(database)).outcome is Outcome.RIGHT


def test_four_wrong_ones_leave_one_more_try(database: Database) -> None:
    code = make(database)
    for _ in range(4):
        check(database, other_than(code))
    assert check(database, code).outcome is Outcome.RIGHT


@pytest.mark.parametrize(
    "typed", ["", "hola", "\ud800", "12345", "１２３４５６", pytest.param("0" * 5000, id="endless")]
)
def test_anything_else_is_wrong_and_no_error(database: Database, typed: str) -> None:
    make(database)
    assert check(database, typed) == WRONG


def test_of_many_at_once_one_is_right(database: Database) -> None:
    code = make(database)
    outcomes = [checked.outcome for checked in at_once(lambda: check(database, code), 4)]
    assert sorted(outcomes) == [Outcome.NONE] * 3 + [Outcome.RIGHT]


def test_tries_at_the_same_moment_are_not_more_tries(database: Database) -> None:
    code = make(database)
    outcomes = [checked.outcome for checked in at_once(lambda: check(database, other_than(code)), 8)]
    assert sorted(outcomes) == [Outcome.TOO_MANY] * 3 + [Outcome.WRONG] * 5


def test_the_code_itself_is_not_stored(database: Database) -> None:
    code = make(database)
    with database.reading() as connection:
        row = connection.execute(select(codes.code_table.c.code_digest)).scalar_one()
    assert row != AREA.digest("mailed code", code)
    assert code not in (row, row[:6])
