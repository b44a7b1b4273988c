"""Which chats are a person's, and that one which is taken away is cut off at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.accounts.service import agencies_of
from bot.audit.model import Entry
from bot.database import Database
from bot.identity.admission import let_in_chat
from bot.identity.confirmations import Confirmation, Confirmed
from bot.identity.devices import LINKED_FOR, device_named, devices_of, end_devices
from bot.identity.sessions import (
    end_session,
    end_sessions_of_person,
    last_chats_of,
    last_person_at,
    open_session,
    session_of,
    was_closed_elsewhere,
)
from bot.notices.model import is_brought
from tests.identity.house import AREA, BEATRIZ, CHAT, NOW, PAULA, House, hash_cheaply

PHONE, TABLET = "telegram:7", "telegram:8"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1"
EDGE = f"{CHROME} Edg/131.0.0.0"
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    hash_cheaply(monkeypatch)
    return House(database)


def sign_in(house: House, address: str, person: int = BEATRIZ, at: datetime = NOW) -> None:
    with house.database.writing() as connection:
        open_session(connection, address, person, None, at, "Chrome · Windows")


def listed(house: House, at: datetime = NOW, person: int = BEATRIZ) -> list[tuple[str, bool]]:
    with house.database.reading() as connection:
        return [(each.session.address, each.is_open) for each in devices_of(connection, person, at, is_brought)]


def end(house: House, *addresses: str, at: datetime = NOW) -> int:
    with house.database.writing() as connection:
        found = devices_of(connection, BEATRIZ, at, is_brought)
        return end_devices(connection, [each for each in found if each.session.address in addresses], at)


def test_open_sessions_and_chats_that_bring_notices_are_listed_the_last_used_first(house: House) -> None:
    sign_in(house, PHONE, at=NOW - timedelta(hours=1))
    sign_in(house, "web:old", at=NOW - timedelta(hours=1))
    sign_in(house, TABLET, PAULA)
    sign_in(house, CHAT)
    assert listed(house) == [(CHAT, True), (PHONE, False)]
    assert listed(house, NOW + LINKED_FOR) == []


def test_a_chat_that_somebody_else_has_now_is_not_listed(house: House) -> None:
    sign_in(house, PHONE)
    sign_in(house, PHONE, PAULA)
    assert listed(house) == []
    assert listed(house, person=PAULA) == [(PHONE, True)]


@pytest.mark.parametrize("after", [timedelta(), timedelta(hours=1)])
def test_what_is_taken_away_is_signed_out_gets_no_notices_and_is_in_the_audit(house: House, after: timedelta) -> None:
    sign_in(house, PHONE)
    later = NOW + after
    assert end(house, PHONE, at=later) == 1
    assert end(house, PHONE, at=later) == 0
    with house.database.writing() as connection:
        assert session_of(connection, PHONE, later) is None
        assert last_chats_of(connection, BEATRIZ, later - LINKED_FOR) == []
        assert last_person_at(connection, PHONE, later - LINKED_FOR) is None
        assert was_closed_elsewhere(connection, PHONE)
    assert house.entries() == [Entry("sign_out_elsewhere", address=PHONE, person_id=BEATRIZ)]


def test_signing_out_in_the_chat_itself_needs_no_word_about_it_later_and_ends_its_notices(house: House) -> None:
    sign_in(house, PHONE)
    with house.database.writing() as connection:
        assert end_session(connection, PHONE, NOW)
        assert not was_closed_elsewhere(connection, PHONE)
    assert listed(house) == []


def test_a_new_password_cuts_off_chats_whose_session_had_run_out_too(house: House) -> None:
    sign_in(house, PHONE, at=NOW - timedelta(hours=1))
    sign_in(house, TABLET, PAULA)
    with house.database.writing() as connection:
        assert end_sessions_of_person(connection, BEATRIZ, NOW) == 0
        assert was_closed_elsewhere(connection, PHONE)
        assert not was_closed_elsewhere(connection, TABLET)
    assert listed(house) == []


def test_signing_in_again_makes_it_theirs_again(house: House) -> None:
    sign_in(house, PHONE)
    end(house, PHONE)
    sign_in(house, PHONE, at=NOW + timedelta(minutes=1))
    assert listed(house, NOW + timedelta(minutes=1)) == [(PHONE, True)]
    with house.database.reading() as connection:
        assert not was_closed_elsewhere(connection, PHONE)


def confirm(house: House, at: datetime, person: int = BEATRIZ) -> None:
    with house.database.writing() as connection:
        confirmed = Confirmed(Confirmation.RIGHT, person, "b", "Firefox · Android")
        let_in_chat(connection, AREA, PHONE, confirmed, at, agencies_of)


def test_a_chat_that_becomes_theirs_is_told_by_mail_once(house: House) -> None:
    confirm(house, NOW)
    confirm(house, NOW + timedelta(days=1))
    (mail,) = house.mails()
    assert (mail.recipient, mail.template) == (f"{BEATRIZ}@people.example", "chat_linked")
    assert (mail.details["channel"], mail.details["device"]) == ("telegram", "Firefox · Android")
    assert mail.details["link"].endswith("/seguridad")
    end(house, PHONE, at=NOW + timedelta(days=1))
    confirm(house, NOW + timedelta(days=2))
    confirm(house, NOW + timedelta(days=2), PAULA)
    assert [mail.recipient for mail in house.mails()[1:]] == [f"{each}@people.example" for each in (BEATRIZ, PAULA)]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome · Windows"),
        (SAFARI, "Safari · iPhone"),
        (EDGE, "Edge · Windows"),
        (FIREFOX, "Firefox · Android"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("Chromecast", ""),
    ],
)
def test_a_browser_is_named_in_two_words(agent: str, name: str) -> None:
    assert device_named(agent) == name
