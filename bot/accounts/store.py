"""The tables of persons, agencies, clients and contracts, and the queries on them.

What an agency sees is decided in one place, `clients_assigned_to`: every query about clients, contracts or invoices
stands on it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Integer,
    Row,
    Select,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    literal,
    or_,
    select,
)

from bot.accounts.model import Client, Contract, Energy, Page, Role, Viewer, compact, searchable
from bot.database import Moment, metadata
from bot.identity.identifier_checks import Kind

NAME_CHARACTERS = 200
ADDRESS_CHARACTERS = 300
NUMBER_CHARACTERS = 40
SUPPLY_POINT_CODE = re.compile(r"ES[0-9]{16}[A-Z]{2}(?:[0-9][A-Z])?")
IDENTIFIER = re.compile(r"(?=(?:\w*[0-9]){7})[A-Z0-9]{9}")

identity = BigInteger().with_variant(Integer, "sqlite")

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
    UniqueConstraint("person_id", "agency_id", "valid_from"),
)

client_table = Table(
    "client",
    metadata,
    Column("id", identity, primary_key=True),
    Column("identifier_kind", String(16), nullable=False),
    Column("identifier", String(20), nullable=False, unique=True),
    Column("name", String(NAME_CHARACTERS), nullable=False),
    Column("address", String(ADDRESS_CHARACTERS), nullable=False),
    Column("search_text", String(NAME_CHARACTERS + ADDRESS_CHARACTERS + 1), nullable=False),
)

assignment_table = Table(
    "assignment",
    metadata,
    Column("agency_id", ForeignKey("agency.id"), primary_key=True),
    Column("client_id", ForeignKey("client.id"), primary_key=True, index=True),
    Column("valid_from", Moment, nullable=False),
    Column("valid_until", Moment),
)

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

representative, access = representative_table.c, access_table.c
client, assignment = client_table.c, assignment_table.c
contract, supply_point = contract_table.c, supply_point_table.c


def _holds(table: Table, at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a row with valid_from and valid_until holds at a moment; valid_until itself is outside."""
    return (table.c.valid_from <= at) & or_(table.c.valid_until.is_(None), table.c.valid_until > at)


_AT: ColumnElement[datetime] = bindparam("at", type_=Moment())
_OF_BOTH: dict[str, BindParameter[int]] = {"person_id": bindparam("person_id"), "agency_id": bindparam("agency_id")}
IS_REPRESENTATIVE = select(representative.id).where(
    representative.person_id == _OF_BOTH["person_id"],
    representative.agency_id == _OF_BOTH["agency_id"],
    _holds(representative_table, _AT),
)
ROLES = select(access.role).where(
    access.person_id == _OF_BOTH["person_id"],
    access.agency_id == _OF_BOTH["agency_id"],
    _holds(access_table, _AT),
)


def role_of(connection: Connection, person_id: int, agency_id: int, at: datetime) -> Role | None:
    """The right of a person in an agency at a moment: a representative has the full one; None: no right at all."""
    values = {"person_id": person_id, "agency_id": agency_id, "at": at}
    if connection.execute(IS_REPRESENTATIVE, values).first() is not None:
        return Role.FULL
    roles = {Role(value) for value in connection.execute(ROLES, values).scalars()}
    return Role.FULL if Role.FULL in roles else next(iter(roles), None)


def agencies_of(connection: Connection, person_id: int, at: datetime) -> list[int]:
    """The ids of the agencies that a person may act for at a moment."""
    both = [
        select(table.c.agency_id).where(table.c.person_id == person_id, _holds(table, literal(at, Moment())))
        for table in (representative_table, access_table)
    ]
    return list(connection.execute(both[0].union(both[1]).order_by("agency_id")).scalars())


def clients_assigned_to(viewer: Viewer) -> Select[tuple[int]]:
    """The ids of the clients that the viewer's agency manages at the viewer's moment."""
    at = literal(viewer.at, Moment())
    return select(assignment.client_id).where(assignment.agency_id == viewer.agency_id, _holds(assignment_table, at))


_CLIENT = select(client.id, client.identifier_kind, client.identifier, client.name, client.address)
_CONTRACT = (
    select(
        contract.id,
        contract.number,
        contract.client_id,
        client.name.label("client_name"),
        supply_point.cups,
        supply_point.address,
        supply_point.energy,
        contract.product,
        contract.starts_on,
        contract.ends_on,
    )
    .join_from(contract_table, client_table)
    .join(supply_point_table)
)


def clients(connection: Connection, viewer: Viewer, search: str, page: Page) -> list[Client]:
    """The viewer's clients that fit what is searched, by name."""
    found = _CLIENT.where(*_fits(viewer, search)).order_by(client.name, client.id)
    return [_client(row) for row in connection.execute(found.limit(page.limit).offset(page.offset))]


def count_clients(connection: Connection, viewer: Viewer, search: str) -> int:
    """How many of the viewer's clients fit what is searched."""
    counted = select(func.count()).select_from(client_table).where(*_fits(viewer, search))
    return connection.execute(counted).scalar_one()


def client_by_id(connection: Connection, viewer: Viewer, client_id: int) -> Client | None:
    """A client of the viewer; None for anybody else's and for none."""
    row = connection.execute(_CLIENT.where(client.id == client_id, _is_mine(viewer))).first()
    return None if row is None else _client(row)


def contracts(
    connection: Connection, viewer: Viewer, client_id: int | None, cups: str | None, page: Page
) -> list[Contract]:
    """Contracts of the viewer's clients, those that began last first."""
    found = _CONTRACT.where(contract.client_id.in_(clients_assigned_to(viewer)))
    if client_id is not None:
        found = found.where(contract.client_id == client_id)
    if cups is not None:
        found = found.where(supply_point.cups == compact(cups))
    found = found.order_by(contract.starts_on.desc(), contract.id).limit(page.limit).offset(page.offset)
    return [_contract(row) for row in connection.execute(found)]


def _is_mine(viewer: Viewer) -> ColumnElement[bool]:
    return client.id.in_(clients_assigned_to(viewer))


def _fits(viewer: Viewer, search: str) -> list[ColumnElement[bool]]:
    """An identifier or a CUPS is looked up as such; anything else is words of the name and address."""
    code = compact(search)
    if SUPPLY_POINT_CODE.fullmatch(code):
        return [_is_mine(viewer), _has_contract_at(code)]
    if IDENTIFIER.fullmatch(code):
        return [_is_mine(viewer), client.identifier == code]
    words = searchable(search).split()
    return [_is_mine(viewer), *(client.search_text.contains(word, autoescape=True) for word in words)]


def _has_contract_at(cups: str) -> ColumnElement[bool]:
    point = select(supply_point.id).where(supply_point.cups == cups).scalar_subquery()
    return client.id.in_(select(contract.client_id).where(contract.supply_point_id == point))


def _client(row: Row[Any]) -> Client:
    return Client(row.id, Kind(row.identifier_kind), row.identifier, row.name, row.address)


def _contract(row: Row[Any]) -> Contract:
    return Contract(
        id=row.id,
        number=row.number,
        client_id=row.client_id,
        client_name=row.client_name,
        cups=row.cups,
        address=row.address,
        energy=Energy(row.energy),
        product=row.product,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )
