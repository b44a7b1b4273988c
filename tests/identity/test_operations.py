"""Operations that wait for a yes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.database import Database
from bot.identity import operations
from bot.identity.operations import Gone, Pending, SignInTooOld, pending_table
from bot.identity.sessions import Session, open_session
from tests.identity.house import BEATRIZ, CHAT, OTHER_CHAT, PAULA, House, at_once, hash_cheaply

DETAILS = {"name": "Íñigo", "ids": [1, 2], "until": None}


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    hash_cheaply(monkeypatch)
    return House(database)


def signed_in(house: House, address: str = CHAT, person: int = BEATRIZ) -> Session:
    with house.database.writing() as connection:
        return open_session(connection, address, person, None, house.clock.now)


def propose(house: House, session: Session, kind: str = "add_contact") -> str:
    with house.database.writing() as connection:
        return operations.propose(connection, session, kind, DETAILS, house.clock.now)


def look(house: House, session: Session, reference: str) -> Pending | None:
    with house.database.reading() as connection:
        return operations.look(connection, session, reference, house.clock.now)


def take(house: House, session: Session, reference: str) -> Pending:
    with house.database.writing() as connection:
        return operations.take(connection, session, reference, house.clock.now)


def open_one(house: House, session: Session) -> Pending | None:
    with house.database.reading() as connection:
        return operations.open_one(connection, session, house.clock.now)


def test_what_was_proposed_is_what_is_taken(house: House) -> None:
    session = signed_in(house)
    reference = propose(house, session)
    now = house.clock.now
    proposed = Pending(reference, "add_contact", DETAILS, now, now + timedelta(minutes=10))
    assert look(house, session, reference) == open_one(house, session) == proposed
    assert take(house, session, reference) == proposed


def test_it_is_taken_once(house: House) -> None:
    session = signed_in(house)
    reference = propose(house, session)
    take(house, session, reference)
    assert look(house, session, reference) is None
    assert open_one(house, session) is None
    with pytest.raises(Gone):
        take(house, session, reference)


def test_two_threads_at_once_take_it_once(house: House) -> None:
    session = signed_in(house)
    reference = propose(house, session)

    def outcome() -> str:
        try:
            return take(house, session, reference).kind
        except Gone:
            return "gone"

    assert sorted(at_once(outcome, 4)) == ["add_contact", "gone", "gone", "gone"]


@pytest.mark.parametrize(
    "stranger",
    [
        lambda house: signed_in(house, OTHER_CHAT),
        lambda house: signed_in(house, CHAT, PAULA),
        lambda house: signed_in(house, OTHER_CHAT, PAULA),
    ],
)
def test_it_is_there_for_no_other_conversation_or_person(house: House, stranger: Callable[[House], Session]) -> None:
    reference = propose(house, signed_in(house))
    other = stranger(house)
    assert look(house, other, reference) is None
    assert open_one(house, other) is None
    with pytest.raises(Gone):
        take(house, other, reference)


def test_an_unknown_reference_is_gone(house: House) -> None:
    with pytest.raises(Gone):
        take(house, signed_in(house), "x" * 43)


@pytest.mark.parametrize("seconds", [599, 600])
def test_it_waits_for_ten_minutes(house: House, seconds: int) -> None:
    session = signed_in(house)
    reference = propose(house, session)
    house.clock.go(seconds=seconds)
    assert (look(house, session, reference) is not None) is (seconds < 600)
    if seconds < 600:
        assert take(house, session, reference)
    else:
        with pytest.raises(Gone):
            take(house, session, reference)


def test_a_new_one_cancels_the_former(house: House) -> None:
    session = signed_in(house)
    former, reference = propose(house, session), propose(house, session, "remove_contact")
    assert open_one(house, session).reference == reference
    with pytest.raises(Gone):
        take(house, session, former)


def test_a_cancelled_one_is_gone(house: House) -> None:
    session = signed_in(house)
    reference = propose(house, session)
    with house.database.writing() as connection:
        assert operations.cancel(connection, session, house.clock.now)
        assert not operations.cancel(connection, session, house.clock.now)
    with pytest.raises(Gone):
        take(house, session, reference)


def test_cancelling_leaves_other_conversations_alone(house: House) -> None:
    session, other = signed_in(house), signed_in(house, OTHER_CHAT)
    reference = propose(house, session)
    propose(house, other)
    with house.database.writing() as connection:
        operations.cancel(connection, other, house.clock.now)
    assert take(house, session, reference)


def test_a_sign_in_of_15_minutes_ago_is_still_fresh(house: House) -> None:
    session = signed_in(house)
    house.clock.go(minutes=15)
    assert take(house, session, propose(house, session))


def test_after_an_old_sign_in_it_waits_for_a_fresh_one(house: House) -> None:
    session = signed_in(house)
    house.clock.go(minutes=15, seconds=1)
    reference = propose(house, session)
    with pytest.raises(SignInTooOld):
        take(house, session, reference)
    again = signed_in(house)
    assert again.id != session.id
    assert open_one(house, again).reference == reference
    assert take(house, again, reference).details == DETAILS


def test_somebody_elses_old_sign_in_learns_nothing(house: House) -> None:
    reference = propose(house, signed_in(house))
    stranger = signed_in(house, OTHER_CHAT, PAULA)
    house.clock.now = stranger.signed_in_at - timedelta(seconds=1)
    old = Session(stranger.id, OTHER_CHAT, PAULA, None, house.clock.now - timedelta(hours=1), house.clock.now)
    with pytest.raises(Gone):
        take(house, old, reference)


def test_how_it_ended_is_kept(house: House) -> None:
    session = signed_in(house)
    propose(house, session)
    take(house, session, propose(house, session))
    with house.database.reading() as connection:
        outcomes = connection.execute(select(pending_table.c.outcome).order_by(pending_table.c.id)).scalars()
        assert list(outcomes) == ["cancelled", "applied"]


def test_what_a_failed_transaction_took_waits_again(house: House) -> None:
    session = signed_in(house)
    reference = propose(house, session)

    def fail() -> None:
        with house.database.writing() as connection:
            operations.take(connection, session, reference, house.clock.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert take(house, session, reference)
