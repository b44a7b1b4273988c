"""The invented world: complete, valid, always the same, and never where it is not wanted."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from bot.accounts.store import (
    agency_table,
    client_table,
    contract_table,
    supply_point_table,
)
from bot.database import Database, migrate
from bot.demo.service import TABLES, ensure_demo
from bot.identity.identifier_checks import Kind, kind_of, problem_of
from bot.identity.persons import person_table
from bot.invoices.model import State
from bot.invoices.store import invoice_table
from bot.settings import Settings
from tests.conftest import DEMO_DAY

SECONDS_TO_FILL = 6.0  # 1 to 2 when nothing else runs; a start must not wait longer on a busy machine


def rows(database: Database) -> dict[str, list[object]]:
    with database.reading() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table)))) for table in TABLES}  # type: ignore[type-var]


def test_it_has_three_agencies_200_clients_and_24_invoices_a_contract(demo: Database) -> None:
    with demo.reading() as connection:
        registered = connection.execute(select(agency_table.c.registered_with)).scalars().all()
        clients = connection.execute(select(func.count()).select_from(client_table)).scalar_one()
        contracts = connection.execute(select(contract_table.c.id)).scalars().all()
        invoices = Counter(connection.execute(select(invoice_table.c.contract_id)).scalars())
        states = set(connection.execute(select(invoice_table.c.state).distinct()).scalars())
    assert (sorted(registered), clients, states) == (["cif", "cif", "nif"], 200, set(State))
    assert set(invoices) == set(contracts)
    assert set(invoices.values()) == {24}


def test_every_identifier_is_valid(demo: Database) -> None:
    with demo.reading() as connection:
        for table in (agency_table, client_table, person_table):
            for value in connection.execute(select(table.c.identifier)).scalars():
                assert problem_of(kind_of(value), value) is None, value
        for cups in connection.execute(select(supply_point_table.c.cups)).scalars():
            assert problem_of(Kind.CUPS, cups) is None, cups


def test_an_agency_registered_by_nif_has_its_representative_s(demo: Database) -> None:
    with demo.reading() as connection:
        by_nif = select(agency_table.c.identifier).where(agency_table.c.registered_with == "nif")
        identifier = connection.execute(by_nif).scalar_one()
    assert ensure_demo(demo, DEMO_DAY)[0].nif == identifier


@pytest.mark.parametrize("day", [datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 2, 29, 23, 59, tzinfo=UTC)])
def test_every_day_of_the_year_has_its_world(database: Database, day: datetime) -> None:
    ensure_demo(database, day)
    with database.reading() as connection:
        last = connection.execute(select(func.max(invoice_table.c.issued_on))).scalar_one()
    assert last <= day.date()


def test_the_same_day_gives_the_same_world(demo: Database, tmp_path: Path) -> None:
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    migrate(other)
    ensure_demo(other, DEMO_DAY)
    assert rows(other) == rows(demo)
    other.close()


def test_it_fills_a_database_in_time(database: Database) -> None:
    started = time.perf_counter()
    ensure_demo(database, DEMO_DAY)
    assert time.perf_counter() - started < SECONDS_TO_FILL


def test_its_people_are_named_and_stay_on_another_day(demo: Database) -> None:
    people = ensure_demo(demo, DEMO_DAY.replace(year=2027))
    assert [person.role for person in people] == [
        "representative",
        "representative",
        "full",
        "representative",
        "read_only",
    ]
    assert all(part in str(people[0]) for part in (people[0].name, people[0].nif, people[0].agency))


def test_a_database_with_an_agency_is_left_alone(database: Database) -> None:
    with database.writing() as connection:
        row = {"name": "Gestoría Real", "registered_with": "cif", "identifier": "B12345674"}
        connection.execute(insert(agency_table), row)
    assert list(ensure_demo(database, DEMO_DAY)) == []
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(client_table)).scalar_one() == 0


def test_new_rows_get_new_ids(demo: Database) -> None:
    row = {
        "identifier_kind": "nif",
        "identifier": "12345678Z",
        "first_name": "A",
        "surnames": "B",
        "email": "c@d.example",
    }
    with demo.writing() as connection:
        key = connection.execute(insert(person_table), row | {"created_at": DEMO_DAY}).inserted_primary_key
    assert key is not None
    assert key[0] == 6


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, True),
        ({"DATABASE_URL": "sqlite:///x.db"}, True),
        ({"DATABASE_URL": "postgresql://u@h/n"}, False),
        ({"DATABASE_URL": "postgresql://u@h/n", "DEMO_DATA": "true"}, True),
        ({"DEMO_DATA": "false"}, False),
        ({"DEMO_DATA": ""}, True),
    ],
)
def test_only_sqlite_gets_it_unasked(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], wanted: bool
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None).wants_demo_data is wanted  # type: ignore[call-arg]
