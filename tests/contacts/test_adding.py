"""Authorizing somebody: who may, who can be authorized, and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.accounts.model import Role
from bot.accounts.store import access_client_table, access_table
from bot.audit.model import Entry
from bot.contacts import service
from bot.contacts.model import Problem, Refused, State
from bot.contacts.store import invitation_table, undo_link_table
from bot.identity.identifier_checks import Kind
from bot.identity.persons import person_table
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
    OTHERS,
    OTTO,
    PAULA,
    PEDRO,
    SOL,
    Office,
    email,
    everything_stored,
    nif,
)
from tests.identity.house import at_once

NURIA = replace(PAULA, identifier=nif(11_111_111 * NOBODY), email=email(NOBODY))


def test_a_contact_is_added_with_what_was_said(office: Office) -> None:
    until = NOW.date() + timedelta(days=30)
    new = office.add(replace(PAULA, identifier="12.121.212-m", first_name=" Paula ", client_ids=(2, 4, 2), until=until))
    assert (new.name, new.role, new.client_count, new.until) == ("Paula Sáenz de Miera", Role.READ_ONLY, 2, until)
    assert new == office.contacts()[new.id]
    (right,) = office.rights(new.id)
    assert (right.given_by, right.is_limited, right.may_authorize) == (ANA, True, False)
    with office.database.reading() as connection:
        person = connection.execute(select(person_table).where(person_table.c.id == new.id)).one()
        assert list(connection.execute(select(access_client_table.c.client_id)).scalars()) == [2, 4]
    assert (person.identifier, person.identifier_kind, person.email) == (nif(12_121_212), "nif", PAULA.email)


def test_whoever_is_added_has_the_right_at_once(office: Office) -> None:
    new = office.add(replace(PAULA, role=Role.FULL))
    viewer = office.viewer(new.id)
    assert viewer.may_change
    assert not viewer.may_change_contacts


def test_the_new_contact_and_every_representative_get_a_mail(office: Office) -> None:
    office.add()
    assert office.mailed() == [
        (PAULA.email, "contact_invited"),
        (email(ANA), "contact_added_holder"),
        (email(LUIS), "contact_added_holder"),
    ]
    invited, *holders = [mail.details for mail in office.mails()]
    assert (invited["name"], invited["agency"], invited["role"], invited["until"]) == (
        "Paula",
        "Gestoría Sol",
        "read_only",
        None,
    )
    assert invited["link"].startswith("https://area.example/invitacion/")
    assert holders[0]["undo_link"] != holders[1]["undo_link"]
    assert holders[0]["undo_link"].startswith("https://area.example/deshacer/")


def test_no_token_is_stored_in_clear(office: Office) -> None:
    office.add()
    tokens = [office.token("contact_invited", PAULA.email), office.undo_token()]
    with office.database.reading() as connection:
        stored = [*connection.execute(select(invitation_table)), *connection.execute(select(undo_link_table))]
    assert len(stored) == 3
    assert not [token for token in tokens if token in str(stored)]


def test_it_is_in_the_audit_without_a_name(office: Office) -> None:
    new = office.add()
    (entry,) = [each.entry for each in office.entries()]
    assert entry == Entry(
        "contact_added", address=CHAT, person_id=ANA, agency_id=SOL, object_kind="contact", object_id=str(new.id)
    )


def test_somebody_with_an_account_elsewhere_is_added_as_the_person_they_are(office: Office) -> None:
    new = office.add(replace(NURIA, email=email(NOBODY).upper()))
    assert (new.id, new.name, new.state) == (NOBODY, "Nuria Ibáñez Cano", State.ACTIVE)
    assert office.mailed()[0] == (email(NOBODY), "contact_invited")


@pytest.mark.parametrize("person", CHANGERS)
def test_who_may_decide_may_add(office: Office, person: int) -> None:
    assert office.check(PAULA, person) is None
    assert office.add(PAULA, person).state is State.INVITED


@pytest.mark.parametrize("person", OTHERS)
def test_nobody_else_adds(office: Office, person: int) -> None:
    assert office.check(PAULA, person) is Problem.NOT_ALLOWED
    assert office.attempt(service.add, PAULA, who=person) == "NotAllowed"
    assert office.actions() == [("contact_added", "refused")]
    assert office.mails() == []
    assert len(office.contacts()) == 5


def test_a_right_that_is_limited_or_over_adds_nobody(office: Office) -> None:
    for changed in ({"is_limited": True}, {"role": "read_only"}, {"valid_until": NOW}):
        with office.database.writing() as connection:
            kept = {"is_limited": False, "role": "full", "valid_until": None}
            connection.execute(update(access_table).where(access_table.c.person_id == MAX).values(kept | changed))
        assert office.check(PAULA, MAX) is Problem.NOT_ALLOWED


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"identifier": "12121212A"}, Problem.WRONG_LETTER),
        ({"identifier": "1212121"}, Problem.WRONG_FORMAT),
        ({"identifier": "B12345674", "kind": Kind.CIF}, Problem.IS_CIF),
        ({"first_name": ""}, Problem.WRONG_NAME),
        ({"email": "paula"}, Problem.WRONG_EMAIL),
        ({"until": (NOW - timedelta(days=1)).date()}, Problem.UNTIL_IN_THE_PAST),
        ({"client_ids": ()}, Problem.UNKNOWN_CLIENT),
        ({"client_ids": (1, 7)}, Problem.UNKNOWN_CLIENT),
        ({"client_ids": (999,)}, Problem.UNKNOWN_CLIENT),
        ({"identifier": nif(11_111_111 * ANA), "email": email(ANA)}, Problem.IS_REPRESENTATIVE),
        ({"identifier": nif(11_111_111 * LUIS)}, Problem.IS_REPRESENTATIVE),
        ({"identifier": nif(11_111_111 * PEDRO), "email": email(PEDRO)}, Problem.ALREADY_CONTACT),
        ({"identifier": nif(11_111_111 * NOBODY)}, Problem.MAILBOX_DIFFERS),
        ({"identifier": nif(11_111_111 * OTTO), "email": email(EVA)}, Problem.MAILBOX_DIFFERS),
        ({"email": email(NOBODY)}, Problem.MAILBOX_DIFFERS),
        ({"email": email(ANA).upper()}, Problem.MAILBOX_DIFFERS),
    ],
)
def test_some_cannot_be_added(office: Office, changed: dict[str, Any], problem: Problem) -> None:
    new = replace(PAULA, **changed)
    assert office.check(new) is problem
    assert office.attempt(service.add, new) is problem
    assert office.actions() == [("contact_added", "refused")]
    assert office.mails() == []


def test_a_passport_that_looks_like_somebody_s_nif_is_not_taken_for_it(office: Office) -> None:
    with office.database.writing() as connection:
        changed = update(person_table).where(person_table.c.id == NOBODY)
        connection.execute(changed.values(identifier="AAA123456", identifier_kind="nie"))
    passport = replace(PAULA, kind=Kind.PASSPORT, identifier="AAA123456", email=email(NOBODY))
    assert office.check(passport) is Problem.MAILBOX_DIFFERS


def test_whoever_is_added_twice_is_added_once(office: Office) -> None:
    office.add()
    before = everything_stored(office.database)
    assert office.attempt(service.add, PAULA) is Problem.ALREADY_CONTACT
    after = everything_stored(office.database)
    assert {name for name in after if after[name] != before[name]} == {"audit"}


def test_two_threads_at_once_add_once(office: Office) -> None:
    office.add()
    new = replace(PAULA, identifier=nif(13), email="thirteen@new.example")
    now = office.go(minutes=1)
    assert sorted(map(str, at_once(lambda: tried(office, new, now), 4))) == ["None", *["already_contact"] * 3]
    assert len([mail for mail in office.mailed() if mail[0] == new.email]) == 1


def test_two_agencies_at_once_put_one_mailbox_on_record_once(office: Office) -> None:
    numbers = iter(range(20, 30))
    now = office.go(minutes=1)

    def add() -> object:
        return tried(office, replace(PAULA, identifier=nif(next(numbers))), now)

    assert sorted(map(str, at_once(add, 4))) == ["None", *["mailbox_differs"] * 3]


def tried(office: Office, new: Any, now: Any) -> object:
    with office.database.writing() as connection:
        try:
            service.add(connection, AREA, office.stale(ANA), new, CHAT, now)
        except Refused as refused:
            return refused.problem
    return None


def test_a_former_contact_is_added_anew(office: Office) -> None:
    new = office.add()
    office.do(service.deactivate, new.id)
    again = office.add(replace(PAULA, role=Role.FULL))
    assert (again.id, again.role) == (new.id, Role.FULL)
    assert [right.valid_until is None for right in office.rights(new.id)] == [False, True]


def test_nobody_is_sent_more_than_four_invitations_a_day(office: Office) -> None:
    for _ in range(4):
        new = office.add()
        office.do(service.deactivate, new.id)
    assert office.attempt(service.add, PAULA) is Problem.TOO_MANY_MAILS
    office.go(days=1)
    assert office.add().id == new.id


def test_the_database_itself_knows_one_endless_right_a_person(office: Office) -> None:
    right = {"person_id": PEDRO, "agency_id": SOL, "role": "full", "valid_from": NOW}
    with pytest.raises(IntegrityError), office.database.writing() as connection:
        connection.execute(insert(access_table), right)
    with office.database.writing() as connection:
        connection.execute(insert(access_table), right | {"agency_id": LUNA})
