"""What was confirmed, or answered by a link, happens once or not at all, wherever it comes from and the process ends."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from bot.accounts.model import NotAllowed, NotFound
from bot.assignments.model import Answer, Wanted
from bot.assignments.service import REQUEST_LIFETIME
from bot.identity.links import LinkGone
from bot.identity.operations import Gone, SignInTooOld
from tests.assignments.street import ASK, CIF, CUPS, END, FINCA, Run, Street, all_stored
from tests.contacts.office import ANA, CHAT, EVA, MAX, OTHER_CHAT, RITA, SOL
from tests.contacts.test_confirmed import Killed, killed_at, killed_everywhere
from tests.identity.house import at_once

WANTED = Wanted(CIF, CUPS).as_details()
OF_END = {"client_id": 1}
KINDS = [(ASK, WANTED), (END, OF_END)]


@pytest.mark.parametrize(("kind", "details"), KINDS)
def test_a_yes_counts_once_also_of_two_threads(street: Street, kind: str, details: dict[str, Any]) -> None:
    session = street.sign_in(ANA)
    reference = street.propose(session, kind, details)

    def outcome() -> str:
        try:
            street.confirm(session, reference)
        except Gone:
            return "gone"
        return "done"

    assert sorted(at_once(outcome, 4)) == ["done", "gone", "gone", "gone"]
    before = all_stored(street.database)
    with pytest.raises(Gone):
        street.confirm(session, reference)
    assert all_stored(street.database) == before


@pytest.mark.parametrize(("kind", "details"), KINDS)
def test_a_yes_from_elsewhere_or_too_late_or_of_somebody_without_the_right_is_refused(
    street: Street, kind: str, details: dict[str, Any]
) -> None:
    reference = street.propose(street.sign_in(ANA), kind, details)
    stranger = street.sign_in(ANA, SOL, OTHER_CHAT)
    colleague = street.sign_in(MAX)
    before = all_stored(street.database)
    for session in (stranger, colleague):
        with pytest.raises(Gone):
            street.confirm(session, reference)
    assert all_stored(street.database) == before
    reader = street.sign_in(RITA)
    reference = street.propose(reader, kind, details)
    before = all_stored(street.database)
    with pytest.raises(NotAllowed):
        street.confirm(reader, reference)
    street.go(minutes=10)
    with pytest.raises(Gone):
        street.confirm(reader, reference)
    assert all_stored(street.database) == before


@pytest.mark.parametrize(("kind", "details"), KINDS)
def test_a_yes_long_after_signing_in_waits_for_a_new_sign_in(
    street: Street, kind: str, details: dict[str, Any]
) -> None:
    session = street.sign_in(ANA)
    street.go(minutes=16)
    reference = street.propose(session, kind, details)
    with pytest.raises(SignInTooOld):
        street.confirm(session, reference)
    street.confirm(street.sign_in(ANA), reference)


def test_a_forged_id_of_another_agency_s_client_is_refused(street: Street) -> None:
    session = street.sign_in(ANA)
    reference = street.propose(session, END, {"client_id": FINCA})
    before = all_stored(street.database)
    with pytest.raises(NotFound):
        street.confirm(session, reference)
    assert all_stored(street.database) == before


def grown(street: Street, before: dict[str, list[Any]]) -> dict[str, int]:
    after = all_stored(street.database)
    return {name: len(after[name]) - len(before[name]) for name in after if len(after[name]) != len(before[name])}


REQUESTED = {"assignment_request": 1, "procedure": 1, "procedure_step": 1, "mail": 2, "audit": 2, "attempt": 2}
ACCEPTED = {"assignment": 1, "assignment_withdrawal": 1, "procedure_step": 1, "mail": 2, "audit": 2}


@pytest.mark.parametrize(
    ("kind", "details", "rows"), [(ASK, WANTED, REQUESTED), (END, OF_END, {"mail": 3, "audit": 1})]
)
def test_wherever_the_process_ends_a_confirmed_change_happens_once(
    street: Street, kind: str, details: dict[str, Any], rows: dict[str, int]
) -> None:
    session = street.sign_in(ANA)
    reference = street.propose(session, kind, details)
    times, before = killed_everywhere(street, lambda: street.confirm(session, reference), all_stored)
    assert times > 8
    assert grown(street, before) == rows
    with pytest.raises(Gone):
        street.confirm(session, reference)


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("accept", ACCEPTED),
        ("refuse", {"procedure_step": 1, "mail": 1, "audit": 2}),
        ("expire", {"procedure_step": 1, "mail": 1, "audit": 2}),
        ("by code", ACCEPTED),
        ("withdraw", {"mail": 3, "audit": 1}),
    ],
)
def test_wherever_the_process_ends_a_link_works_once(street: Street, what: str, rows: dict[str, int]) -> None:
    street.ask()
    token, reference = street.link(), street.type_code()
    if what == "withdraw":
        street.accept()
        withdrawal = street.link("assignment_accepted")
    if what == "expire":
        street.go(seconds=REQUEST_LIFETIME.total_seconds())
    run: dict[str, Run] = {
        "accept": lambda: street.answers.answer(token, Answer.ACCEPTED),
        "by code": lambda: street.say_yes(reference),
        "refuse": lambda: street.answers.answer(token, Answer.REFUSED),
        "expire": street.answers.expire,
        "withdraw": lambda: street.withdrawals.withdraw(withdrawal),
    }
    times, before = killed_everywhere(street, run[what], all_stored)
    assert times > 8
    assert grown(street, before) == rows
    assert street.answers.announce() == ([] if what == "withdraw" else [CHAT]), "the one who asked hears of it once"


def test_wherever_the_process_ends_an_answer_is_told_once(street: Street) -> None:
    street.ask()
    street.say_yes(street.type_code())
    told: list[str] = []
    for number in range(1, 50):
        with suppress(Killed), killed_at(street.database, number):
            told += street.answers.announce()
            break
        street.database.close()
    assert number > 3
    assert told == [CHAT]
    assert street.answers.announce() == []


def test_of_a_yes_and_a_no_in_two_tabs_one_counts(street: Street) -> None:
    street.ask()
    token, answers = street.link(), iter([Answer.ACCEPTED, Answer.REFUSED, Answer.ACCEPTED, Answer.REFUSED])

    def outcome() -> str:
        try:
            street.answers.answer(token, next(answers))
        except LinkGone:
            return "closed"
        return "done"

    assert sorted(at_once(outcome, 4)) == ["closed", "closed", "closed", "done"]
    mailed = [template for _, template in street.mailed()]
    assert mailed.count("assignment_answered") == 1
    assert street.answers.announce() == [CHAT]


def test_of_a_withdrawal_and_an_end_by_the_agency_at_once_one_counts(street: Street) -> None:
    street.ask()
    street.accept()
    token, session = street.link("assignment_accepted"), street.sign_in(ANA)
    reference = street.propose(session, END, {"client_id": FINCA})
    runs = iter([lambda: street.withdrawals.withdraw(token), lambda: street.confirm(session, reference)])

    def outcome() -> str:
        try:
            next(runs)()
        except (LinkGone, NotFound):
            return "closed"
        return "done"

    assert sorted(at_once(outcome, 2)) == ["closed", "done"]
    assert [template for _, template in street.mailed()].count("assignment_withdrawn_client") == 1


def test_who_represents_another_agency_has_no_part_in_it(street: Street) -> None:
    session = street.sign_in(EVA, SOL, CHAT)
    reference = street.propose(session, END, OF_END)
    with pytest.raises(NotAllowed):
        street.confirm(session, reference)
