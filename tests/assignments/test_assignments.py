"""An agency asks for a client, who decides from its own mailbox; who asks learns nothing but the answer."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, update

from bot.accounts.store import access_table, client_table, representative_table
from bot.assignments import service
from bot.assignments.model import Answer, Wanted
from bot.assignments.service import REQUEST_LIFETIME
from bot.identity.links import Gone, LinkGone
from tests.assignments.street import CIF, CUPS, FINCA, MAILBOX, NUMBER, Street, all_stored
from tests.contacts.office import ANA, AREA, CHAT, EVA, LUIS, MAX, NOBODY, PEDRO, RITA, SOL, email

NOBODYS = "A28017895"


def test_the_client_accepts_and_the_agency_sees_it(street: Street) -> None:
    assert "Finca 7" not in street.clients()
    procedure = street.ask()
    assert "Finca 7" not in street.clients()
    street.accept()
    assert "Finca 7" in street.clients()
    assert street.procedures() == [("resolved", "client_accepted")]
    assert (email(ANA), "assignment_answered") in street.mailed()
    assert (MAILBOX, "assignment_accepted") in street.mailed()
    assert street.events == [(CHAT, "/assignment_answered")]
    assert [action for action, _ in street.actions()] == [
        "procedure_opened",
        "assignment_asked",
        "procedure_changed",
        "assignment_accepted",
    ]
    assert procedure.client_id is None, "the list of procedures must not say whether there is such a client"


@pytest.mark.parametrize("datum", [CUPS, CUPS[:20], "es 0021 0000 0000 0001 jn", NUMBER, "c-0007"])
def test_a_cups_or_the_number_of_a_contract_is_enough(street: Street, datum: str) -> None:
    street.ask(Wanted("a-58.818.501", datum))
    assert street.requests()[0].client_id == FINCA


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(NOBODYS, CUPS),
        Wanted(CIF, "ES0021000000000002JS"),
        Wanted(CIF, "C-0008"),
        Wanted(CIF, ""),
        Wanted(CIF, "ES"),
    ],
)
def test_who_knows_only_half_is_answered_alike_and_nobody_is_written_to(street: Street, wanted: Wanted) -> None:
    street.ask(wanted)
    (row,) = street.requests()
    assert row.client_id is None
    assert [recipient for recipient, template in street.mailed() if template == "assignment_asked"] == [""]
    assert street.procedures() == [("opened", None)]


def test_a_client_without_a_mailbox_is_answered_alike(street: Street) -> None:
    with street.database.writing() as connection:
        connection.execute(update(client_table).values(email=None))
    street.ask()
    assert street.requests()[0].client_id is None


def test_as_much_is_left_behind_whether_there_is_such_a_client_or_not(street: Street) -> None:
    before = all_stored(street.database)
    street.ask()
    after = all_stored(street.database)
    street.ask(Wanted(NOBODYS, CUPS), address="web:other")
    last = all_stored(street.database)
    grown = {name: len(after[name]) - len(before[name]) for name in after}
    assert grown == {name: len(last[name]) - len(after[name]) for name in after}


def test_the_same_statements_run_whether_there_is_such_a_client_or_not(street: Street) -> None:
    ran: list[list[str]] = []
    for wanted, address in ((Wanted(CIF, CUPS), "web:a"), (Wanted(NOBODYS, CUPS), "web:b"), (Wanted(CIF, ""), "web:c")):
        session = street.sign_in(ANA, SOL, address)
        seen: list[str] = []

        def note(*values: Any, seen: list[str] = seen) -> None:
            seen.append(values[2])

        event.listen(street.database.engine, "before_cursor_execute", note)
        with street.database.writing() as connection:
            service.ask(connection, AREA, session, wanted, street.now)
        event.remove(street.database.engine, "before_cursor_execute", note)
        ran.append(seen)
    assert len(ran[0]) > 10
    assert ran[0] == ran[1] == ran[2]


@pytest.mark.parametrize("who", [PEDRO, MAX, LUIS])
def test_who_may_do_everything_for_the_agency_may_ask(street: Street, who: int) -> None:
    assert street.try_to_ask(who=who) == "done"


@pytest.mark.parametrize("who", [RITA, EVA, NOBODY])
def test_who_only_looks_or_acts_for_another_agency_may_not(street: Street, who: int) -> None:
    assert street.try_to_ask(who=who) == "NotAllowed"
    assert street.requests() == []


@pytest.mark.parametrize("values", [{"is_limited": True}, {"manager_kind": "energy"}])
def test_neither_may_a_limited_contact_or_an_external_manager(street: Street, values: dict[str, object]) -> None:
    with street.database.writing() as connection:
        connection.execute(update(access_table).where(access_table.c.person_id == PEDRO).values(values))
    assert street.try_to_ask(who=PEDRO) == "NotAllowed"
    assert ("assignment_asked", "refused") in street.actions()


@pytest.mark.parametrize(
    ("wanted", "problem"), [(Wanted("A58818502", CUPS), "wrong_identifier"), (Wanted("", CUPS), "wrong_identifier")]
)
def test_a_slip_in_the_identifier_is_told_from_its_form(street: Street, wanted: Wanted, problem: str) -> None:
    assert street.try_to_ask(wanted) == problem


def test_one_s_own_client_is_not_asked_for_again(street: Street) -> None:
    street.ask()
    street.accept()
    assert street.try_to_ask() == "already_yours"


def test_a_client_is_mailed_three_times_a_day_whoever_asks(street: Street) -> None:
    assert [street.try_to_ask(who=who) for who in (ANA, LUIS, PEDRO, MAX)] == ["done", "done", "done", "limited"]
    street.go(days=1, seconds=1)
    assert street.try_to_ask() == "done"


def test_looking_at_the_link_changes_nothing(street: Street) -> None:
    street.ask()
    before = all_stored(street.database)
    asking = street.answers.look(street.link())
    assert (asking.agency_name, asking.client_name, asking.asked_by) == ("Gestoría Sol", "Finca 7", "Ana Núñez Gil")
    assert all_stored(street.database) == before


def test_a_refusal_is_told_and_changes_nothing_else(street: Street) -> None:
    street.ask()
    token = street.link()
    street.answers.answer(token, Answer.REFUSED)
    assert street.answers.announce() == [CHAT]
    assert street.answers.announce() == [], "once"
    assert "Finca 7" not in street.clients()
    assert street.procedures() == [("rejected", "client_refused")]
    assert street.events == [(CHAT, "/assignment_answered")]
    with pytest.raises(LinkGone) as closed:
        street.answers.answer(token, Answer.ACCEPTED)
    assert closed.value.why is Gone.USED


def test_no_answer_closes_a_request_alike_whether_there_is_such_a_client_or_not(street: Street) -> None:
    street.ask()
    street.ask(Wanted(NOBODYS, CUPS), who=LUIS, address="web:other")
    token = street.link()
    street.go(seconds=REQUEST_LIFETIME.total_seconds())
    with pytest.raises(LinkGone):
        street.answers.answer(token, Answer.ACCEPTED)
    street.answers.expire()
    assert sorted(street.answers.announce()) == sorted([CHAT, "web:other"])
    street.answers.expire()
    assert street.answers.announce() == []
    assert street.procedures() == [("cancelled", "client_expired")] * 2
    told = [mail.details for mail in street.mails() if mail.template == "assignment_answered"]
    assert [(each["client"], each["answer"]) for each in told] == [("", "expired")] * 2


def test_the_link_does_nothing_once_who_asked_may_not_any_more(street: Street) -> None:
    street.ask()
    token = street.link()
    with street.database.writing() as connection:
        connection.execute(update(representative_table).values(valid_until=street.now))
    with pytest.raises(LinkGone) as closed:
        street.answers.answer(token, Answer.ACCEPTED)
    assert closed.value.why is Gone.REVOKED


def test_one_yes_answers_every_request_of_the_agency(street: Street) -> None:
    street.ask()
    street.ask(who=LUIS, address="web:other")
    street.accept()
    assert street.procedures() == [("resolved", "client_accepted")] * 2
    assert len(street.assignments()) == 2, "the other agency's and ours"


def test_the_client_withdraws_and_may_give_it_again(street: Street) -> None:
    street.ask()
    street.accept()
    token = street.link("assignment_accepted")
    assert street.withdrawals.look(token).agency_name == "Gestoría Sol"
    assert "Finca 7" in street.clients(), "looking withdraws nothing"
    street.go(days=400)
    street.withdrawals.withdraw(token)
    assert "Finca 7" not in street.clients()
    for recipient in (MAILBOX, email(ANA), email(LUIS)):
        assert recipient in {
            mail.recipient for mail in street.mails() if "withdrawn" in mail.template or "ended" in mail.template
        }
    with pytest.raises(LinkGone):
        street.withdrawals.withdraw(token)
    street.ask()
    street.accept()
    rows = [row for row in street.assignments() if row.agency_id == SOL]
    assert [row.valid_until is None for row in rows] == [False, True], "the history stays"
    with pytest.raises(LinkGone):
        street.withdrawals.look(token)


def test_the_agency_gives_a_client_up(street: Street) -> None:
    street.ask()
    street.accept()
    street.go(minutes=1)
    with street.database.writing() as connection:
        assert service.end(connection, street.viewer(), FINCA, CHAT, street.now) == "Finca 7"
    assert "Finca 7" not in street.clients()
    with pytest.raises(LinkGone) as closed:
        street.withdrawals.withdraw(street.link("assignment_accepted"))
    assert closed.value.why is Gone.CHANGED
    assert street.actions()[-1] == ("assignment_ended", "done")


def test_another_agency_s_client_cannot_be_given_up(street: Street) -> None:
    assert street.attempt(end_for, FINCA) == "NotFound"
    assert street.attempt(end_for, 1, who=RITA) == "NotAllowed"
    assert len(street.assignments()) == 1


def end_for(connection, area, viewer, client_id, address, now):  # type: ignore[no-untyped-def]
    service.end(connection, viewer, client_id, address, now)


def test_what_was_heard_in_the_chat_is_not_told_again(street: Street) -> None:
    street.ask()
    street.accept()
    with street.database.writing() as connection:
        (news,) = service.news_for(connection, CHAT, street.now)
        assert (news.client, news.answer) == ("Finca 7", Answer.ACCEPTED)
        assert service.news_for(connection, CHAT, street.now) == []
        assert service.news_for(connection, "web:other", street.now) == []
