"""A small world for the tests of signing in: three persons with a password, one without, two agencies, and a clock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, TypeVar

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, insert, select

from bot.accounts.service import agencies_of
from bot.accounts.store import access_table, agency_table
from bot.area import Area
from bot.audit.model import Entry, Search
from bot.audit.service import everything
from bot.database import Database
from bot.identity import passwords
from bot.identity.persons import person_table
from bot.identity.sign_in import Entered, SignIn, make_link
from bot.notifications.store import mail_table

AREA = Area("https://area.example", b"a secret of thirty-two characters")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHAT, OTHER_CHAT = "web:one", "telegram:two"
BEATRIZ, PAULA, MARCOS, NEW = 1, 2, 3, 4
NIF = {BEATRIZ: "12345678Z", PAULA: "X1234567L", MARCOS: "AAA123456", NEW: "87654321X"}
KINDS = {BEATRIZ: "nif", PAULA: "nie", MARCOS: "passport", NEW: "nif"}
NOBODY = "00000000T"
PASSWORD = "perro-verde-luna"
FIRST_AGENCY, SECOND_AGENCY = 1, 2
HOME, OFFICE = "203.0.113.7", "198.51.100.1"

Outcome = TypeVar("Outcome")


class Clock:
    """The time that the tests say it is."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def go(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


def hash_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def fill(database: Database) -> None:
    password_hash = passwords.hash_password(PASSWORD)
    with database.writing() as connection:
        for person, nif in NIF.items():
            connection.execute(insert(person_table), person_row(person, nif))
            if person != NEW:
                passwords.set_password(connection, person, password_hash, NOW)
        for agency in (FIRST_AGENCY, SECOND_AGENCY):
            values = {"id": agency, "name": f"Agency {agency}", "registered_with": "cif", "identifier": f"B{agency}"}
            connection.execute(insert(agency_table), values)
        for person, agency in ((BEATRIZ, FIRST_AGENCY), (PAULA, FIRST_AGENCY), (PAULA, SECOND_AGENCY)):
            right = {"person_id": person, "agency_id": agency, "role": "full", "valid_from": NOW - timedelta(days=9)}
            connection.execute(insert(access_table), right)


def person_row(person: int, nif: str) -> dict[str, Any]:
    return {
        "id": person,
        "identifier_kind": KINDS[person],
        "identifier": nif,
        "first_name": f"First{person}",
        "surnames": f"Last{person}",
        "email": f"{person}@people.example",
        "created_at": NOW,
    }


class House:
    """The sign-in on a real database, and what came of it."""

    def __init__(self, database: Database) -> None:
        fill(database)
        self.database = database
        self.clock = Clock()
        self.announced: list[tuple[str, str]] = []
        self.sign_in = SignIn(database, AREA, self.clock, self._announce, agencies_of)

    def _announce(self, _connection: Connection, address: str, text: str) -> None:
        self.announced.append((address, text))

    def link(self, address: str = CHAT) -> str:
        """The token of a new sign-in link."""
        with self.database.writing() as connection:
            return make_link(connection, AREA, address, self.clock.now).rpartition("/")[2]

    def enter(
        self,
        token: str,
        identifier: str = NIF[BEATRIZ],
        password: str = PASSWORD,
        remote: str | None = HOME,
        device: str | None = None,
        browser: str | None = None,
    ) -> Entered:
        return self.sign_in.enter(token, identifier, password, remote, device, browser)

    def fail(self, times: int, identifier: str = NIF[BEATRIZ], remote: str = HOME) -> list[Entered]:
        token = self.link("web:guessing")
        return [self.enter(token, identifier, "wrong-password", remote) for _ in range(times)]

    def entries(self) -> list[Entry]:
        """The audit, oldest first."""
        with self.database.reading() as connection:
            return [recorded.entry for recorded in everything(connection, Search())][::-1]

    def mails(self) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(select(mail_table).order_by(mail_table.c.id)))


def at_once(call: Callable[[], Outcome], times: int = 2) -> list[Outcome]:
    """What the call gives in several threads that begin together."""
    gate = Barrier(times)

    def run(_number: int) -> Outcome:
        gate.wait()
        return call()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))
