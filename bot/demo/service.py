"""Fills an empty database with the invented world. The same day gives the same world, to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from bot.accounts.model import Registration, Role, searchable
from bot.accounts.store import (
    access_table,
    agency_table,
    assignment_table,
    client_table,
    contract_table,
    representative_table,
    supply_point_table,
)
from bot.database import Database, Line, in_line
from bot.demo.invoices import MONTHS, invoices
from bot.demo.names import COMPANY_LETTER, Names, words
from bot.identity.identifier_checks import Kind
from bot.identity.passwords import hash_password, set_password
from bot.identity.persons import person_table
from bot.invoices.store import invoice_table, payment_day_table

SEED = 20260101
REPRESENTATIVE = "representative"
YEARS_BACK = timedelta(days=3 * 365)
TABLES = (
    person_table,
    agency_table,
    representative_table,
    access_table,
    client_table,
    assignment_table,
    supply_point_table,
    contract_table,
    invoice_table,
    payment_day_table,
)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the invented world to be in the chat."""

    name: str
    nif: str
    agency: str
    role: str

    def __str__(self) -> str:
        return f"{self.name}, NIF {self.nif}, password {words()['password']}, {self.agency} ({self.role})"


def ensure_demo(database: Database, now: datetime) -> Sequence[DemoPerson]:
    """Fill a database that has no agency; the demo people, if the database is the invented world."""
    world = _World(now)
    password_hash = _password_hash()  # before the transaction, in which nothing slow may happen
    with database.writing() as connection:
        in_line(connection, Line.DEMO)  # two processes may start on the same empty database
        if connection.execute(select(agency_table.c.id).limit(1)).first() is None:
            world.make()
            world.store(connection)
            for row in connection.execute(select(person_table.c.id)):
                set_password(connection, row.id, password_hash, now)
        known = set(connection.execute(select(person_table.c.identifier)).scalars())
    return [person for person in world.people if person.nif in known]


@cache
def _password_hash() -> str:
    return hash_password(words()["password"])


class _World:
    """Rows of every table, with ids of their own; people come first so that they never change."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._since = now - YEARS_BACK
        self._random = Random(SEED)  # noqa: S311  # invented people, no secret
        self._names = Names(self._random)
        self._rows: dict[Table, list[dict[str, Any]]] = {table: [] for table in TABLES}
        self.people: list[DemoPerson] = []
        for agency in words()["agencies"]:
            self._add_agency(agency)

    def make(self) -> None:
        """Everything that the agencies manage."""
        for agency_id, agency in enumerate(words()["agencies"], 1):
            for _ in range(agency["clients"]):
                self._add_client(agency_id)

    def store(self, connection: Connection) -> None:
        """Insert every row. PostgreSQL takes many at once where it gives something back, and is told which ids are used."""
        is_postgresql = connection.dialect.name == "postgresql"
        for table, rows in self._rows.items():
            statement = insert(table)
            connection.execute(statement.returning(*table.primary_key) if is_postgresql else statement, rows)
            if is_postgresql and "id" in table.c:
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                connection.exec_driver_sql(f"SELECT setval({sequence}, {len(rows)})")

    def _add(self, table: Table, **values: Any) -> dict[str, Any]:
        row = {"id": len(self._rows[table]) + 1} | values if "id" in table.c else values
        self._rows[table].append(row)
        return row

    def _add_agency(self, agency: Any) -> None:
        nifs = [self._names.nif() for _ in agency["people"]]
        by_person = agency["registered_with"] == Registration.NIF
        row = self._add(
            agency_table,
            name=agency["name"],
            registered_with=agency["registered_with"],
            identifier=nifs[0] if by_person else self._names.cif(COMPANY_LETTER),
        )
        for person, nif in zip(agency["people"], nifs, strict=True):
            self._add_person(person, nif, row["id"])
            name = f"{person['first_name']} {person['surnames']}"
            self.people.append(DemoPerson(name, nif, agency["name"], person["role"]))

    def _add_person(self, person: Any, nif: str, agency_id: int) -> None:
        row = self._add(
            person_table,
            identifier_kind=Kind.NIF,
            identifier=nif,
            first_name=person["first_name"],
            surnames=person["surnames"],
            email=person["email"],
            created_at=self._since,
        )
        holds = {"person_id": row["id"], "agency_id": agency_id, "valid_from": self._since, "valid_until": None}
        if person["role"] == REPRESENTATIVE:
            self._add(representative_table, **holds)
        else:
            self._add(access_table, role=Role(person["role"]), **holds)

    def _add_client(self, agency_id: int) -> None:
        kind, identifier, name, address = self._names.client()
        row = self._add(
            client_table,
            identifier_kind=kind,
            identifier=identifier,
            name=name,
            address=address,
            search_text=searchable(f"{name} {address}"),
            email=words()["client_email"].format(number=len(self._rows[client_table]) + 1),
        )
        self._add(assignment_table, agency_id=agency_id, client_id=row["id"], valid_from=self._since, valid_until=None)
        energies = ("electricity", "gas") if self._random.random() < 0.4 else ("electricity",)
        for energy in energies:
            self._add_contract(row["id"], address, energy)
        if self._random.random() < 0.3:
            self._add(payment_day_table, client_id=row["id"], contract_id=None, day=self._random.randrange(1, 29))

    def _add_contract(self, client_id: int, address: str, energy: str) -> None:
        point = self._add(supply_point_table, cups=self._names.cups(energy), address=address, energy=energy)
        row = self._add(
            contract_table,
            number=f"{self._random.randrange(10**4):04}{len(self._rows[contract_table]):06}",
            client_id=client_id,
            supply_point_id=point["id"],
            product=self._names.product(energy),
            starts_on=self._since.date(),
            ends_on=None,
        )
        number = (row["id"] - 1) * MONTHS
        for invoice in invoices(self._random, row, self._now.date(), number):
            self._add(invoice_table, **invoice)
