"""Links to choose a password: who gets one, what they are good for, and what a stranger learns."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.audit.model import Entry
from bot.database import Database
from bot.identity.links import password_link_table
from bot.identity.password_links import Gone, LinkGone, PasswordLinks, PasswordProblem, make_password_link
from bot.identity.sessions import open_session, sessions_of_person
from bot.identity.sign_in import Problem
from tests.equal_time import statements
from tests.identity.house import (
    AREA,
    BEATRIZ,
    CHAT,
    HOME,
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

CHOSEN = "gato-rojo-marte"


@pytest.fixture
def house(database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    hash_cheaply(monkeypatch)
    return House(database)


@pytest.fixture
def links(house: House) -> PasswordLinks:
    return PasswordLinks(house.database, AREA, house.clock)


def request(links: PasswordLinks, identifier: str = NIF[BEATRIZ], remote: str = HOME) -> Problem | None:
    return links.request(identifier, remote, None)


def letters(house: House) -> list[Any]:
    """The mails that are not decoys."""
    return [mail for mail in house.mails() if mail.recipient]


def mailed(house: House) -> str:
    """The token of the last mail."""
    return str(letters(house)[-1].details["link"]).rpartition("/")[2]


def why_gone(links: PasswordLinks, token: str) -> Gone:
    with pytest.raises(LinkGone) as gone:
        links.look(token)
    with pytest.raises(LinkGone) as also:
        links.choose(token, CHOSEN, CHOSEN)
    assert gone.value.why is also.value.why
    return gone.value.why


# Asking for one


def test_a_person_is_mailed_a_link_at_the_address_on_record(house: House, links: PasswordLinks) -> None:
    assert request(links) is None
    (mail,) = house.mails()
    assert (mail.recipient, mail.template) == (f"{BEATRIZ}@people.example", "password_reset")
    assert mail.details == {"name": "First1", "link": AREA.url(f"/clave/{mailed(house)}"), "minutes": 30}
    assert house.entries() == [Entry("password_link", person_id=BEATRIZ)]


def test_who_never_had_a_password_gets_another_letter(house: House, links: PasswordLinks) -> None:
    request(links, NIF[NEW])
    (mail,) = house.mails()
    assert mail.template == "password_choose"
    assert links.look(mailed(house)).is_first


@pytest.mark.parametrize(
    ("identifier", "problem"),
    [
        ("", Problem.EMPTY_IDENTIFIER),
        ("   ", Problem.EMPTY_IDENTIFIER),
        ("12345678A", Problem.WRONG_FORMAT),
        ("B12345674", Problem.WRONG_FORMAT),
        ("beatriz@people.example", Problem.WRONG_FORMAT),
    ],
)
def test_a_field_that_cannot_be_right_is_said(
    house: House, links: PasswordLinks, identifier: str, problem: Problem
) -> None:
    assert request(links, identifier) is problem
    assert house.mails() == []


def test_of_a_person_that_does_not_exist_the_same_is_said_and_nothing_sent(house: House, links: PasswordLinks) -> None:
    assert request(links, NOBODY) is None
    (mail,) = house.mails()
    assert (mail.recipient, mail.state) == ("", "discarded")
    assert house.entries() == [Entry("password_link")]


def test_for_nobody_as_much_is_read_and_written(house: House, links: PasswordLinks) -> None:
    ran = []
    for asked in ((), (NOBODY,)):
        with statements(house.database.engine) as seen:
            request(links, *asked)
        ran.append([" ".join(statement.split()[:3]) for statement in seen])
    known, unknown = ran
    assert len(known) > 5
    assert known == unknown


def test_the_link_of_nobody_is_good_for_nothing(house: House, links: PasswordLinks) -> None:
    with house.database.writing() as connection:
        token = make_password_link(connection, AREA, None, NOW).rpartition("/")[2]
    assert why_gone(links, token) is Gone.UNKNOWN


@pytest.mark.parametrize("identifier", [NIF[BEATRIZ], NOBODY])
def test_of_an_identifier_three_mails_an_hour_are_sent(house: House, links: PasswordLinks, identifier: str) -> None:
    assert [request(links, identifier, f"192.0.2.{number}") for number in range(5)] == [None] * 5
    assert len(house.mails()) == 3
    house.clock.go(hours=1)
    request(links, identifier)
    assert len(house.mails()) == 4


def test_a_network_address_is_refused_after_twenty_whoever_it_asks_for(house: House, links: PasswordLinks) -> None:
    assert [request(links, f"AAA{number:06}") for number in range(20)] == [None] * 20
    assert request(links, NIF[BEATRIZ]) is request(links, NOBODY) is Problem.LOCKED
    assert letters(house) == []
    assert request(links, NIF[BEATRIZ], OFFICE) is None
    house.clock.go(hours=1)
    assert request(links, NIF[BEATRIZ]) is None


def test_asking_again_does_not_spoil_the_first_link(house: House, links: PasswordLinks) -> None:
    request(links)
    first = mailed(house)
    request(links, remote=OFFICE)
    assert links.look(first)
    assert links.choose(first, CHOSEN, CHOSEN) is None


# Choosing the password


def test_the_chosen_password_is_the_one_that_signs_in(house: House, links: PasswordLinks) -> None:
    request(links)
    assert links.choose(mailed(house), CHOSEN, CHOSEN) is None
    assert house.enter(house.link(), password=PASSWORD).problem is Problem.WRONG_PAIR
    assert house.enter(house.link(), password=CHOSEN).problem is None


def test_the_first_password_signs_in(house: House, links: PasswordLinks) -> None:
    request(links, NIF[NEW])
    assert links.choose(mailed(house), CHOSEN, CHOSEN) is None
    assert house.enter(house.link(), NIF[NEW], CHOSEN).problem is None


@pytest.mark.parametrize(
    ("password", "repeated", "problem"),
    [
        ("corta", "corta", PasswordProblem.TOO_SHORT),
        ("x1" * 65, "x1" * 65, PasswordProblem.TOO_LONG),
        ("yo-12345678z", "yo-12345678z", PasswordProblem.LIKE_IDENTIFIER),
        ("contraseña123", "contraseña123", PasswordProblem.COMMON),
        (CHOSEN, CHOSEN + "!", PasswordProblem.DIFFERENT),
    ],
)
def test_a_weak_password_is_refused_and_the_link_stays_good(
    house: House, links: PasswordLinks, password: str, repeated: str, problem: PasswordProblem
) -> None:
    request(links)
    assert links.choose(mailed(house), password, repeated) is problem
    assert links.choose(mailed(house), CHOSEN, CHOSEN) is None


def test_it_signs_the_person_out_everywhere(house: House, links: PasswordLinks) -> None:
    with house.database.writing() as connection:
        for address, person in ((CHAT, BEATRIZ), (OTHER_CHAT, BEATRIZ), ("web:three", PAULA)):
            open_session(connection, address, person, None, NOW)
    request(links)
    links.choose(mailed(house), CHOSEN, CHOSEN)
    with house.database.reading() as connection:
        assert sessions_of_person(connection, BEATRIZ, NOW) == []
        assert len(sessions_of_person(connection, PAULA, NOW)) == 1


def test_the_person_is_told_and_it_is_in_the_audit(house: House, links: PasswordLinks) -> None:
    request(links)
    links.choose(mailed(house), CHOSEN, CHOSEN)
    told = house.mails()[-1]
    assert (told.recipient, told.template, told.details) == (
        f"{BEATRIZ}@people.example",
        "password_changed",
        {"name": "First1"},
    )
    assert house.entries()[-1] == Entry("password_changed", person_id=BEATRIZ)


def test_a_link_is_used_once_and_its_sisters_with_it(house: House, links: PasswordLinks) -> None:
    request(links)
    first = mailed(house)
    request(links)
    second = mailed(house)
    links.choose(second, CHOSEN, CHOSEN)
    assert why_gone(links, second) is why_gone(links, first) is Gone.USED


def test_links_of_other_persons_stay_good(house: House, links: PasswordLinks) -> None:
    request(links, NIF[PAULA])
    other = mailed(house)
    request(links)
    links.choose(mailed(house), CHOSEN, CHOSEN)
    assert links.look(other)


@pytest.mark.parametrize(("seconds", "is_good"), [(1799, True), (1800, False)])
def test_a_link_is_good_for_half_an_hour(house: House, links: PasswordLinks, seconds: int, is_good: bool) -> None:
    request(links)
    house.clock.go(seconds=seconds)
    if is_good:
        assert links.look(mailed(house)).expires_at > house.clock.now
    else:
        assert why_gone(links, mailed(house)) is Gone.EXPIRED


@pytest.mark.parametrize("token", ["", "x" * 22, "ñ", "\ud800"])
def test_an_invented_link_is_unknown(links: PasswordLinks, token: str) -> None:
    assert why_gone(links, token) is Gone.UNKNOWN


def test_a_sign_in_link_is_no_password_link(house: House, links: PasswordLinks) -> None:
    assert why_gone(links, house.link()) is Gone.UNKNOWN


def test_of_two_tabs_at_once_one_sets_its_password(house: House, links: PasswordLinks) -> None:
    request(links, NIF[NEW])
    first = mailed(house)
    request(links, NIF[NEW])
    tokens = [first, mailed(house)] * 2

    def choose() -> str:
        try:
            return str(links.choose(tokens.pop(), CHOSEN, CHOSEN))
        except LinkGone as gone:
            return gone.why.value

    assert sorted(at_once(choose, 4)) == ["None", "used", "used", "used"]
    assert [mail.template for mail in letters(house)].count("password_changed") == 1


def test_the_token_is_not_in_its_table(house: House, links: PasswordLinks) -> None:
    request(links)
    with house.database.reading() as connection:
        (row,) = connection.execute(select(password_link_table))
    assert mailed(house) not in str(tuple(row))


# Going on with the chat's link


def test_the_browser_that_asked_goes_on_where_it_was(house: House, links: PasswordLinks) -> None:
    sign_in_token = house.link()
    links.request(NIF[BEATRIZ], HOME, sign_in_token)
    token = mailed(house)
    links.choose(token, CHOSEN, CHOSEN)
    assert links.way_back(token, sign_in_token) == AREA.url(f"/entrar/{sign_in_token}")
    assert house.enter(sign_in_token, password=CHOSEN).problem is None
    assert links.way_back(token, sign_in_token) is None


def test_there_is_no_way_back_to_another_chat_or_an_old_link(house: House, links: PasswordLinks) -> None:
    sign_in_token, other = house.link(), house.link(OTHER_CHAT)
    links.request(NIF[BEATRIZ], HOME, sign_in_token)
    token = mailed(house)
    assert links.way_back(token, other) is None
    assert links.way_back("x" * 22, sign_in_token) is None
    assert links.way_back(token, "\ud800") is None
    house.clock.go(minutes=10)
    assert links.way_back(token, sign_in_token) is None


def test_an_invented_sign_in_link_is_no_obstacle(house: House, links: PasswordLinks) -> None:
    assert links.request(NIF[BEATRIZ], HOME, "x" * 22) is None
    assert links.way_back(mailed(house), house.link()) is None
