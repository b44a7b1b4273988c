"""Who acts for an agency, as its people see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, update

from bot.accounts.model import NotAllowed, NotFound, Role
from bot.accounts.store import access_table, assignment_table, representative_table
from bot.contacts import service
from bot.contacts.model import Contact, State
from tests.contacts.office import (
    ANA,
    EVA,
    LUIS,
    LUNA,
    MAX,
    NOBODY,
    NOW,
    OTTO,
    PAULA,
    PEDRO,
    RITA,
    SOL,
    Office,
    nif,
)


def find(office: Office, words: str) -> list[int]:
    with office.database.reading() as connection:
        return [each.id for each in service.find_contacts(connection, office.viewer(), words)]


def seeing(office: Office, client_id: int) -> list[int]:
    with office.database.reading() as connection:
        return sorted(each.id for each in service.who_sees(connection, office.viewer(), client_id))


def test_representatives_come_first_then_contacts_by_name(office: Office) -> None:
    assert list(office.contacts()) == [ANA, LUIS, MAX, PEDRO, RITA]
    assert list(office.contacts(OTTO, LUNA)) == [EVA, OTTO]


def test_a_contact_is_shown_masked(office: Office) -> None:
    assert office.contacts()[RITA] == Contact(
        id=RITA,
        name="Rita Mora Lis",
        identifier="***5555**",
        email="r***@people.example",
        role=Role.READ_ONLY,
        is_representative=False,
        client_count=None,
        since=(NOW - timedelta(days=100)).date(),
        until=None,
        state=State.ACTIVE,
    )
    assert office.contacts()[ANA].is_representative


def test_where_a_contact_stands(office: Office) -> None:
    new = office.add(replace(PAULA, client_ids=(2, 4), until=NOW.date()))
    assert (new.state, new.client_count, new.until) == (State.INVITED, 2, NOW.date())
    office.sign_in(new.id)
    assert office.contacts()[new.id].state is State.ACTIVE
    office.go(days=1)
    ended = list(office.contacts().values())[-1]
    assert (ended.id, ended.state, ended.until) == (new.id, State.ENDED, NOW.date())


def test_only_clients_that_are_still_the_agency_s_are_counted(office: Office) -> None:
    new = office.add(replace(PAULA, client_ids=(2, 4)))
    with office.database.writing() as connection:
        connection.execute(update(assignment_table).where(assignment_table.c.client_id == 4).values(valid_until=NOW))
    assert office.contacts()[new.id].client_count == 1


def test_who_represented_the_agency_once_is_not_shown(office: Office) -> None:
    with office.database.writing() as connection:
        ended = update(representative_table).where(representative_table.c.person_id == LUIS)
        connection.execute(ended.values(valid_until=NOW))
    assert LUIS not in office.contacts()


def test_a_right_that_begins_later_is_shown(office: Office) -> None:
    later = {"person_id": NOBODY, "agency_id": SOL, "role": "full", "valid_from": NOW + timedelta(days=9)}
    with office.database.writing() as connection:
        connection.execute(insert(access_table), later)
    assert office.contacts()[NOBODY].since == date(2026, 12, 2)
    assert NOBODY not in seeing(office, 1)


def test_one_contact_is_found_by_id_and_no_other_agency_s(office: Office) -> None:
    with office.database.reading() as connection:
        assert service.contact_of(connection, office.viewer(), PEDRO).id == PEDRO
        for stranger in (OTTO, NOBODY, 999):
            with pytest.raises(NotFound):
                service.contact_of(connection, office.viewer(), stranger)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("pedro", [PEDRO]),
        ("Pedro Etxebarria", [PEDRO]),
        ("rtia mora", [RITA]),
        ("rita moar", [RITA]),
        (nif(11_111_111 * MAX), [MAX]),
        ("66.666.666-q", [MAX]),
        ("otto", []),
        (nif(11_111_111 * OTTO), []),
        ("", []),
        ("quien sea", []),
    ],
)
def test_contacts_are_found_by_name_with_slips_and_by_identifier(office: Office, words: str, found: list[int]) -> None:
    assert find(office, words) == found


def test_who_sees_a_client(office: Office) -> None:
    new = office.add(replace(PAULA, client_ids=(2,)))
    assert seeing(office, 2) == [ANA, LUIS, PEDRO, RITA, MAX, new.id]
    assert seeing(office, 1) == [ANA, LUIS, PEDRO, RITA, MAX]
    office.do(service.deactivate, RITA)
    assert seeing(office, 1) == [ANA, LUIS, PEDRO, MAX]
    with pytest.raises(NotFound):
        seeing(office, 7)


def test_who_sees_some_clients_only_sees_no_colleagues(office: Office) -> None:
    new = office.add(replace(PAULA, client_ids=(2,)))
    viewer = office.viewer(new.id)
    assert viewer.is_limited
    with office.database.reading() as connection:
        for look in (
            lambda: service.contacts_of(connection, viewer),
            lambda: service.contact_of(connection, viewer, ANA),
            lambda: service.find_contacts(connection, viewer, "ana"),
            lambda: service.who_sees(connection, viewer, 2),
        ):
            with pytest.raises(NotAllowed):
                look()
