"""Who may act for an agency is loaded from a file, and no file that is loaded again gives back a right that has ended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from bot.accounts.model import NotAllowed, Role
from bot.accounts.service import viewer_of
from bot.accounts.store import access_table, agency_table, representative_table
from bot.database import Database
from bot.identity.identifier_checks import Kind
from bot.identity.persons import Person, person_by_identifier, person_table
from bot.imports.model import Outcome
from tests.imports.offices import CLIENTS, PEOPLE, changes, imported, office, stored, write

ANA, JOSE = "12345678Z", "X1234567L"
DAY = datetime(2025, 6, 1, 12, tzinfo=UTC)
JOSE_LATER = "B12345674;X1234567L;José;Peña;jose@uno.example;total;2026-02-01;\n"


def files(folder: Path, people: str = PEOPLE, clients: str | None = CLIENTS) -> list[Path]:
    mine = write(folder, "people.csv", people)
    return [mine] if clients is None else [mine, write(folder, "clients.csv", clients)]


def loaded(database: Database, folder: Path, people: str = PEOPLE) -> Outcome:
    return imported(database, files(folder, people))


def reasons(database: Database, folder: Path, people: str, clients: str | None = CLIENTS) -> list[str]:
    before = stored(database)
    outcome = imported(database, files(folder, people, clients))
    assert not outcome.stored
    assert stored(database) == before
    return [str(problem) for problem in outcome.problems.shown]


def role_of(database: Database, identifier: str, at: datetime = DAY) -> Role | None:
    with database.reading() as connection:
        person = person_by_identifier(connection, identifier)
        assert person is not None
        agency_id = connection.execute(select(agency_table.c.id)).scalar_one()
        try:
            return viewer_of(connection, person.id, agency_id, at).role
        except NotAllowed:
            return None


def end_rights(database: Database, at: datetime) -> None:
    with database.writing() as connection:
        for table in (representative_table, access_table):
            connection.execute(update(table).values(valid_until=at))


def test_people_are_stored_with_their_rights(database: Database, tmp_path: Path) -> None:
    outcome = loaded(database, tmp_path)
    told = changes(outcome)
    assert (told["person"], told["representative"], told["access"]) == ((2, 0), (1, 0), (1, 0))
    with database.reading() as connection:
        ana = person_by_identifier(connection, ANA)
    assert ana is not None
    assert ana == Person(ana.id, Kind.NIF, ANA, "Ana", "Núñez Gil", "ana@uno.example")
    assert (role_of(database, ANA), role_of(database, JOSE)) == (Role.FULL, Role.READ_ONLY)


def test_a_right_begins_and_ends_at_midnight_in_spain(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path)
    for moment, role in (
        (datetime(2025, 1, 31, 22, 59, tzinfo=UTC), None),
        (datetime(2025, 1, 31, 23, tzinfo=UTC), Role.READ_ONLY),
        (datetime(2025, 12, 30, 22, 59, tzinfo=UTC), Role.READ_ONLY),
        (datetime(2025, 12, 30, 23, tzinfo=UTC), None),
    ):
        assert role_of(database, JOSE, moment) is role


def test_all_files_go_together(database: Database, tmp_path: Path) -> None:
    paths = [*office(tmp_path), write(tmp_path, "people.csv", PEOPLE)]
    assert [each.file for each in imported(database, paths).loaded] == [
        *("clients.csv", "people.csv", "contracts.csv", "invoices.csv")
    ]


def test_the_agency_may_be_stored_already(database: Database, tmp_path: Path) -> None:
    imported(database, office(tmp_path))
    assert imported(database, files(tmp_path, clients=None)).stored


def test_the_same_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path)
    before = stored(database)
    assert set(changes(loaded(database, tmp_path)).values()) == {(0, 0)}
    assert stored(database) == before


def test_names_and_addresses_are_updated_and_the_account_keeps_its_age(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path)
    with database.writing() as connection:
        connection.execute(update(person_table).values(created_at=DAY))
    told = changes(loaded(database, tmp_path, PEOPLE.replace("ana@uno", "ana.nunez@uno")))
    assert told["person"] == (0, 1)
    with database.reading() as connection:
        rows = connection.execute(select(person_table).order_by(person_table.c.identifier)).all()
    assert [row.created_at for row in rows] == [DAY, DAY]
    assert rows[0].email == "ana.nunez@uno.example"


def test_a_right_that_has_ended_stays_ended(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path)
    end_rights(database, DAY)
    before = stored(database)
    assert set(changes(loaded(database, tmp_path)).values()) == {(0, 0)}
    assert stored(database) == before
    assert role_of(database, ANA) is role_of(database, JOSE) is None


def test_a_file_can_end_a_right_and_begin_another(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path)
    ended = PEOPLE.replace("01/02/2025;\n", "01/02/2025;01/05/2025\n")
    row = "B12345674;12345678Z;Ana;Núñez Gil;ana@uno.example;read_only;01/05/2025;\n"
    told = changes(loaded(database, tmp_path, ended + row))
    assert (told["representative"], told["access"]) == ((0, 1), (1, 0))
    assert role_of(database, ANA) is Role.READ_ONLY
    assert role_of(database, ANA, datetime(2025, 4, 1, tzinfo=UTC)) is Role.FULL


def test_it_does_not_matter_which_row_ends_a_right_and_which_begins_another(database: Database, tmp_path: Path) -> None:
    header, ana, jose = PEOPLE.splitlines(keepends=True)
    endless = jose.replace("31/12/2025", "")
    loaded(database, tmp_path, header + ana + endless)
    assert changes(loaded(database, tmp_path, header + JOSE_LATER + ana + jose))["access"] == (1, 1)
    assert role_of(database, JOSE) is Role.READ_ONLY
    assert role_of(database, JOSE, datetime(2026, 3, 1, tzinfo=UTC)) is Role.FULL


def test_an_ended_right_is_given_again_from_a_later_day(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path)
    end_rights(database, DAY)
    assert changes(loaded(database, tmp_path, PEOPLE + JOSE_LATER))["access"] == (1, 0)
    assert role_of(database, JOSE, datetime(2026, 3, 1, tzinfo=UTC)) is Role.FULL


@pytest.mark.parametrize("right", ["solo lectura", "total"])
def test_who_represents_is_not_narrowed_beside_the_wider_right(database: Database, tmp_path: Path, right: str) -> None:
    loaded(database, tmp_path)
    for day in ("01/02/2025", "01/03/2026"):
        row = f"B12345674;12345678Z;Ana;Núñez Gil;ana@uno.example;{right};{day};\n"
        found = reasons(database, tmp_path, PEOPLE.splitlines(keepends=True)[0] + row)
        reason = "the person has the right representative in that time: end it first with its valid_until"
        assert found == [f"people.csv:2: {reason}"]


def test_a_right_that_was_given_beside_in_the_area_hinders_no_file(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path)
    with database.writing() as connection:
        jose, agency_id = person_by_identifier(connection, JOSE), connection.execute(select(agency_table.c.id)).scalar()
        assert jose is not None
        for table, role in ((representative_table, {}), (access_table, {"role": "full"})):
            values = {"person_id": jose.id, "agency_id": agency_id, "valid_from": DAY}
            connection.execute(insert(table), values | role)
    before = stored(database)
    assert loaded(database, tmp_path).stored
    assert stored(database) == before


def test_a_mistaken_right_can_be_ended_on_its_first_day_and_replaced(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path, PEOPLE.replace("solo lectura;2025-02-01;31/12/2025", "total;2025-02-01;"))
    loaded(database, tmp_path, PEOPLE.replace("solo lectura;2025-02-01;31/12/2025", "total;2025-02-01;2025-02-01"))
    assert role_of(database, JOSE) is None
    assert loaded(database, tmp_path).stored
    assert role_of(database, JOSE) is Role.READ_ONLY


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (ANA, "12345678A", "2: identifier: «12345678A»: wrong letter"),
        (ANA, "B12345674", "2: identifier: a person has a NIF, a NIE or a passport, not a CIF"),
        (ANA, "", "2: identifier is empty"),
        ("Ana", " ", "2: first_name is empty"),
        ("Núñez Gil", "x" * 201, "2: surnames is longer than 200 characters"),
        ("ana@uno.example", "", "2: email is empty"),
        ("ana@uno.example", "ana", "2: email is no e-mail address"),
        ("ana@uno.example", "ana@uno", "2: email is no e-mail address"),
        ("ana@uno.example", "a na@uno.example", "2: email is no e-mail address"),
        ("ana@uno.example", "ana@uno.example,eva@uno.example", "2: email is no e-mail address"),
        ("ana@uno.example", "Ana <ana@uno.example>", "2: email is no e-mail address"),
        ("ana@uno.example", f"{'a' * 250}@uno.example", "2: email is longer than 254 characters"),
        ("representante", "jefa", "2: right: «jefa» is none of full, read_only, representative"),
        ("01/02/2025", "", "2: valid_from is empty"),
        ("31/12/2025", "31/12/2024", "3: valid_until is before valid_from"),
        ("B12345674;X", "A58818501;X", "3: agency: A58818501 is not known"),
        (";solo lectura", "", "3: the number of values is not that of the header"),
        (
            "X1234567L;José;Peña;jose@uno.example",
            "12345678Z;Ana;Núñez Gil;ana@uno.example",
            "3: agency, person and valid_from are those of line 2",
        ),
    ],
)
def test_a_bad_row_is_reported_with_its_line(
    database: Database, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert old in PEOPLE
    found = reasons(database, tmp_path, PEOPLE.replace(old, new, 1))
    assert found[0] == f"people.csv:{reason}"


def test_a_person_has_one_name_and_one_address_in_a_file(database: Database, tmp_path: Path) -> None:
    for old, new in (("José", "Pepe"), ("Peña", "Pena"), ("jose@", "pepe@")):
        found = reasons(database, tmp_path, PEOPLE + JOSE_LATER.replace(old, new))
        assert found == ["people.csv:4: the person has another name or e-mail in line 3"]


def test_two_rights_of_a_person_do_not_overlap(database: Database, tmp_path: Path) -> None:
    for first_day in ("2025-12-30", "2025-03-01"):
        found = reasons(database, tmp_path, PEOPLE + JOSE_LATER.replace("2026-02-01", first_day))
        assert found == ["people.csv:4: the right overlaps that of line 3"]
    assert loaded(database, tmp_path, PEOPLE + JOSE_LATER.replace("2026-02-01", "2025-12-31")).stored


def test_a_person_may_act_for_two_agencies(database: Database, tmp_path: Path) -> None:
    clients = CLIENTS + 'A58818501;Fincas Dos;12345678Z;Ana Núñez;"Calle Sol, 14";01/02/2025;\n'
    both = PEOPLE + JOSE_LATER.replace("B12345674", "A58818501").replace("2026-02-01", "2025-03-01")
    outcome = imported(database, files(tmp_path, both, clients))
    assert changes(outcome)["person"] == (2, 0)
    assert changes(outcome)["access"] == (2, 0)


def test_a_bad_client_keeps_the_people_out(database: Database, tmp_path: Path) -> None:
    found = reasons(database, tmp_path, PEOPLE, CLIENTS.replace("Ana Núñez", ""))
    assert found == ["clients.csv:2: name is empty"]


def test_a_dry_run_stores_nobody(database: Database, tmp_path: Path) -> None:
    outcome = imported(database, files(tmp_path), dry_run=True)
    assert changes(outcome)["person"] == (2, 0)
    assert not any(stored(database).values())


def test_a_passport_is_imported_when_the_word_stands_before_it(database: Database, tmp_path: Path) -> None:
    row = "B12345674;pasaporte AB123456;Tom;Hill;tom@uno.example;total;01/02/2025;\n"
    paths = [write(tmp_path, "clients.csv", CLIENTS), write(tmp_path, "people.csv", PEOPLE + row)]
    assert imported(database, paths).stored
    with database.reading() as connection:
        query = select(person_table.c.identifier).where(person_table.c.identifier_kind == "passport")
        assert connection.execute(query).scalar_one() == "AB123456"
    slip = PEOPLE + row.replace("pasaporte AB123456", "AB123456")
    assert not imported(database, [paths[0], write(tmp_path, "people.csv", slip)]).stored
