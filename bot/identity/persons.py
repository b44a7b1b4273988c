"""The persons who may sign in: a natural person's identifier, the name and the e-mail address on record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Row, String, Table, UniqueConstraint, bindparam, select

from bot.database import Moment, identity, metadata
from bot.identity.identifier_checks import Kind

NAME_CHARACTERS = 200

person_table = Table(
    "person",
    metadata,
    Column("id", identity, primary_key=True),
    Column("identifier_kind", String(16), nullable=False),
    Column("identifier", String(20), nullable=False),
    Column("first_name", String(NAME_CHARACTERS), nullable=False),
    Column("surnames", String(NAME_CHARACTERS), nullable=False),
    Column("email", String(254), nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("identifier", "identifier_kind"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account of their own; the identifier is normalised ("12345678Z")."""

    id: int
    kind: Kind
    identifier: str
    first_name: str
    surnames: str
    email: str

    @property
    def name(self) -> str:
        """First name and surnames."""
        return f"{self.first_name} {self.surnames}"


_PERSON = select(person_table)
_BY_ID = _PERSON.where(person_table.c.id == bindparam("person_id"))
_BY_IDENTIFIER = _PERSON.where(person_table.c.identifier == bindparam("wanted")).order_by(person_table.c.id)


def person_by_id(connection: Connection, person_id: int) -> Person | None:
    """The person with that id."""
    return _first(connection.execute(_BY_ID, {"person_id": person_id}).first())


def person_by_identifier(connection: Connection, identifier: str) -> Person | None:
    """The person with that normalised identifier."""
    return _first(connection.execute(_BY_IDENTIFIER, {"wanted": identifier}).first())


def _first(row: Row[Any] | None) -> Person | None:
    if row is None:
        return None
    return Person(row.id, Kind(row.identifier_kind), row.identifier, row.first_name, row.surnames, row.email)


def person_id_of(connection: Connection, typed: str) -> int | None:
    """The id of the person with an identifier as somebody types it ("12.345.678-z")."""
    found = person_by_identifier(connection, re.sub(r"[\W_]+", "", typed).upper())
    return found.id if found else None
