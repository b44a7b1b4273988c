"""The links in the representatives' mails that take a change back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from bot.accounts.model import Role
from bot.accounts.store import access_table, representative_table
from bot.contacts import service
from bot.contacts.model import Change, State
from bot.contacts.undo import Undoing, UndoLinks, undo
from bot.identity.links import Gone, LinkGone
from bot.identity.sessions import session_of
from tests.contacts.office import (
    ANA,
    AREA,
    CHAT,
    LUIS,
    MAX,
    NOW,
    PAULA,
    PEDRO,
    RITA,
    SOL,
    Office,
    email,
    everything_stored,
)
from tests.identity.house import at_once


@pytest.fixture
def links(office: Office) -> UndoLinks:
    return UndoLinks(office.database, AREA, office.clock)


def closed(links: UndoLinks, token: str) -> Gone | None:
    """Why a link does nothing; looking says the same as trying."""
    found: list[Gone] = []
    for call in (links.look, links.undo):
        with pytest.raises(LinkGone) as error:
            call(token)
        found.append(error.value.why)
    assert found[0] is found[1]
    return found[0]


def test_looking_changes_nothing(office: Office, links: UndoLinks) -> None:
    new = office.add()
    before = everything_stored(office.database)
    for _ in range(2):
        assert links.look(office.undo_token()) == Undoing(Change.ADDED, new, "Gestoría Sol")
    assert everything_stored(office.database) == before


def test_an_addition_is_taken_back_with_everything_that_was_opened(office: Office, links: UndoLinks) -> None:
    new = office.add()
    token = office.undo_token()
    office.sign_in(new.id)
    links.undo(token)
    assert office.contacts()[new.id].state is State.ENDED
    with office.database.writing() as connection:
        assert session_of(connection, CHAT, office.now) is None
    assert office.mailed()[3:] == [
        (PAULA.email, "contact_removed"),
        (email(ANA), "contact_removed_holder"),
        (email(LUIS), "contact_removed_holder"),
    ]
    entry = office.entries()[-1].entry
    assert (entry.action, entry.person_id, entry.agency_id, entry.object_id, entry.address) == (
        "contact_change_undone",
        ANA,
        SOL,
        str(new.id),
        "",
    )


def test_an_addition_is_taken_back_whatever_became_of_it(office: Office, links: UndoLinks) -> None:
    new = office.add()
    token = office.undo_token()
    office.do(service.change_role, new.id, Role.FULL)
    links.undo(token)
    assert office.contacts()[new.id].state is State.ENDED


def test_a_change_of_role_is_taken_back_with_all_that_the_former_right_could(office: Office, links: UndoLinks) -> None:
    until = NOW.date() + timedelta(days=9)
    office.do(service.change_until, MAX, until)
    office.do(service.change_role, MAX, Role.READ_ONLY)
    office.go(minutes=1)
    links.undo(office.undo_token("contact_changed_holder"))
    assert office.viewer(MAX).may_change_contacts
    assert office.contacts()[MAX].until == until
    assert office.mailed()[-2:] == [(email(each), "contact_changed_holder") for each in (ANA, LUIS)]


def test_a_change_of_the_end_is_taken_back(office: Office, links: UndoLinks) -> None:
    new = office.add(replace(PAULA, client_ids=(2,)))
    office.do(service.change_until, new.id, NOW.date())
    office.go(minutes=1)
    links.undo(office.undo_token("contact_changed_holder"))
    found = office.contacts()[new.id]
    assert (found.until, found.client_count, found.role) == (None, 1, Role.READ_ONLY)


def test_a_removal_is_taken_back_with_the_end_that_was_planned(office: Office, links: UndoLinks) -> None:
    until = NOW.date() + timedelta(days=9)
    office.do(service.change_until, MAX, until)
    office.do(service.deactivate, MAX)
    office.go(minutes=1)
    assert links.undo(office.undo_token("contact_removed_holder")).contact.state is State.ENDED
    found = office.contacts()[MAX]
    assert (found.state, found.until) == (State.ACTIVE, until)
    assert office.viewer(MAX).may_change_contacts
    assert office.mailed()[-3:] == [
        (email(MAX), "contact_invited"),
        (email(ANA), "contact_added_holder"),
        (email(LUIS), "contact_added_holder"),
    ]


def test_what_was_taken_back_can_be_done_again_by_the_next_mail(office: Office, links: UndoLinks) -> None:
    new = office.add()
    links.undo(office.undo_token())
    office.go(minutes=1)
    links.undo(office.undo_token("contact_removed_holder", LUIS))
    assert office.contacts()[new.id].state is State.INVITED


def test_a_link_works_once(office: Office, links: UndoLinks) -> None:
    office.add()
    token = office.undo_token()
    links.undo(token)
    assert closed(links, token) is Gone.USED


def test_two_threads_at_once_undo_once(office: Office, links: UndoLinks) -> None:
    office.add()
    tokens = iter([office.undo_token(), office.undo_token(), office.undo_token(recipient=LUIS)])
    office.go(minutes=1)

    def outcome() -> str:
        try:
            links.undo(next(tokens))
        except LinkGone:
            return "closed"
        return "undone"

    assert sorted(at_once(outcome, 3)) == ["closed", "closed", "undone"]
    assert [mail for mail in office.mailed() if mail[1] == "contact_removed"] == [(PAULA.email, "contact_removed")]


def test_a_link_works_for_a_day(office: Office, links: UndoLinks) -> None:
    office.add()
    office.now += timedelta(hours=24)
    assert closed(links, office.undo_token()) is Gone.EXPIRED
    office.now -= timedelta(seconds=1)
    links.undo(office.undo_token())


@pytest.mark.parametrize("token", ["", "x" * 22, "ñ", "../1"])
def test_a_token_that_nobody_was_sent_is_unknown(links: UndoLinks, token: str) -> None:
    assert closed(links, token) is Gone.UNKNOWN


def test_a_link_does_nothing_where_nothing_is_to_be_taken_back(office: Office, links: UndoLinks) -> None:
    new = office.add()
    added = office.undo_token()
    office.do(service.change_role, new.id, Role.FULL)
    first = office.undo_token("contact_changed_holder")
    office.do(service.change_role, new.id, Role.READ_ONLY)
    assert closed(links, first) is Gone.CHANGED
    second = office.undo_token("contact_changed_holder")
    office.do(service.deactivate, new.id)
    removed = office.undo_token("contact_removed_holder")
    assert closed(links, added) is closed(links, second) is Gone.CHANGED
    office.do(service.reactivate, new.id)
    assert closed(links, removed) is Gone.CHANGED


def test_what_would_have_ended_by_now_does_not_come_back(office: Office, links: UndoLinks) -> None:
    office.do(service.change_until, PEDRO, NOW.date())
    office.do(service.deactivate, PEDRO)
    removed = office.undo_token("contact_removed_holder")
    office.now = NOW.replace(hour=23)
    assert closed(links, removed) is Gone.CHANGED


def test_who_represents_nobody_any_more_undoes_nothing(office: Office, links: UndoLinks) -> None:
    office.add()
    with office.database.writing() as connection:
        ended = update(representative_table).where(representative_table.c.person_id == ANA)
        connection.execute(ended.values(valid_until=office.now))
    assert closed(links, office.undo_token()) is Gone.REVOKED
    links.undo(office.undo_token(recipient=LUIS))


def test_a_representative_who_became_a_contact_undoes_nothing(office: Office, links: UndoLinks) -> None:
    office.do(service.change_role, RITA, Role.FULL)
    token = office.undo_token("contact_changed_holder")
    with office.database.writing() as connection:
        ended = update(representative_table).where(representative_table.c.person_id == ANA)
        connection.execute(ended.values(valid_until=office.now))
        right = {"person_id": ANA, "agency_id": SOL, "role": "full", "valid_from": office.now, "may_authorize": True}
        connection.execute(insert(access_table), right)
    assert closed(links, token) is Gone.REVOKED


def test_it_is_done_in_the_caller_s_transaction(office: Office) -> None:
    office.add()
    before = everything_stored(office.database)
    with office.database.writing() as connection:
        undo(connection, AREA, office.undo_token(), office.now)
        connection.rollback()
    assert everything_stored(office.database) == before
