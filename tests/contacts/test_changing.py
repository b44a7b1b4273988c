"""Changing what a contact may do, ending it and giving it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.accounts.model import NotAllowed, Role
from bot.accounts.service import viewer_here
from bot.accounts.store import access_table
from bot.contacts import service
from bot.contacts.model import Problem, Refused, State
from bot.contacts.store import invitation_table
from bot.identity.sessions import session_of
from tests.contacts.office import (
    ANA,
    AREA,
    CHANGERS,
    CHAT,
    EVA,
    LUIS,
    LUNA,
    MAX,
    NOBODY,
    NOW,
    OTHER_CHAT,
    OTHERS,
    OTTO,
    PAULA,
    PEDRO,
    RITA,
    SOL,
    Office,
    email,
    everything_stored,
)
from tests.identity.house import at_once

CHANGES: list[tuple[Any, tuple[Any, ...]]] = [
    (service.change_role, (Role.READ_ONLY,)),
    (service.change_until, (NOW.date(),)),
    (service.deactivate, ()),
    (service.reactivate, ()),
    (service.invite_again, ()),
]
CHECKS: dict[Any, Any] = {
    service.change_role: service.check_role,
    service.change_until: service.check_until,
    service.deactivate: service.check_deactivate,
    service.reactivate: service.check_reactivate,
    service.invite_again: service.check_invite,
}
HOLDERS = [email(ANA), email(LUIS)]


def check(office: Office, change: Any, contact_id: int, *values: Any, who: int = ANA) -> Problem | None:
    with office.database.reading() as connection:
        problem: Problem | None = CHECKS[change](connection, office.stale(who), contact_id, *values, office.now)
        return problem


def open_sessions(office: Office) -> list[tuple[str, int]]:
    with office.database.writing() as connection:
        found = [session_of(connection, address, office.now) for address in (CHAT, OTHER_CHAT, "web:three")]
    return [(session.address, session.person_id) for session in found if session]


def test_a_role_is_changed_and_the_former_one_stays_in_the_history(office: Office) -> None:
    changed = office.do(service.change_role, RITA, Role.FULL)
    assert (changed.role, changed.state) == (Role.FULL, State.ACTIVE)
    before, after = office.rights(RITA)
    assert (before.role, before.valid_until, after.role, after.valid_from) == (
        "read_only",
        office.now,
        "full",
        office.now,
    )
    assert after.given_by == ANA
    assert office.viewer(RITA).may_change
    assert office.actions() == [("contact_role_changed", "done")]
    assert office.mailed() == [(holder, "contact_changed_holder") for holder in HOLDERS]


def test_a_change_keeps_the_clients_and_the_end(office: Office) -> None:
    until = NOW.date() + timedelta(days=9)
    new = office.add(replace(PAULA, client_ids=(2, 4), until=until))
    changed = office.do(service.change_role, new.id, Role.FULL)
    assert (changed.client_count, changed.until) == (2, until)
    endless = office.do(service.change_until, new.id, None)
    assert (endless.client_count, endless.until, endless.role) == (2, None, Role.FULL)


def test_who_only_looks_authorizes_nobody_also_later(office: Office) -> None:
    office.do(service.change_until, MAX, NOW.date())
    assert office.viewer(MAX).may_change_contacts
    office.do(service.change_role, MAX, Role.READ_ONLY)
    office.do(service.change_role, MAX, Role.FULL)
    assert not office.viewer(MAX).may_change_contacts


def test_a_right_ends_on_the_day_that_was_said(office: Office) -> None:
    until = NOW.date() + timedelta(days=1)
    assert office.do(service.change_until, PEDRO, until).until == until
    office.now = NOW.replace(day=24, hour=22, minute=59)
    assert office.viewer(PEDRO)
    office.go(minutes=1)
    with pytest.raises(NotAllowed):
        office.viewer(PEDRO)


def test_the_very_next_message_of_a_removed_colleague_is_refused(office: Office) -> None:
    session = office.sign_in(PEDRO)
    removed = office.do(service.deactivate, PEDRO)
    assert removed.state is State.ENDED
    assert open_sessions(office) == []
    with office.database.reading() as connection, pytest.raises(NotAllowed):
        viewer_here(connection, session, office.now)
    assert office.actions() == [("contact_deactivated", "done")]
    assert office.mailed() == [
        (email(PEDRO), "contact_removed"),
        *((holder, "contact_removed_holder") for holder in HOLDERS),
    ]


def test_only_sessions_for_that_agency_end(office: Office) -> None:
    with office.database.writing() as connection:
        right = {"person_id": PEDRO, "agency_id": LUNA, "role": "full", "valid_from": NOW}
        connection.execute(insert(access_table), right)
    office.sign_in(PEDRO)
    office.sign_in(PEDRO, LUNA, OTHER_CHAT)
    office.sign_in(RITA, SOL, "web:three")
    office.do(service.deactivate, PEDRO)
    assert open_sessions(office) == [(OTHER_CHAT, PEDRO), ("web:three", RITA)]
    assert office.viewer(PEDRO, LUNA)


def test_every_right_of_a_removed_contact_ends_also_one_that_would_begin(office: Office) -> None:
    with office.database.writing() as connection:
        connection.execute(
            update(access_table).where(access_table.c.person_id == PEDRO).values(valid_until=NOW + timedelta(days=5))
        )
        later = {"person_id": PEDRO, "agency_id": SOL, "role": "full", "valid_from": NOW + timedelta(days=5)}
        connection.execute(insert(access_table), later)
    office.do(service.deactivate, PEDRO)
    office.go(days=9)
    with pytest.raises(NotAllowed):
        office.viewer(PEDRO)


def test_an_invitation_ends_with_the_right(office: Office) -> None:
    new = office.add()
    office.do(service.deactivate, new.id)
    with office.database.reading() as connection:
        assert connection.execute(select(invitation_table.c.revoked_at)).scalar_one() == office.now


def test_a_former_contact_comes_back_with_the_former_role_and_clients(office: Office) -> None:
    new = office.add(replace(PAULA, client_ids=(2, 4), until=NOW.date() + timedelta(days=9)))
    office.do(service.deactivate, new.id)
    back = office.do(service.reactivate, new.id)
    assert (back.role, back.client_count, back.until, back.state) == (Role.READ_ONLY, 2, None, State.INVITED)
    assert office.mailed()[-3:] == [
        (PAULA.email, "contact_invited"),
        *((holder, "contact_added_holder") for holder in HOLDERS),
    ]
    assert office.viewer(new.id).is_limited
    office.do(service.deactivate, new.id)
    until = office.now.date()
    assert office.do(service.reactivate, new.id, until=until).until == until


def test_another_invitation_is_mailed_three_times_a_day(office: Office) -> None:
    new = office.add()
    former = office.token("contact_invited", PAULA.email)
    for _ in range(3):
        office.do(service.invite_again, new.id)
    assert office.token("contact_invited", PAULA.email) != former
    assert office.attempt(service.invite_again, new.id) is Problem.TOO_MANY_MAILS
    with office.database.reading() as connection:
        good = connection.execute(select(invitation_table).where(invitation_table.c.revoked_at.is_(None))).all()
    assert len(good) == 1
    office.go(days=1)
    office.do(service.invite_again, new.id)
    assert office.actions()[-2:] == [("contact_invited_again", "refused"), ("contact_invited_again", "done")]


@pytest.mark.parametrize(("change", "values"), CHANGES)
def test_nobody_without_the_right_changes_anything(office: Office, change: Any, values: tuple[Any, ...]) -> None:
    for person in OTHERS:
        before = everything_stored(office.database)
        assert check(office, change, MAX, *values, who=person) is Problem.NOT_ALLOWED
        assert office.attempt(change, MAX, *values, who=person) == "NotAllowed"
        after = everything_stored(office.database)
        assert {name for name in after if after[name] != before[name]} == {"audit"}
    assert {result for _, result in office.actions()} == {"refused"}


@pytest.mark.parametrize(("change", "values"), CHANGES)
def test_an_id_that_is_no_contact_of_the_agency_is_refused(
    office: Office, change: Any, values: tuple[Any, ...]
) -> None:
    for contact in (OTTO, EVA, NOBODY, 999):
        before = everything_stored(office.database)
        assert check(office, change, contact, *values) is Problem.UNKNOWN_CONTACT
        assert office.attempt(change, contact, *values) == "NotFound"
        after = everything_stored(office.database)
        assert {name for name in after if after[name] != before[name]} == {"audit"}


@pytest.mark.parametrize(("change", "values"), CHANGES)
def test_a_representative_is_not_changed_as_a_contact(office: Office, change: Any, values: tuple[Any, ...]) -> None:
    for contact in (ANA, LUIS):
        assert check(office, change, contact, *values, who=MAX) is Problem.IS_REPRESENTATIVE
        assert office.attempt(change, contact, *values, who=MAX) is Problem.IS_REPRESENTATIVE
    assert office.mails() == []


@pytest.mark.parametrize(("change", "values"), CHANGES)
def test_nobody_changes_their_own_right(office: Office, change: Any, values: tuple[Any, ...]) -> None:
    assert check(office, change, MAX, *values, who=MAX) is Problem.ONESELF
    assert office.attempt(change, MAX, *values, who=MAX) is Problem.ONESELF


@pytest.mark.parametrize("who", CHANGERS)
def test_who_may_decide_may_remove(office: Office, who: int) -> None:
    assert office.do(service.deactivate, PEDRO, who=who).state is State.ENDED


@pytest.mark.parametrize(
    ("change", "values", "contact", "problem"),
    [
        (service.change_role, (Role.FULL,), PEDRO, Problem.SAME_AS_BEFORE),
        (service.change_until, (None,), PEDRO, Problem.SAME_AS_BEFORE),
        (service.change_until, (NOW.date() - timedelta(days=1),), PEDRO, Problem.UNTIL_IN_THE_PAST),
        (service.reactivate, (), PEDRO, Problem.ALREADY_CONTACT),
        (service.invite_again, (), PEDRO, Problem.HAS_ENTERED),
    ],
)
def test_some_changes_make_no_sense(
    office: Office, change: Any, values: tuple[Any, ...], contact: int, problem: Problem
) -> None:
    assert check(office, change, contact, *values) is problem
    assert office.attempt(change, contact, *values) is problem
    assert office.mails() == []


@pytest.mark.parametrize(("change", "values"), [each for each in CHANGES if each[0] is not service.reactivate])
def test_of_an_ended_contact_nothing_is_changed(office: Office, change: Any, values: tuple[Any, ...]) -> None:
    office.do(service.deactivate, PEDRO)
    mails = office.mailed()
    assert check(office, change, PEDRO, *values) is Problem.HAS_ENDED
    assert office.attempt(change, PEDRO, *values) is Problem.HAS_ENDED
    assert office.mailed() == mails


def test_an_end_in_the_past_brings_nobody_back(office: Office) -> None:
    office.do(service.deactivate, PEDRO)
    past = office.now.date() - timedelta(days=1)
    assert office.attempt(service.reactivate, PEDRO, until=past) is Problem.UNTIL_IN_THE_PAST


@pytest.mark.parametrize(("change", "values"), CHANGES)
def test_two_threads_at_once_change_once(office: Office, change: Any, values: tuple[Any, ...]) -> None:
    contact = office.add(replace(PAULA, role=Role.FULL)).id
    if change is service.reactivate:
        office.do(service.deactivate, contact)
    mails = len([mail for mail in office.mailed() if mail[1] == "contact_invited"])
    now = office.go(minutes=1)

    def outcome() -> str:
        with office.database.writing() as connection:
            try:
                change(connection, AREA, office.stale(ANA), contact, *values, CHAT, now)
            except Refused:
                return "refused"
        return "done"

    outcomes = at_once(outcome, 2)
    if change is service.invite_again:  # each is one mail, and only the last link works
        assert outcomes == ["done", "done"]
        assert len([mail for mail in office.mailed() if mail[1] == "contact_invited"]) == mails + 2
    else:
        assert sorted(outcomes) == ["done", "refused"]
    with office.database.reading() as connection:
        open_ones = select(invitation_table).where(invitation_table.c.revoked_at.is_(None))
        assert len(connection.execute(open_ones).all()) == (0 if change is service.deactivate else 1)
