"""The code of the app after the password, and the recovery codes for the day the telephone is gone."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from bot.area import Area
from bot.audit.model import Entry, Result
from bot.database import Database
from bot.identity import passwords, second_factor
from bot.identity.second_factor import AlreadyOn, SecondFactor, recovery_code_table, second_factor_table
from bot.identity.sessions import Session, session_of
from bot.identity.sign_in import Entered, Problem
from tests.identity.house import (
    AREA,
    BEATRIZ,
    CHAT,
    FIRST_AGENCY,
    HOME,
    NIF,
    NOW,
    OFFICE,
    PASSWORD,
    PAULA,
    House,
    at_once,
    hash_cheaply,
)


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    hash_cheaply(monkeypatch)
    return House(database)


class Telephone:
    """Beatriz's app: the second factor is on, and the half minute of its first code is over."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.factor = SecondFactor(house.database, AREA, house.clock, "Energía")
        self.secret = self.factor.begin(BEATRIZ).secret
        codes = self.factor.confirm(BEATRIZ, self.code())
        assert codes is not None
        self.recovery_codes = codes
        house.clock.go(seconds=60)

    def code(self, seconds: float = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.house.clock.now + timedelta(seconds=seconds))

    def wrong_code(self) -> str:
        near = {self.code(seconds) for seconds in (-60, -30, 0, 30, 60)}
        return next(code for code in ("111111", "222222", "333333", "444444", "555555", "666666") if code not in near)

    def ticket(self) -> str:
        entered = self.house.enter(self.house.link())
        assert entered.problem is Problem.SECOND_FACTOR
        return entered.ticket

    def enter(self, code: str, ticket: str = "", remote: str = HOME) -> Entered:
        return self.house.sign_in.enter_code(ticket or self.ticket(), code, remote, None)


@pytest.fixture
def telephone(house: House) -> Telephone:
    return Telephone(house)


def session_at(house: House) -> Session | None:
    with house.database.writing() as connection:
        return session_of(connection, CHAT, house.clock.now)


# Switching it on and off


def test_it_is_on_once_a_first_code_was_right(house: House) -> None:
    factor = SecondFactor(house.database, AREA, house.clock, "Energía")
    enrolment = factor.begin(BEATRIZ)
    assert not factor.is_on(BEATRIZ)
    assert factor.confirm(BEATRIZ, "000000x") is None
    assert not factor.is_on(BEATRIZ)
    assert house.enter(house.link()).problem is None
    codes = factor.confirm(BEATRIZ, pyotp.TOTP(enrolment.secret).at(house.clock.now))
    assert codes is not None
    assert len(set(codes)) == 8
    assert factor.is_on(BEATRIZ)
    assert not factor.is_on(PAULA)


def test_the_picture_names_company_and_person(house: House) -> None:
    enrolment = SecondFactor(house.database, AREA, house.clock, "Energía").begin(BEATRIZ)
    app = pyotp.parse_uri(enrolment.uri)
    assert (app.secret, app.issuer, app.name) == (enrolment.secret, "Energía", "First1 Last1")
    assert NIF[BEATRIZ] not in enrolment.uri


def test_nothing_is_confirmed_that_was_not_begun(house: House) -> None:
    factor = SecondFactor(house.database, AREA, house.clock, "Energía")
    assert factor.confirm(BEATRIZ, "123456") is None


def test_to_begin_again_replaces_what_was_not_confirmed(house: House) -> None:
    factor = SecondFactor(house.database, AREA, house.clock, "Energía")
    former, enrolment = factor.begin(BEATRIZ), factor.begin(BEATRIZ)
    assert factor.confirm(BEATRIZ, pyotp.TOTP(former.secret).at(NOW)) is None
    assert factor.confirm(BEATRIZ, pyotp.TOTP(enrolment.secret).at(NOW)) is not None


def test_one_that_is_on_cannot_be_replaced(telephone: Telephone) -> None:
    with pytest.raises(AlreadyOn):
        telephone.factor.begin(BEATRIZ)
    assert telephone.factor.confirm(BEATRIZ, telephone.code()) is None
    assert telephone.enter(telephone.code()).problem is None


def test_it_is_removed_with_the_password(telephone: Telephone) -> None:
    assert not telephone.factor.remove(BEATRIZ, "wrong-password")
    assert telephone.factor.is_on(BEATRIZ)
    assert telephone.factor.remove(BEATRIZ, PASSWORD)
    assert not telephone.factor.is_on(BEATRIZ)
    assert telephone.house.enter(telephone.house.link()).problem is None


def test_its_recovery_codes_go_with_it(telephone: Telephone) -> None:
    telephone.factor.remove(BEATRIZ, PASSWORD)
    with telephone.house.database.reading() as connection:
        assert connection.execute(select(recovery_code_table)).all() == []


def test_after_five_wrong_passwords_it_stays_on(telephone: Telephone) -> None:
    for _ in range(5):
        telephone.factor.remove(BEATRIZ, "wrong-password")
    assert not telephone.factor.remove(BEATRIZ, PASSWORD)
    telephone.house.clock.go(minutes=15)
    assert telephone.factor.remove(BEATRIZ, PASSWORD)


def test_guesses_at_the_same_moment_do_not_remove_it(telephone: Telephone, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(passwords, "is_right", lambda password, _hash: bool(tried.append(password)))
    at_once(lambda: telephone.factor.remove(BEATRIZ, "wrong-password"), 8)
    assert len(tried) == 5


def test_all_of_it_is_in_the_audit(telephone: Telephone) -> None:
    telephone.factor.remove(BEATRIZ, "wrong-password")
    telephone.factor.remove(BEATRIZ, PASSWORD)
    assert telephone.house.entries() == [
        Entry("second_factor_on", person_id=BEATRIZ),
        Entry("second_factor_off", Result.FAILED, person_id=BEATRIZ),
        Entry("second_factor_off", person_id=BEATRIZ),
    ]


def test_the_secret_is_sealed_and_the_codes_are_digests(telephone: Telephone) -> None:
    with telephone.house.database.reading() as connection:
        sealed = connection.execute(select(second_factor_table.c.sealed_secret)).scalar_one()
        digests = list(connection.execute(select(recovery_code_table.c.code_digest)).scalars())
    assert telephone.secret not in sealed
    assert not any(code in str(digests) or code.replace("-", "") in str(digests) for code in telephone.recovery_codes)


# The second step


def test_the_password_alone_opens_nothing(telephone: Telephone) -> None:
    house = telephone.house
    token = house.link()
    entered = house.enter(token)
    assert (entered.problem, entered.browser, entered.device, entered.address) == (Problem.SECOND_FACTOR, "", "", "")
    assert session_at(house) is None
    assert house.announced == []
    assert house.sign_in.look(token)


def test_a_wrong_password_is_not_told_from_one_without_second_step(telephone: Telephone) -> None:
    assert telephone.house.enter(telephone.house.link(), password="wrong-password") == Entered(Problem.WRONG_PAIR)


def test_the_code_opens_the_session(telephone: Telephone) -> None:
    entered = telephone.enter(telephone.code())
    assert (entered.problem, entered.address) == (None, CHAT)
    assert session_at(telephone.house) is not None
    assert telephone.house.entries()[-1] == Entry("sign_in", Result.DONE, CHAT, BEATRIZ, FIRST_AGENCY)


@pytest.mark.parametrize(("seconds", "is_right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(telephone: Telephone, seconds: int, is_right: bool) -> None:
    telephone.house.clock.go(minutes=5)
    assert (telephone.enter(telephone.code(seconds)).problem is None) is is_right


def test_a_code_counts_once(telephone: Telephone) -> None:
    code = telephone.code()
    assert telephone.enter(code).problem is None
    assert telephone.enter(code).problem is Problem.WRONG_CODE


def test_the_code_that_switched_it_on_signs_nobody_in(house: House) -> None:
    telephone = Telephone(house)
    assert telephone.enter(pyotp.TOTP(telephone.secret).at(NOW)).problem is Problem.WRONG_CODE


def test_an_older_code_does_not_count_after_a_newer_one(telephone: Telephone) -> None:
    before, now = telephone.code(-30), telephone.code()
    assert telephone.enter(now).problem is None
    assert telephone.enter(before).problem is Problem.WRONG_CODE
    assert telephone.enter(telephone.code(30)).problem is None


def test_of_two_tabs_with_the_same_code_one_gets_in(telephone: Telephone) -> None:
    ticket, code = telephone.ticket(), telephone.code()
    entered = at_once(lambda: telephone.enter(code, ticket), 3)
    assert [one.problem for one in entered].count(None) == 1


def test_a_recovery_code_counts_once(telephone: Telephone) -> None:
    first, second, *_ = telephone.recovery_codes
    assert telephone.enter(first.upper().replace("-", " ")).problem is None
    assert telephone.enter(first).problem is Problem.WRONG_CODE
    assert telephone.enter(second).problem is None


def test_a_recovery_code_is_its_persons(telephone: Telephone) -> None:
    code, now = telephone.recovery_codes[0], telephone.house.clock.now
    factor = telephone.factor
    secret = factor.begin(PAULA).secret
    assert factor.confirm(PAULA, pyotp.TOTP(secret).at(now)) is not None
    with telephone.house.database.writing() as connection:
        assert not second_factor.accept(connection, AREA, PAULA, code, now)
        assert second_factor.accept(connection, AREA, BEATRIZ, code, now)


def test_without_a_second_factor_no_code_is_right(house: House) -> None:
    with house.database.writing() as connection:
        assert not second_factor.accept(connection, AREA, BEATRIZ, "123456", NOW)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", Problem.EMPTY_CODE),
        ("  ", Problem.EMPTY_CODE),
        ("hola", Problem.WRONG_CODE),
        ("\ud800", Problem.WRONG_CODE),
        ("１２３４５６", Problem.WRONG_CODE),
        pytest.param("x" * 10_000, Problem.WRONG_CODE, id="endless"),
    ],
)
def test_what_is_no_code_is_said(telephone: Telephone, code: str, problem: Problem) -> None:
    assert telephone.enter(code) == Entered(problem)


def test_a_wrong_code_leaves_link_and_ticket_good(telephone: Telephone) -> None:
    ticket = telephone.ticket()
    assert telephone.enter(telephone.wrong_code(), ticket) == Entered(Problem.WRONG_CODE)
    failed = Entry("sign_in", Result.FAILED, CHAT, BEATRIZ, object_kind="second_factor")
    assert telephone.house.entries()[-1] == failed
    assert telephone.enter(telephone.code(), ticket).problem is None


@pytest.mark.parametrize(("seconds", "is_good"), [(299, True), (300, False)])
def test_a_ticket_is_good_for_five_minutes(telephone: Telephone, seconds: int, is_good: bool) -> None:
    ticket = telephone.ticket()
    telephone.house.clock.go(seconds=seconds)
    expected = None if is_good else Problem.LINK_GONE
    assert telephone.enter(telephone.code(), ticket).problem is expected


@pytest.mark.parametrize("ticket", ["x", "x.y.z", "ñ", "\ud800"])
def test_an_invented_ticket_is_no_ticket(telephone: Telephone, ticket: str) -> None:
    assert telephone.enter(telephone.code(), ticket) == Entered(Problem.LINK_GONE)


def test_a_ticket_signed_with_another_key_or_for_another_purpose_is_none(telephone: Telephone) -> None:
    device = telephone.enter(telephone.code()).device
    forged = Area(AREA.public_url, b"another secret").signer("second step").dumps([["x", BEATRIZ, True, ""], 1e12])
    for ticket in (device, str(forged)):
        assert telephone.enter(telephone.code(30), ticket) == Entered(Problem.LINK_GONE)


def test_a_ticket_lives_no_longer_than_its_link(telephone: Telephone) -> None:
    ticket = telephone.ticket()
    telephone.house.link()
    assert telephone.enter(telephone.code(), ticket) == Entered(Problem.LINK_GONE)


def test_a_change_of_password_makes_the_ticket_worthless(telephone: Telephone) -> None:
    ticket, house = telephone.ticket(), telephone.house
    with house.database.writing() as connection:
        passwords.set_password(connection, BEATRIZ, passwords.hash_password("another one"), NOW)
    assert telephone.enter(telephone.code(), ticket) == Entered(Problem.LINK_GONE)
    assert session_at(house) is None


def test_after_five_wrong_codes_no_more_are_tried_here(telephone: Telephone) -> None:
    ticket = telephone.ticket()
    wrong = telephone.wrong_code()
    assert [telephone.enter(wrong, ticket).problem for _ in range(5)] == [Problem.WRONG_CODE] * 5
    entered = telephone.enter(telephone.code(), ticket)
    assert (entered.problem, entered.wait_seconds) == (Problem.LOCKED, 900)
    assert telephone.enter(telephone.code(), ticket, OFFICE).problem is None


def test_after_twenty_wrong_codes_a_day_only_a_recovery_code_helps(telephone: Telephone) -> None:
    house, ticket = telephone.house, telephone.ticket()
    for number in range(20):
        assert telephone.enter(telephone.wrong_code(), ticket, f"192.0.2.{number}").problem is Problem.WRONG_CODE
    assert telephone.enter(telephone.code(), remote=OFFICE).problem is Problem.LOCKED
    house.clock.go(hours=23)
    assert telephone.enter(telephone.code(), remote=OFFICE).problem is Problem.LOCKED
    assert telephone.enter(telephone.recovery_codes[0], remote=OFFICE).problem is None
    house.clock.go(hours=1)
    assert telephone.enter(telephone.code(), remote=OFFICE).problem is None


def test_codes_at_the_same_moment_are_not_more_guesses(telephone: Telephone) -> None:
    ticket, wrong = telephone.ticket(), telephone.wrong_code()
    entered = at_once(lambda: telephone.enter(wrong, ticket), 8)
    assert sorted(str(one.problem) for one in entered) == ["locked"] * 3 + ["wrong_code"] * 5


def test_with_another_key_of_the_product_the_code_is_wrong_and_no_error(telephone: Telephone) -> None:
    other = Area(AREA.public_url, b"another secret")
    with telephone.house.database.writing() as connection:
        assert not second_factor.accept(connection, other, BEATRIZ, telephone.code(), telephone.house.clock.now)


def test_a_known_device_is_still_known_after_the_second_step(telephone: Telephone) -> None:
    device = telephone.enter(telephone.code()).device
    ticket = telephone.house.enter(telephone.house.link(), device=device).ticket
    assert telephone.enter(telephone.code(30), ticket).problem is None
    assert [mail.template for mail in telephone.house.mails()] == ["sign_in_notice"]
