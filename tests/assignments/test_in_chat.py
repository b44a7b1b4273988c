"""A client accepts in the chat: by the code of its mail or signed in, after one yes, once or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.accounts.store import representative_table
from bot.assignments.in_chat import CODES
from bot.assignments.model import Answer, Wanted
from bot.assignments.service import REQUEST_LIFETIME
from bot.identity.links import Gone as Why
from bot.identity.links import LinkGone
from bot.identity.operations import Gone, SignInTooOld, cancel_here
from bot.identity.sessions import Session
from bot.procedures.tracking_keys import new_key
from tests.assignments.street import ACCEPT, CLIENT_CHAT, CUPS, MAILBOX, Street, all_stored
from tests.contacts.office import ANA, CHAT, LUNA, NOBODY, OTHER_CHAT, OTTO, RITA, SOL, email, nif
from tests.contacts.test_confirmed import killed_everywhere
from tests.identity.house import at_once

CLIENT = NOBODY
IDENTIFIER = nif(11_111_111 * CLIENT)


@pytest.fixture
def asked(street: Street) -> Street:
    """The agency has asked for a client who is a person with an account, and whose mailbox on record is the same."""
    street.make_client(CLIENT, email(CLIENT).upper())
    street.ask(Wanted(IDENTIFIER, CUPS))
    return street


def waits(street: Street, person: int = CLIENT, address: str = CLIENT_CHAT) -> tuple[Session, str]:
    """Who is signed in, and what waits for their yes."""
    session = street.sign_in(person, SOL, address)
    (asking,) = street.waiting_for(session)
    return session, street.propose(session, ACCEPT, {"request_id": asking.request_id})


def test_whoever_has_the_code_of_the_mail_accepts_with_one_yes(street: Street) -> None:
    street.ask()
    reference = street.type_code()
    assert "Finca 7" not in street.clients(), "what is shown changes nothing"
    street.go(minutes=1)
    street.say_yes(reference)
    assert "Finca 7" in street.clients()
    assert street.procedures() == [("resolved", "client_accepted")]
    assert [each for each in street.mailed() if each[1] in ("assignment_answered", "assignment_accepted")] == [
        (email(ANA), "assignment_answered"),
        (MAILBOX, "assignment_accepted"),
    ]
    accepted = street.entries()[-1].entry
    assert (accepted.action, accepted.address, accepted.person_id) == ("assignment_accepted", CLIENT_CHAT, None)
    assert ("assignment_code_given", "done") in street.actions()
    assert street.answers.announce() == [CHAT]


def test_a_client_who_is_signed_in_accepts_and_the_audit_says_who(asked: Street) -> None:
    session, reference = waits(asked)
    asked.say_yes_signed_in(session, reference)
    assert "Finca 7" in asked.clients()
    accepted = asked.entries()[-1].entry
    assert (accepted.action, accepted.address, accepted.person_id) == ("assignment_accepted", CLIENT_CHAT, CLIENT)


def test_the_identifier_alone_makes_nobody_the_client(street: Street) -> None:
    """Whoever authorizes a colleague writes an identifier down, and a mailbox of their own choice."""
    street.make_client(CLIENT, MAILBOX)
    street.ask(Wanted(IDENTIFIER, CUPS))
    session = street.sign_in(CLIENT, SOL, CLIENT_CHAT)
    assert street.waiting_for(session) == []
    reference = street.propose(session, ACCEPT, {"request_id": street.requests()[0].id})
    before = all_stored(street.database)
    with pytest.raises(LinkGone):
        street.say_yes_signed_in(session, reference)
    assert all_stored(street.database) == before


@pytest.mark.parametrize("person", [ANA, RITA, OTTO])
def test_nobody_else_sees_or_accepts_it_with_a_forged_number(asked: Street, person: int) -> None:
    session = asked.sign_in(person, LUNA if person == OTTO else SOL, OTHER_CHAT)
    assert asked.waiting_for(session) == []
    reference = asked.propose(session, ACCEPT, {"request_id": asked.requests()[0].id})
    before = all_stored(asked.database)
    with pytest.raises(LinkGone) as gone:
        asked.say_yes_signed_in(session, reference)
    assert gone.value.why is Why.UNKNOWN
    assert all_stored(asked.database) == before


def test_a_yes_counts_once_also_of_four_threads(asked: Street) -> None:
    session, signed_in = waits(asked)
    typed = asked.type_code()

    def outcome(say_yes: Callable[[], None]) -> str:
        try:
            say_yes()
        except (Gone, LinkGone):
            return "gone"
        return "done"

    by_code = at_once(lambda: outcome(lambda: asked.say_yes(typed)), 4)
    assert sorted(by_code) == ["done", "gone", "gone", "gone"]
    assert at_once(lambda: outcome(lambda: asked.say_yes_signed_in(session, signed_in)), 4) == ["gone"] * 4
    assert [action for action, _ in asked.actions()].count("assignment_accepted") == 1
    assert [template for _, template in asked.mailed()].count("assignment_accepted") == 1
    assert [row.agency_id for row in asked.assignments() if row.valid_until is None].count(SOL) == 1


def test_of_the_page_and_two_chats_at_once_one_counts(street: Street) -> None:
    street.ask()
    token, first, second = street.link(), street.type_code(), street.type_code(address=OTHER_CHAT)
    runs = iter(
        [
            lambda: street.say_yes(first),
            lambda: street.say_yes(second, OTHER_CHAT),
            lambda: street.answers.answer(token, Answer.REFUSED),
        ]
    )

    def outcome() -> str:
        try:
            next(runs)()
        except (Gone, LinkGone):
            return "gone"
        return "done"

    assert sorted(at_once(outcome, 3)) == ["done", "gone", "gone"]
    assert [template for _, template in street.mailed()].count("assignment_answered") == 1
    assert street.answers.announce() == [CHAT]


def test_a_yes_from_another_conversation_or_too_late_or_after_a_no_is_refused(street: Street) -> None:
    street.ask()
    reference = street.type_code()
    before = all_stored(street.database)
    with pytest.raises(Gone):
        street.say_yes(reference, OTHER_CHAT)
    with pytest.raises(Gone):
        street.say_yes("forged")
    street.go(minutes=10)
    with pytest.raises(Gone):
        street.say_yes(reference)
    assert all_stored(street.database) == before
    reference = street.type_code()
    with street.database.writing() as connection:
        cancel_here(connection, CLIENT_CHAT, street.now)
    with pytest.raises(Gone):
        street.say_yes(reference)
    assert "Finca 7" not in street.clients()


def test_a_yes_of_somebody_else_who_signed_in_there_meanwhile_is_refused(asked: Street) -> None:
    _, reference = waits(asked)
    other = asked.sign_in(ANA, SOL, CLIENT_CHAT)
    before = all_stored(asked.database)
    with pytest.raises(Gone):
        asked.say_yes_signed_in(other, reference)
    assert all_stored(asked.database) == before


def test_a_yes_long_after_signing_in_waits_for_a_new_sign_in(asked: Street) -> None:
    session = asked.sign_in(CLIENT, SOL, CLIENT_CHAT)
    asked.go(minutes=16)
    (asking,) = asked.waiting_for(session)
    reference = asked.propose(session, ACCEPT, {"request_id": asking.request_id})
    with pytest.raises(SignInTooOld):
        asked.say_yes_signed_in(session, reference)
    asked.say_yes_signed_in(asked.sign_in(CLIENT, SOL, CLIENT_CHAT), reference)
    assert "Finca 7" in asked.clients()


@pytest.mark.parametrize(("what", "why"), [("answered", "used"), ("late", "expired"), ("revoked", "revoked")])
def test_a_code_or_a_yes_that_is_over_says_so(street: Street, what: str, why: str) -> None:
    street.ask()
    code = street.code()
    street.go(seconds=REQUEST_LIFETIME.total_seconds() - 60)
    reference = street.type_code()
    if what == "answered":
        street.answers.answer(street.link(), Answer.REFUSED)
    elif what == "late":
        street.go(minutes=1)
    else:
        with street.database.writing() as connection:
            connection.execute(update(representative_table).values(valid_until=street.now))
    assert street.try_code(code, OTHER_CHAT) == why
    assert ("assignment_code_given", "refused") in street.actions()
    with pytest.raises(LinkGone) as gone:
        street.say_yes(reference)
    assert gone.value.why.value == why
    assert SOL not in [row.agency_id for row in street.assignments()]


def test_wrong_codes_are_counted_by_conversation(street: Street) -> None:
    street.ask()
    for _ in range(CODES.most):
        assert street.try_code(new_key()) == "unknown"
    assert street.try_code(street.code()) == "unknown", "too many"
    assert street.try_code(street.code(), OTHER_CHAT) == "shown"
    street.now += timedelta(hours=1, seconds=1)
    assert street.try_code(street.code()) == "shown"


def test_wherever_the_process_ends_a_signed_in_yes_happens_once(asked: Street) -> None:
    session, reference = waits(asked)
    times, before = killed_everywhere(asked, lambda: asked.say_yes_signed_in(session, reference), all_stored)
    assert times > 10
    after = all_stored(asked.database)
    more = {name: len(after[name]) - len(before[name]) for name in after if len(after[name]) != len(before[name])}
    assert more == {"assignment": 1, "assignment_withdrawal": 1, "procedure_step": 1, "mail": 2, "audit": 2}
    with pytest.raises(Gone):
        asked.say_yes_signed_in(session, reference)
