"""Signing in with identifier and password: every answer there is, and who is let in at the end."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from bot.audit.model import Entry, Result
from bot.database import Database
from bot.identity import passwords, signed
from bot.identity.attempts import attempt_table
from bot.identity.links import sign_in_link_table
from bot.identity.sessions import Session, browser_of, open_session, session_of, session_table
from bot.identity.sign_in import Entered, Gone, LinkGone, Problem, SignInLink
from tests.equal_time import statements
from tests.identity.house import (
    AREA,
    BEATRIZ,
    CHAT,
    FIRST_AGENCY,
    HOME,
    MARCOS,
    NEW,
    NIF,
    NOBODY,
    NOW,
    OFFICE,
    OTHER_CHAT,
    PASSWORD,
    PAULA,
    House,
    at_once,
    hash_cheaply,
)

LOCKED, WRONG_PAIR, LINK_GONE = Problem.LOCKED, Problem.WRONG_PAIR, Problem.LINK_GONE


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    hash_cheaply(monkeypatch)
    return House(database)


def session_at(house: House, address: str = CHAT) -> Session | None:
    with house.database.writing() as connection:
        return session_of(connection, address, house.clock.now)


def problems(entered: list[Entered]) -> list[Problem | None]:
    return [one.problem for one in entered]


def why_gone(house: House, token: str) -> Gone:
    with pytest.raises(LinkGone) as gone:
        house.sign_in.look(token)
    return gone.value.why


# Being let in


def test_the_right_pair_opens_a_session_in_the_links_conversation(house: House) -> None:
    entered = house.enter(house.link())
    assert (entered.problem, entered.address) == (None, CHAT)
    session = session_at(house)
    assert session is not None
    assert (session.person_id, session.agency_id, session.signed_in_at) == (BEATRIZ, FIRST_AGENCY, NOW)
    assert session_at(house, OTHER_CHAT) is None


def test_it_is_announced_and_in_the_audit(house: House) -> None:
    house.enter(house.link())
    assert house.announced == [(CHAT, "/signed_in")]
    assert house.entries() == [Entry("sign_in", Result.DONE, CHAT, BEATRIZ, FIRST_AGENCY)]


@pytest.mark.parametrize("person", [PAULA, MARCOS])
def test_the_agency_is_open_with_several_and_with_none(house: House, person: int) -> None:
    assert house.enter(house.link(), NIF[person]).problem is None
    session = session_at(house)
    assert session is not None
    assert (session.person_id, session.agency_id) == (person, None)


def test_a_right_that_ended_gives_no_agency(house: House) -> None:
    house.clock.go(days=-10)  # before the rights begin
    house.enter(house.link())
    session = session_at(house)
    assert session is not None
    assert session.agency_id is None


def test_the_session_is_bound_to_the_browser(house: House) -> None:
    entered = house.enter(house.link())
    session = session_at(house)
    assert session is not None
    with house.database.reading() as connection:
        assert browser_of(connection, session.id) == AREA.digest("browser", entered.browser)


def test_a_browser_keeps_its_value_unless_it_is_none_of_ours(house: House) -> None:
    first = house.enter(house.link()).browser
    assert house.enter(house.link(), browser=first).browser == first
    for foreign in ("planted", first + "x", "\ud800", "", house.enter(house.link()).device):
        assert house.enter(house.link(), browser=foreign).browser not in (foreign, first)


def test_signing_in_again_replaces_the_session(house: House) -> None:
    house.enter(house.link())
    house.enter(house.link(), NIF[PAULA])
    session = session_at(house)
    assert session is not None
    assert session.person_id == PAULA


def test_a_weaker_hash_is_renewed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    assert house.enter(house.link()).problem is None
    with house.database.reading() as connection:
        stored = passwords.password_hash_of(connection, BEATRIZ)
    assert stored is not None
    assert not passwords.is_outdated(stored)
    assert house.enter(house.link()).problem is None


def test_somebody_is_warned_of_a_new_device_and_not_of_a_known_one(house: House) -> None:
    device = house.enter(house.link()).device
    house.enter(house.link(), device=device)
    (mail,) = house.mails()
    assert (mail.recipient, mail.template) == (f"{BEATRIZ}@people.example", "sign_in_notice")
    house.enter(house.link(), NIF[PAULA], device=device)
    assert [mail.recipient for mail in house.mails()][1:] == [f"{PAULA}@people.example"]


# Fields


@pytest.mark.parametrize(
    ("identifier", "password", "problem"),
    [
        ("", PASSWORD, Problem.EMPTY_IDENTIFIER),
        ("  ", "", Problem.EMPTY_IDENTIFIER),
        ("12345678Z", "", Problem.EMPTY_PASSWORD),
        ("12345678A", PASSWORD, Problem.WRONG_FORMAT),
        ("12345678", "", Problem.WRONG_FORMAT),
        ("B12345674", PASSWORD, Problem.WRONG_FORMAT),
        ("beatriz@people.example", PASSWORD, Problem.WRONG_FORMAT),
        ("12345678Z", PASSWORD + " ", Problem.WRONG_PAIR),
        ("12345678Z", PASSWORD.upper(), Problem.WRONG_PAIR),
        ("12345678Z", "\ud800", Problem.WRONG_PAIR),
        pytest.param(NIF[PAULA], "x" * 10_000, Problem.WRONG_PAIR, id="endless"),
        (NIF[NEW], PASSWORD, Problem.WRONG_PAIR),
        (NOBODY, PASSWORD, Problem.WRONG_PAIR),
    ],
)
def test_what_is_wrong_is_said(house: House, identifier: str, password: str, problem: Problem) -> None:
    assert house.enter(house.link(), identifier, password) == Entered(problem)
    assert session_at(house) is None
    assert house.announced == []


@pytest.mark.parametrize("typed", ["12.345.678-z", " 12345678z "])
def test_dots_and_dashes_do_not_matter(house: House, typed: str) -> None:
    assert house.enter(house.link(), typed).problem is None


def test_a_slip_leaves_the_link_good(house: House) -> None:
    token = house.link()
    house.enter(token, password="wrong-password")
    house.enter(token, "12345678A")
    assert house.enter(token).problem is None


def test_fields_that_cannot_be_tried_are_not_counted(house: House) -> None:
    token = house.link()
    for identifier, password in (("", ""), ("12345678A", PASSWORD), ("12345678Z", "")):
        house.enter(token, identifier, password)
    with house.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(attempt_table)).scalar_one() == 0
    assert house.entries() == []


def test_wrong_pairs_are_in_the_audit_with_whom_they_were_tried_for(house: House) -> None:
    token = house.link()
    house.enter(token, password="wrong-password")
    house.enter(token, NOBODY)
    failed = [Entry("sign_in", Result.FAILED, CHAT, person) for person in (BEATRIZ, None)]
    assert house.entries() == failed


# The link


def test_a_link_says_for_whom_and_until_when(house: House) -> None:
    link = house.sign_in.look(house.link())
    assert (link.address, link.created_at, (link.expires_at - NOW).seconds) == (CHAT, NOW, 600)
    assert isinstance(link, SignInLink)


def test_a_link_holds_128_random_bits_of_which_a_digest_is_stored(house: House) -> None:
    token = house.link()
    assert len(token) == 22
    with house.database.reading() as connection:
        stored = connection.execute(select(sign_in_link_table.c.token_digest)).scalar_one()
    assert token not in stored
    assert stored == AREA.digest("sign_in_link", token)


def test_a_used_link_is_used(house: House) -> None:
    token = house.link()
    house.enter(token)
    assert why_gone(house, token) is Gone.USED
    assert house.enter(token) == Entered(LINK_GONE)


@pytest.mark.parametrize(("seconds", "is_good"), [(599, True), (600, False)])
def test_a_link_is_good_for_ten_minutes(house: House, seconds: int, is_good: bool) -> None:
    token = house.link()
    house.clock.go(seconds=seconds)
    assert house.enter(token).problem is (None if is_good else LINK_GONE)
    if not is_good:
        assert why_gone(house, token) is Gone.EXPIRED


@pytest.mark.parametrize("token", ["", "x", "x" * 22, "ñ", "\ud800", "' OR 1=1 --"])
def test_an_invented_link_is_unknown(house: House, token: str) -> None:
    assert why_gone(house, token) is Gone.UNKNOWN
    assert house.enter(token) == Entered(LINK_GONE)
    assert house.sign_in.enter_as(token, NIF[BEATRIZ], None) == Entered(LINK_GONE)


def test_a_new_link_replaces_those_of_its_conversation_only(house: House) -> None:
    former, other, token = house.link(), house.link(OTHER_CHAT), house.link()
    assert why_gone(house, former) is Gone.EXPIRED
    assert house.sign_in.look(other).address == OTHER_CHAT
    assert house.sign_in.look(token).address == CHAT


def test_the_address_of_the_page_is_ours(house: House) -> None:
    assert AREA.url(f"/entrar/{house.link()}").startswith("https://area.example/entrar/")


def test_of_two_tabs_at_once_one_gets_in(house: House) -> None:
    token = house.link()
    entered = at_once(lambda: house.enter(token), 4)
    assert sorted(str(problem) for problem in problems(entered)) == ["None"] + ["link_gone"] * 3
    assert house.announced.count((CHAT, "/signed_in")) >= 1
    with house.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(session_table)).scalar_one() == 1
    assert [entry.result for entry in house.entries()] == [Result.DONE]


def test_nothing_is_kept_when_the_conversation_cannot_be_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token = house.link()

    def broken(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(House, "_announce", broken)
        house.sign_in = type(house.sign_in)(house.database, AREA, house.clock, house._announce, lambda *_: [])
        with pytest.raises(ConnectionError):
            house.enter(token)
    assert session_at(house) is None
    assert house.sign_in.look(token)


# Lock-outs


@pytest.mark.parametrize("identifier", [NIF[BEATRIZ], NOBODY, NIF[NEW]])
def test_after_five_wrong_pairs_the_identifier_is_closed_here(house: House, identifier: str) -> None:
    assert problems(house.fail(5, identifier)) == [WRONG_PAIR] * 5
    house.clock.go(minutes=5)
    entered = house.enter(house.link(), identifier)
    assert (entered.problem, entered.wait_seconds) == (LOCKED, 600)


def test_it_opens_when_the_oldest_is_a_quarter_of_an_hour_old(house: House) -> None:
    house.fail(5)
    house.clock.go(minutes=14, seconds=59)
    assert house.enter(house.link()).wait_seconds == 1
    house.clock.go(seconds=1)
    assert house.enter(house.link()).problem is None


def test_elsewhere_the_person_gets_in(house: House) -> None:
    house.fail(5)
    assert house.enter(house.link(), remote=OFFICE).problem is None
    assert house.enter(house.link(), NIF[PAULA]).problem is None


def test_a_closed_way_does_not_look_at_the_password(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.fail(5)
    monkeypatch.setattr(passwords, "is_right", None)
    assert house.enter(house.link()).problem is LOCKED


def test_closed_tries_do_not_lengthen_the_wait(house: House) -> None:
    house.fail(5)
    house.clock.go(minutes=10)
    assert problems(house.fail(10)) == [LOCKED] * 10
    house.clock.go(minutes=5)
    assert house.enter(house.link()).problem is None


def test_thirty_wrong_pairs_close_the_network_address(house: House) -> None:
    for number in range(30):
        assert house.fail(1, f"AAA{number:06}")[0].problem is WRONG_PAIR
    assert house.enter(house.link(), NIF[PAULA]).problem is LOCKED
    assert house.enter(house.link(), NIF[PAULA], remote=OFFICE).problem is None


def test_a_household_cannot_change_its_address_to_go_on(house: House) -> None:
    token = house.link()
    for number in range(5):
        house.enter(token, password="wrong-password", remote=f"2001:db8::{number}")
    assert house.enter(token, remote="2001:db8::99").problem is LOCKED
    assert house.enter(token, remote="2001:db8:0:1::99").problem is None


def test_without_a_network_address_there_is_a_limit_too(house: House) -> None:
    token = house.link()
    for _ in range(5):
        house.enter(token, password="wrong-password", remote=None)
    assert house.enter(token, remote=None).problem is LOCKED


@pytest.mark.parametrize("identifier", [NIF[BEATRIZ], NOBODY])
def test_twenty_wrong_pairs_from_anywhere_make_everybody_wait_a_minute(house: House, identifier: str) -> None:
    for number in range(20):
        house.fail(1, identifier, f"192.0.2.{number}")
    entered = house.enter(house.link(), identifier, remote=OFFICE)
    assert (entered.problem, entered.wait_seconds) == (LOCKED, 60)
    house.clock.go(seconds=59)
    assert house.enter(house.link(), identifier, remote=OFFICE).wait_seconds == 1
    house.clock.go(seconds=1)
    expected = None if identifier == NIF[BEATRIZ] else WRONG_PAIR
    assert house.enter(house.link(), identifier, remote=OFFICE).problem is expected


def test_a_known_device_does_not_wait_for_what_others_did(house: House) -> None:
    device = house.enter(house.link(), remote=OFFICE).device
    foreign = house.enter(house.link(), NIF[PAULA], remote=OFFICE).device
    for number in range(20):
        house.fail(1, remote=f"192.0.2.{number}")
    assert house.enter(house.link(), remote=OFFICE, device=foreign).problem is LOCKED
    assert house.enter(house.link(), remote=OFFICE, device="forged").problem is LOCKED
    assert house.enter(house.link(), remote=OFFICE, device=device).problem is None


def test_a_known_device_waits_for_what_its_own_network_did(house: House) -> None:
    device = house.enter(house.link()).device
    house.fail(5)
    assert house.enter(house.link(), device=device).problem is LOCKED


@pytest.mark.parametrize(("days", "is_known"), [(179, True), (180, False)])
def test_a_device_is_known_for_180_days(house: House, days: int, is_known: bool) -> None:
    device = house.enter(house.link()).device
    assert signed.is_device_of(AREA, device, BEATRIZ, house.clock.go(days=days)) is is_known


def test_a_device_counts_for_its_own_person(house: House) -> None:
    device = house.enter(house.link()).device
    assert not signed.is_device_of(AREA, device, PAULA, NOW)
    assert not signed.is_device_of(AREA, device, None, NOW)
    assert not signed.is_device_of(AREA, house.enter(house.link()).browser, BEATRIZ, NOW)


def test_a_success_clears_the_count_of_this_identifier_here(house: House) -> None:
    house.fail(4)
    assert house.enter(house.link()).problem is None
    assert problems(house.fail(5)) == [WRONG_PAIR] * 5
    assert house.enter(house.link()).problem is LOCKED


def test_a_success_clears_no_other_count(house: House) -> None:
    for number in range(29):
        house.fail(1, f"AAA{number:06}")
    assert house.enter(house.link()).problem is None
    house.fail(1, NOBODY)
    assert house.enter(house.link()).problem is LOCKED


def test_tries_that_were_right_are_not_counted(house: House) -> None:
    assert problems([house.enter(house.link()) for _ in range(31)]) == [None] * 31


def test_guesses_at_the_same_moment_are_not_more_guesses(house: House) -> None:
    token = house.link()
    entered = at_once(lambda: house.enter(token, password="wrong-password"), 10)
    assert sorted(str(problem) for problem in problems(entered)) == ["locked"] * 5 + ["wrong_pair"] * 5


def test_a_flood_of_closed_tries_leaves_one_line_a_minute_in_the_audit(house: House) -> None:
    house.fail(5)
    house.fail(20)
    house.clock.go(minutes=1)
    house.fail(20)
    refused = [entry for entry in house.entries() if entry.result is Result.REFUSED]
    assert refused == [Entry("sign_in", Result.REFUSED, "web:guessing", BEATRIZ)] * 2


# Nobody can be told from somebody


def statements_of(database: Database, run: Callable[[], object]) -> list[str]:
    with statements(database.engine) as seen:
        run()
    return [statement.replace("IS NULL", "= ?") for statement in seen]


def test_for_nobody_as_much_is_read_and_written(house: House) -> None:
    token = house.link()
    known = statements_of(house.database, lambda: house.enter(token, password="wrong-password"))
    unknown = statements_of(house.database, lambda: house.enter(token, NOBODY))
    assert len(known) == len(unknown) > 5
    assert [statement.split()[:3] for statement in known] == [statement.split()[:3] for statement in unknown]


def test_for_nobody_it_takes_as_long(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    costly = PasswordHasher(time_cost=2, memory_cost=8192, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", costly)
    with house.database.writing() as connection:
        passwords.set_password(connection, BEATRIZ, costly.hash(PASSWORD), NOW)
    token, times = house.link(), {NIF[BEATRIZ]: [], NOBODY: []}
    for number in range(24):
        house.clock.go(minutes=1)
        token = house.link()
        for identifier in (NIF[BEATRIZ], NOBODY):
            begun = time.perf_counter()
            assert house.enter(token, identifier, "wrong-password", f"192.0.2.{number}").problem is WRONG_PAIR
            times[identifier].append(time.perf_counter() - begun)
    somebody, nobody = (statistics.median(taken) for taken in times.values())
    assert 0.6 < nobody / somebody < 1.6


# With the company's identity provider


def test_a_proved_person_is_let_in_without_a_password(house: House) -> None:
    entered = house.sign_in.enter_as(house.link(), NIF[BEATRIZ], None)
    assert (entered.problem, entered.address) == (None, CHAT)
    assert session_at(house) is not None
    assert house.announced == [(CHAT, "/signed_in")]
    known = house.sign_in.enter_as(house.link(), NIF[BEATRIZ], entered.browser, entered.device)
    assert known.browser == entered.browser
    assert len(house.mails()) == 1


def test_a_proved_person_without_a_password_of_ours_is_let_in(house: House) -> None:
    assert house.sign_in.enter_as(house.link(), NIF[NEW], None).problem is None


def test_a_proved_stranger_is_not_known_and_the_link_stays(house: House) -> None:
    token = house.link()
    assert house.sign_in.enter_as(token, NOBODY, None) == Entered(Problem.NOT_KNOWN)
    assert house.entries() == [Entry("sign_in", Result.REFUSED, CHAT)]
    assert house.sign_in.enter_as(token, "beatriz@people.example", None) == Entered(Problem.WRONG_FORMAT)
    assert house.sign_in.look(token)


def test_a_proved_person_uses_the_link_up(house: House) -> None:
    token = house.link()
    house.sign_in.enter_as(token, NIF[BEATRIZ], None)
    assert house.sign_in.enter_as(token, NIF[BEATRIZ], None) == Entered(LINK_GONE)


# A password that changes in between


def test_a_password_that_changes_while_it_is_verified_lets_nobody_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = passwords.is_right

    def change_meanwhile(password: str, password_hash: str | None) -> bool:
        with house.database.writing() as connection:
            passwords.set_password(connection, BEATRIZ, passwords.hash_password("another one"), NOW)
        return verify(password, password_hash)

    token = house.link()
    monkeypatch.setattr(passwords, "is_right", change_meanwhile)
    assert house.enter(token) == Entered(WRONG_PAIR)
    assert session_at(house) is None
    assert house.sign_in.look(token)


def test_a_former_sessions_place_is_taken_over(house: House) -> None:
    with house.database.writing() as connection:
        former = open_session(connection, CHAT, PAULA, None, NOW)
    house.enter(house.link())
    session = session_at(house)
    assert session is not None
    assert session.id != former.id


def test_where_a_request_came_from_is_stored_nowhere(house: House) -> None:
    house.fail(1, remote=HOME)
    with house.database.reading() as connection:
        rows = [str(tuple(row)) for row in connection.execute(select(attempt_table))]
    assert rows
    assert not any(HOME in row or NIF[BEATRIZ] in row for row in rows)
