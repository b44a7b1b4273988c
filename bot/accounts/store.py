"""The tables of agencies, clients and contracts, and the queries on them.

What an agency sees is decided in one place, `clients_assigned_to`: every query about clients, contracts or invoices
stands on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    FromClause,
    Index,
    Row,
    Select,
    String,
    Table,
    UniqueConstraint,
    false,
    func,
    literal,
    or_,
    select,
    text,
)

from bot.accounts.model import (
    Agency,
    Client,
    Page,
    Registration,
    Viewer,
    compact,
    searchable,
)
from bot.database import Moment, identity, metadata
from bot.identity.identifier_checks import Kind
from bot.identity.persons import NAME_CHARACTERS

ADDRESS_CHARACTERS = 300
NUMBER_CHARACTERS = 40
SUPPLY_POINT_CODE = re.compile(r"ES[0-9]{16}[A-Z]{2}(?:[0-9][A-Z])?")
IDENTIFIER = re.compile(r"(?=(?:\w*[0-9]){7})[A-Z0-9]{9}")
MOST_WORDS_OF_A_SEARCH = 20

agency_table = Table(
    "agency",
    metadata,
    Column("id", identity, primary_key=True),
    Column("name", String(NAME_CHARACTERS), nullable=False),
    Column("registered_with", String(16), nullable=False),
    Column("identifier", String(20), nullable=False, unique=True),
)

representative_table = Table(
    "representative",
    metadata,
    Column("id", identity, primary_key=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_until", Moment),
    UniqueConstraint("person_id", "agency_id", "valid_from"),
)

access_table = Table(
    "access",
    metadata,
    Column("id", identity, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("agency_id", ForeignKey("agency.id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_until", Moment),
    Column("given_by", identity, ForeignKey("person.id")),
    Column("is_limited", Boolean, nullable=False, server_default=false()),
    Column("may_authorize", Boolean, nullable=False, server_default=false()),
    Column("manager_kind", String(16)),
    Column("manager_id", identity, ForeignKey("person.id"), index=True),
    UniqueConstraint("person_id", "agency_id", "valid_from"),
    Index(
        "uq_access_person_id_agency_id_open",
        "person_id",
        "agency_id",
        unique=True,
        sqlite_where=text("valid_until IS NULL"),
        postgresql_where=text("valid_until IS NULL"),
    ),
)

"""`manager_kind` is set where the right is an external manager's; `manager_id` is the manager from whom a right hangs."""

access_client_table = Table(
    "access_client",
    metadata,
    Column("access_id", ForeignKey("access.id"), primary_key=True),
    Column("client_id", ForeignKey("client.id"), primary_key=True, index=True),
)
"""The clients that a limited right is about; what is not the agency's any more is not seen all the same."""

client_table = Table(
    "client",
    metadata,
    Column("id", identity, primary_key=True),
    Column("identifier_kind", String(16), nullable=False),
    Column("identifier", String(20), nullable=False, unique=True),
    Column("name", String(NAME_CHARACTERS), nullable=False),
    Column("address", String(ADDRESS_CHARACTERS), nullable=False),
    Column("search_text", String(NAME_CHARACTERS + ADDRESS_CHARACTERS + 1), nullable=False),
    Column("email", String(254)),
)

assignment_table = Table(
    "assignment",
    metadata,
    Column("id", identity, primary_key=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False),
    Column("client_id", ForeignKey("client.id"), nullable=False, index=True),
    Column("valid_from", Moment, nullable=False),
    Column("valid_until", Moment),
    UniqueConstraint("agency_id", "client_id", "valid_from"),
    Index(
        "uq_assignment_agency_id_client_id_open",
        "agency_id",
        "client_id",
        unique=True,
        sqlite_where=text("valid_until IS NULL"),
        postgresql_where=text("valid_until IS NULL"),
    ),
)
"""A row is never rewritten but for its end: who manages a client again has another row."""

supply_point_table = Table(
    "supply_point",
    metadata,
    Column("id", identity, primary_key=True),
    Column("cups", String(22), nullable=False, unique=True),
    Column("address", String(ADDRESS_CHARACTERS), nullable=False),
    Column("energy", String(16), nullable=False),
)

contract_table = Table(
    "contract",
    metadata,
    Column("id", identity, primary_key=True),
    Column("number", String(NUMBER_CHARACTERS), nullable=False, unique=True),
    Column("client_id", ForeignKey("client.id"), nullable=False, index=True),
    Column("supply_point_id", ForeignKey("supply_point.id"), nullable=False, index=True),
    Column("product", String(NAME_CHARACTERS), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ck_contract_ends_after_start"),
)

representative, access, access_client = representative_table.c, access_table.c, access_client_table.c
client, assignment = client_table.c, assignment_table.c
contract, supply_point = contract_table.c, supply_point_table.c


def holds(table: FromClause, at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a row with valid_from and valid_until holds at a moment; valid_until itself is outside."""
    return (table.c.valid_from <= at) & or_(table.c.valid_until.is_(None), table.c.valid_until > at)


def agency_by_id(connection: Connection, agency_id: int) -> Agency | None:
    """The agency with that id."""
    row = connection.execute(select(agency_table).where(agency_table.c.id == agency_id)).first()
    return None if row is None else agency_from(row)


def agencies_named(connection: Connection, agency_ids: Sequence[int]) -> list[Agency]:
    """These agencies, by name."""
    query = select(agency_table).where(agency_table.c.id.in_(agency_ids))
    return [agency_from(row) for row in connection.execute(query.order_by(agency_table.c.name, agency_table.c.id))]


def clients_assigned_to(viewer: Viewer) -> Select[tuple[int]]:
    """The ids of the clients that the viewer's agency manages at the viewer's moment; of a limited right, only its own."""
    at = literal(viewer.at, Moment())
    found = select(assignment.client_id).where(assignment.agency_id == viewer.agency_id, holds(assignment_table, at))
    if not viewer.is_limited:
        return found
    own = select(access_client.client_id).where(access_client.access_id == viewer.access_id)
    return found.where(assignment.client_id.in_(own))


_CLIENT = select(client.id, client.identifier_kind, client.identifier, client.name, client.address)


def clients(connection: Connection, viewer: Viewer, search: str, page: Page) -> list[Client]:
    """The viewer's clients that fit what is searched, by name."""
    found = _CLIENT.where(*_fits(viewer, search)).order_by(client.name, client.id)
    return [_client(row) for row in connection.execute(found.limit(page.limit).offset(page.offset))]


def count_clients(connection: Connection, viewer: Viewer, search: str) -> int:
    """How many of the viewer's clients fit what is searched."""
    counted = select(func.count()).select_from(client_table).where(*_fits(viewer, search))
    return connection.execute(counted).scalar_one()


def search_texts(connection: Connection, viewer: Viewer, numbers: Sequence[str]) -> Sequence[tuple[int, str]]:
    """(client id, search text) of the viewer's clients that have all these numbers."""
    query = select(client.id, client.search_text).where(_is_mine(viewer), *map(_holds_word, numbers))
    return connection.execute(query).tuples().all()


def clients_by_id(connection: Connection, viewer: Viewer, client_ids: Sequence[int]) -> list[Client]:
    """Those of these clients that are the viewer's, in the order of the ids."""
    rows = connection.execute(_CLIENT.where(_is_mine(viewer), client.id.in_(client_ids)))
    return sorted(map(_client, rows), key=lambda each: client_ids.index(each.id))


def client_by_id(connection: Connection, viewer: Viewer, client_id: int) -> Client | None:
    """A client of the viewer; None for anybody else's and for none."""
    row = connection.execute(_CLIENT.where(client.id == client_id, _is_mine(viewer))).first()
    return None if row is None else _client(row)


def _is_mine(viewer: Viewer) -> ColumnElement[bool]:
    return client.id.in_(clients_assigned_to(viewer))


def is_code(search: str) -> bool:
    """Whether an identifier or a CUPS is searched, which is found as it is or not at all."""
    code = compact(search)
    return bool(SUPPLY_POINT_CODE.fullmatch(code) or IDENTIFIER.fullmatch(code))


def _fits(viewer: Viewer, search: str) -> list[ColumnElement[bool]]:
    """An identifier or a CUPS is looked up as such; anything else is words of the name and address."""
    code = compact(search)
    if SUPPLY_POINT_CODE.fullmatch(code):
        return [_is_mine(viewer), _has_contract_at(code)]
    if IDENTIFIER.fullmatch(code):
        return [_is_mine(viewer), client.identifier == code]
    words = list(dict.fromkeys(searchable(search).split()))[:MOST_WORDS_OF_A_SEARCH]
    return [_is_mine(viewer), *map(_holds_word, words)]


def _holds_word(word: str) -> ColumnElement[bool]:
    """A word may be part of a longer one; a number is a whole one: who looks for number 2 does not mean 29 nor 28013."""
    if word.isdecimal():
        return (literal(" ") + client.search_text + " ").contains(f" {word} ", autoescape=True)
    return client.search_text.contains(word, autoescape=True)


def _has_contract_at(cups: str) -> ColumnElement[bool]:
    point = select(supply_point.id).where(supply_point.cups == cups).scalar_subquery()
    return client.id.in_(select(contract.client_id).where(contract.supply_point_id == point))


def agency_from(row: Row[Any]) -> Agency:
    """The agency of a row of its table."""
    return Agency(row.id, row.name, Registration(row.registered_with), row.identifier)


def _client(row: Row[Any]) -> Client:
    return Client(row.id, Kind(row.identifier_kind), row.identifier, row.name, row.address)
