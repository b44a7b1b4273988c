"""Who is signed in where, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from bot.audit.model import Entry
from bot.database import Database
from bot.identity.sessions import (
    Session,
    browser_of,
    choose_agency,
    end_session,
    end_sessions_of_person,
    open_session,
    session_by_id,
    session_in_browser,
    session_of,
    session_table,
    sessions_of_person,
)
from tests.identity.house import BEATRIZ, CHAT, FIRST_AGENCY, NOW, OTHER_CHAT, PAULA, House, hash_cheaply

SECOND = timedelta(seconds=1)


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    hash_cheaply(monkeypatch)
    return House(database)


def opened(house: House, address: str = CHAT, person: int = BEATRIZ, browser: str | None = "b" * 64) -> Session:
    with house.database.writing() as connection:
        return open_session(connection, address, person, browser, house.clock.now)


def found(house: House, address: str = CHAT) -> Session | None:
    with house.database.writing() as connection:
        return session_of(connection, address, house.clock.now)


def test_a_session_belongs_to_its_address(house: House) -> None:
    session = opened(house)
    assert found(house) == session == Session(session.id, CHAT, BEATRIZ, None, NOW, NOW)
    assert found(house, OTHER_CHAT) is None


@pytest.mark.parametrize(("idle", "is_live"), [(timedelta(minutes=15) - SECOND, True), (timedelta(minutes=15), False)])
def test_after_15_minutes_without_a_word_it_is_over(house: House, idle: timedelta, is_live: bool) -> None:
    opened(house)
    house.clock.now += idle
    assert (found(house) is not None) is is_live


@pytest.mark.parametrize(("more", "is_live"), [(timedelta(minutes=10) - SECOND, True), (timedelta(minutes=10), False)])
def test_after_8_hours_it_is_over_however_busy(house: House, more: timedelta, is_live: bool) -> None:
    opened(house)
    for _ in range(47):
        house.clock.go(minutes=10)
        assert found(house) is not None
    house.clock.now += more
    assert (found(house) is not None) is is_live


def test_it_counts_as_seen_when_half_a_minute_has_passed(house: House) -> None:
    opened(house)
    house.clock.go(seconds=30)
    assert found(house).seen_at == NOW
    house.clock.go(seconds=1)
    assert found(house).seen_at == house.clock.now
    with house.database.reading() as connection:
        assert connection.execute(select(session_table.c.seen_at)).scalar_one() == house.clock.now


def test_one_that_is_over_is_marked_with_the_moment_it_ended(house: House) -> None:
    opened(house)
    house.clock.go(hours=3)
    assert found(house) is None
    with house.database.reading() as connection:
        assert connection.execute(select(session_table.c.ended_at)).scalar_one() == NOW + timedelta(minutes=15)


def test_an_address_has_one_live_session(house: House) -> None:
    former, session = opened(house), opened(house, person=PAULA)
    assert found(house) == session
    with house.database.reading() as connection:
        assert session_by_id(connection, former.id, NOW) is None


def test_the_database_itself_refuses_a_second_live_session(house: House) -> None:
    opened(house)
    row = {"address": CHAT, "person_id": PAULA, "signed_in_at": NOW, "seen_at": NOW}
    with pytest.raises(IntegrityError), house.database.writing() as connection:
        connection.execute(insert(session_table), row)


def test_by_its_id_only_a_live_one_is_found_and_not_touched(house: House) -> None:
    session = opened(house)
    house.clock.go(minutes=14)
    with house.database.reading() as connection:
        assert session_by_id(connection, session.id, house.clock.now) == session
        assert session_by_id(connection, session.id + 1, house.clock.now) is None
        assert session_by_id(connection, session.id, NOW + timedelta(minutes=15)) is None


def test_in_another_browser_it_is_not_there(house: House) -> None:
    session, without = opened(house), opened(house, OTHER_CHAT, browser=None)
    with house.database.reading() as connection:
        assert browser_of(connection, session.id) == "b" * 64
        assert session_in_browser(connection, session.id, "b" * 64, NOW) == session
        assert session_in_browser(connection, session.id, "c" * 64, NOW) is None
        assert session_in_browser(connection, session.id, "b" * 64, NOW + timedelta(minutes=15)) is None
        assert session_in_browser(connection, without.id, "", NOW) is None


def test_the_agency_that_was_chosen_stays_chosen(house: House) -> None:
    session = opened(house)
    with house.database.writing() as connection:
        assert choose_agency(connection, session, FIRST_AGENCY).agency_id == FIRST_AGENCY
    assert found(house).agency_id == FIRST_AGENCY


def test_signing_out_ends_it_once_and_is_in_the_audit(house: House) -> None:
    session = opened(house)
    with house.database.writing() as connection:
        choose_agency(connection, session, FIRST_AGENCY)
        assert end_session(connection, CHAT, NOW)
        assert not end_session(connection, CHAT, NOW)
        assert not end_session(connection, OTHER_CHAT, NOW)
    assert found(house) is None
    assert house.entries() == [Entry("sign_out", address=CHAT, person_id=BEATRIZ, agency_id=FIRST_AGENCY)]


def test_nobody_signs_out_of_a_session_that_is_over(house: House) -> None:
    opened(house)
    with house.database.writing() as connection:
        assert not end_session(connection, CHAT, NOW + timedelta(minutes=15))
    assert house.entries() == []


def test_all_sessions_of_a_person_are_found_and_ended(house: House) -> None:
    first, second = opened(house), opened(house, OTHER_CHAT)
    others = opened(house, "web:three", PAULA)
    with house.database.writing() as connection:
        assert sessions_of_person(connection, BEATRIZ, NOW) == [first, second]
        assert sessions_of_person(connection, BEATRIZ, NOW + timedelta(minutes=15)) == []
        assert end_sessions_of_person(connection, BEATRIZ, NOW) == 2
        assert sessions_of_person(connection, BEATRIZ, NOW) == []
    assert found(house, "web:three") == others
