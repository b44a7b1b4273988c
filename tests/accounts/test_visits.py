"""For which agency somebody who is signed in acts, and what of its contracts is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from bot.accounts.model import Agency, Energy, NotAllowed, NotFound, Page, Registration, Role, Viewer
from bot.accounts.service import (
    agencies_named,
    agency_of,
    contract_of,
    contracts_of,
    count_contracts,
    viewer_here,
    viewer_of,
)
from bot.accounts.store import access_table, contract_table, representative_table
from bot.database import Database
from bot.identity.sessions import choose_agency, open_session
from tests.conftest import DEMO_DAY

BEATRIZ, IGNACIO = 1, 2
ARANDA, LLORENTE, RIBERA = 1, 2, 3
ALL = Page(0, 100)


def viewer(database: Database, person: int = IGNACIO, agency: int = LLORENTE) -> Viewer:
    with database.reading() as connection:
        return viewer_of(connection, person, agency, DEMO_DAY)


def test_a_session_acts_for_the_agency_that_was_chosen(demo: Database) -> None:
    with demo.writing() as connection:
        session = open_session(connection, "web:1", IGNACIO, "browser", DEMO_DAY)
        with pytest.raises(NotAllowed):
            viewer_here(connection, session, DEMO_DAY)
        session = choose_agency(connection, session, LLORENTE)
        assert viewer_here(connection, session, DEMO_DAY) == Viewer(IGNACIO, LLORENTE, Role.FULL, DEMO_DAY)
        with pytest.raises(NotAllowed):
            viewer_here(connection, replace(session, agency_id=RIBERA), DEMO_DAY)


def test_a_session_outlives_no_right(demo: Database) -> None:
    with demo.writing() as connection:
        session = choose_agency(connection, open_session(connection, "web:1", IGNACIO, "browser", DEMO_DAY), LLORENTE)
        ended = update(representative_table).where(representative_table.c.person_id == IGNACIO)
        connection.execute(ended.values(valid_until=DEMO_DAY + timedelta(minutes=1)))
        assert viewer_here(connection, session, DEMO_DAY)
        with pytest.raises(NotAllowed):
            viewer_here(connection, session, DEMO_DAY + timedelta(minutes=1))


def test_agencies_are_given_by_name(demo: Database) -> None:
    right = {"person_id": BEATRIZ, "agency_id": RIBERA, "role": Role.READ_ONLY, "valid_from": DEMO_DAY}
    with demo.writing() as connection:
        connection.execute(insert(access_table), right)
        found = agencies_named(connection, BEATRIZ, DEMO_DAY)
        before = agencies_named(connection, BEATRIZ, DEMO_DAY - timedelta(seconds=1))
        assert agencies_named(connection, 99, DEMO_DAY) == []
    assert [agency.name for agency in found] == ["Administraciones Ribera Alta, S. L.", "Gestoría Beatriz Aranda"]
    assert before == [found[1]] == [Agency(ARANDA, "Gestoría Beatriz Aranda", Registration.NIF, "16001840G")]


def test_a_viewer_s_agency_is_told(demo: Database) -> None:
    with demo.reading() as connection:
        assert agency_of(connection, viewer(demo)).name == "Fincas Llorente y Vega, S. L."
        assert agency_of(connection, viewer(demo)).registered_with is Registration.CIF
        with pytest.raises(NotAllowed):
            agency_of(connection, Viewer(IGNACIO, 99, Role.FULL, DEMO_DAY))


def test_a_contract_is_found_by_its_number(demo: Database) -> None:
    who = viewer(demo)
    with demo.reading() as connection:
        wanted = contracts_of(connection, who)[3]
        for number in (wanted.number, f" {wanted.number[:4]} {wanted.number[4:]} "):
            assert contracts_of(connection, who, number=number) == [wanted]
            assert count_contracts(connection, who, number=number) == 1
        assert contracts_of(connection, who, number="7") == []


def test_a_number_with_letters_is_found_in_small_ones(demo: Database) -> None:
    who = viewer(demo)
    with demo.writing() as connection:
        first = contracts_of(connection, who)[0].id
        for stored, written in (("C-2026/1", "c-2026/1"), ("C1", "c-1"), ("ab", "ab")):
            connection.execute(update(contract_table).where(contract_table.c.id == first).values(number=stored))
            assert [found.id for found in contracts_of(connection, who, number=written)] == [first]


def test_contracts_are_asked_by_energy(demo: Database) -> None:
    who = viewer(demo)
    with demo.reading() as connection:
        gas = contracts_of(connection, who, energy=Energy.GAS, page=ALL)
        assert {contract.energy for contract in gas} == {Energy.GAS}
        counts = [count_contracts(connection, who, energy=energy) for energy in (Energy.GAS, Energy.ELECTRICITY, None)]
    assert counts[0] == len(gas) > 0
    assert counts[0] + counts[1] == counts[2]


@pytest.mark.parametrize(("days_from", "days_until", "runs"), [(0, None, 1), (-9, 0, 1), (-9, -1, 0), (1, None, 0)])
def test_a_current_contract_runs_today(demo: Database, days_from: int, days_until: int | None, runs: int) -> None:
    today = DEMO_DAY.date()
    until = None if days_until is None else today + timedelta(days=days_until)
    times = {"starts_on": today + timedelta(days=days_from), "ends_on": until}
    with demo.writing() as connection:
        (one, *_) = contracts_of(connection, viewer(demo))
        connection.execute(update(contract_table).where(contract_table.c.id == one.id).values(times))
        assert count_contracts(connection, viewer(demo), cups=one.cups, current=True) == runs
        assert len(contracts_of(connection, viewer(demo), cups=one.cups, current=True)) == runs
        assert count_contracts(connection, viewer(demo), cups=one.cups) == 1


def test_today_is_that_of_spain() -> None:
    assert Viewer(1, 1, Role.FULL, DEMO_DAY.replace(hour=23, minute=30)).day == DEMO_DAY.date() + timedelta(days=1)


def test_another_agency_s_contract_is_as_one_that_does_not_exist(demo: Database) -> None:
    with demo.reading() as connection:
        theirs = contracts_of(connection, viewer(demo))[0]
        stranger = viewer(demo, BEATRIZ, ARANDA)
        assert contract_of(connection, viewer(demo), theirs.id) == theirs
        for contract_id in (theirs.id, 10**6):
            with pytest.raises(NotFound):
                contract_of(connection, stranger, contract_id)
        assert contracts_of(connection, stranger, number=theirs.number) == []
        assert count_contracts(connection, stranger, number=theirs.number) == 0
