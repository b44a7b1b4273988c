"""Who may act for an agency, and what of its clients and contracts is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Select, insert, select, update

from bot.accounts.model import NotAllowed, NotFound, Page, Role, Viewer, registration_of, searchable
from bot.accounts.service import (
    agencies_of,
    client_of,
    clients_of,
    contracts_of,
    count_clients_of,
    viewer_of,
)
from bot.accounts.store import (
    access_table,
    assignment_table,
    client_table,
    contract_table,
    representative_table,
    supply_point_table,
)
from bot.database import Database
from bot.identity.identifier_checks import Kind
from tests.conftest import DEMO_DAY

BEATRIZ, IGNACIO, PAULA, ROSA, MARCOS = 1, 2, 3, 4, 5
ARANDA, LLORENTE, RIBERA = 1, 2, 3
CLIENTS = {ARANDA: 60, LLORENTE: 90, RIBERA: 50}


def viewer(database: Database, person: int = IGNACIO, agency: int = LLORENTE) -> Viewer:
    with database.reading() as connection:
        return viewer_of(connection, person, agency, DEMO_DAY)


def count(database: Database, who: Viewer, search: str = "") -> int:
    with database.reading() as connection:
        return count_clients_of(connection, who, search)


@pytest.mark.parametrize(
    ("person", "agency", "role"),
    [
        (BEATRIZ, ARANDA, Role.FULL),
        (IGNACIO, LLORENTE, Role.FULL),
        (PAULA, LLORENTE, Role.FULL),
        (MARCOS, RIBERA, Role.READ_ONLY),
    ],
)
def test_a_person_has_the_right_that_was_given(demo: Database, person: int, agency: int, role: Role) -> None:
    found = viewer(demo, person, agency)
    assert found.role is role
    assert found.may_change is (role is Role.FULL)


@pytest.mark.parametrize(
    ("person", "agency"), [(BEATRIZ, LLORENTE), (MARCOS, ARANDA), (99, ARANDA), (BEATRIZ, 99), (-1, -1)]
)
def test_nobody_acts_for_an_agency_without_a_right(demo: Database, person: int, agency: int) -> None:
    with pytest.raises(NotAllowed):
        viewer(demo, person, agency)


@pytest.mark.parametrize("table", [representative_table, access_table])
def test_a_right_ends_at_its_last_moment(demo: Database, table: type) -> None:
    person, agency = (ROSA, RIBERA) if table is representative_table else (MARCOS, RIBERA)
    with demo.writing() as connection:
        connection.execute(update(table).where(table.c.person_id == person).values(valid_until=DEMO_DAY))
        assert viewer_of(connection, person, agency, DEMO_DAY - timedelta(seconds=1))
        with pytest.raises(NotAllowed):
            viewer_of(connection, person, agency, DEMO_DAY)


def test_a_right_begins_at_its_first_moment(demo: Database) -> None:
    later = DEMO_DAY + timedelta(days=1)
    right = {"person_id": BEATRIZ, "agency_id": RIBERA, "role": Role.READ_ONLY, "valid_from": later}
    with demo.writing() as connection:
        connection.execute(insert(access_table), right)
        with pytest.raises(NotAllowed):
            viewer_of(connection, BEATRIZ, RIBERA, DEMO_DAY)
        assert viewer_of(connection, BEATRIZ, RIBERA, later).role is Role.READ_ONLY
        assert agencies_of(connection, BEATRIZ, DEMO_DAY) == [ARANDA]
        assert agencies_of(connection, BEATRIZ, later) == [ARANDA, RIBERA]


def test_of_two_rights_the_full_one_counts(demo: Database) -> None:
    right = {"person_id": MARCOS, "agency_id": RIBERA, "role": Role.FULL, "valid_from": DEMO_DAY}
    with demo.writing() as connection:
        connection.execute(insert(access_table), right | {"valid_until": DEMO_DAY + timedelta(days=1)})
        assert viewer_of(connection, MARCOS, RIBERA, DEMO_DAY).may_change


def test_an_agency_sees_its_own_clients(demo: Database) -> None:
    assert count(demo, viewer(demo, BEATRIZ, ARANDA)) == CLIENTS[ARANDA]
    assert count(demo, viewer(demo)) == CLIENTS[LLORENTE]


def test_pages_together_hold_every_client_once(demo: Database) -> None:
    who = viewer(demo)
    with demo.reading() as connection:
        pages = [clients_of(connection, who, page=Page(offset, 40)) for offset in (0, 40, 80)]
    assert [len(page) for page in pages] == [40, 40, 10]
    assert len({client.id for page in pages for client in page}) == CLIENTS[LLORENTE]


@pytest.mark.parametrize(("offset", "limit"), [(-1, 10), (0, 0), (0, 101)])
def test_a_page_has_bounds(offset: int, limit: int) -> None:
    with pytest.raises(ValueError, match="a page"):
        Page(offset, limit)


def test_a_client_is_found_by_identifier_cups_and_words(demo: Database) -> None:
    who = viewer(demo)
    with demo.reading() as connection:
        (wanted,) = clients_of(connection, who, page=Page(7, 1))
        cups = contracts_of(connection, who, wanted.id)[0].cups
        spaced = f"{wanted.identifier[0]}-{wanted.identifier[1:]}".lower()
        for search in (wanted.identifier, spaced, cups, f"{cups[:4]} {cups[4:]}", wanted.name.upper()):
            assert wanted in clients_of(connection, who, search), search


def test_accents_and_signs_make_no_difference_to_a_search(demo: Database) -> None:
    who = viewer(demo)
    assert count(demo, who, "málaga") == count(demo, who, "MALAGA") > 0
    assert count(demo, who, "%") == count(demo, who)
    assert count(demo, who, "comunidad_") == count(demo, who, "comunidad")


def test_nobody_finds_another_agency_s_client(demo: Database) -> None:
    with demo.reading() as connection:
        theirs = clients_of(connection, viewer(demo))[0]
        cups = contracts_of(connection, viewer(demo), theirs.id)[0].cups
        stranger = viewer(demo, BEATRIZ, ARANDA)
        for search in (theirs.identifier, cups):
            assert clients_of(connection, stranger, search) == []
            assert count_clients_of(connection, stranger, search) == 0
        assert contracts_of(connection, stranger, theirs.id) == contracts_of(connection, stranger, 10**6) == []
        assert contracts_of(connection, stranger, cups=cups) == []


@pytest.mark.parametrize("client_id", [61, 10**6])
def test_another_agency_s_client_is_as_one_that_does_not_exist(demo: Database, client_id: int) -> None:
    with demo.reading() as connection, pytest.raises(NotFound):
        client_of(connection, viewer(demo, BEATRIZ, ARANDA), client_id)


def test_an_ended_assignment_hides_the_client(demo: Database) -> None:
    who = viewer(demo)
    with demo.writing() as connection:
        ended = update(assignment_table).where(assignment_table.c.client_id == 61).values(valid_until=DEMO_DAY)
        assert client_of(connection, who, 61).id == 61
        connection.execute(ended)
        with pytest.raises(NotFound):
            client_of(connection, who, 61)
    assert count(demo, who) == CLIENTS[LLORENTE] - 1


def test_contracts_are_found_by_client_and_supply_point(demo: Database) -> None:
    who = viewer(demo)
    with demo.reading() as connection:
        wanted = contracts_of(connection, who)[0]
        assert wanted in contracts_of(connection, who, wanted.client_id)
        assert contracts_of(connection, who, cups=wanted.cups.lower()) == [wanted]
        assert client_of(connection, who, wanted.client_id).name == wanted.client_name


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (select(client_table.c.id).where(client_table.c.identifier == "X"), "uq_client_identifier"),
        (select(supply_point_table.c.id).where(supply_point_table.c.cups == "X"), "uq_supply_point_cups"),
        (select(contract_table.c.id).where(contract_table.c.client_id == 1), "ix_contract_client_id"),
        (select(assignment_table.c.client_id).where(assignment_table.c.agency_id == 1), "assignment"),
    ],
)
def test_look_ups_have_an_index(demo: Database, query: Select[tuple[int]], index: str) -> None:
    with demo.reading() as connection:
        if not demo.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        sql = query.compile(connection, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if demo.is_sqlite else "EXPLAIN"
        plan = connection.exec_driver_sql(f"{explain} {sql}").all()
    text = " ".join(str(row) for row in plan)
    assert "Index" in text or "INDEX" in text
    assert index in text or "sqlite_autoindex" in text


def test_a_foreigner_s_registration_counts_as_a_person_s() -> None:
    assert [registration_of(kind) for kind in (Kind.NIF, Kind.NIE, Kind.CIF)] == ["nif", "nif", "cif"]


def test_search_text_has_no_accents_and_no_signs() -> None:
    assert searchable("Peñón, S. L. (3º-B)") == "penon s l 3o b"
