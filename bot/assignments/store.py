"""The tables of requests and of links that withdraw, and the queries on assignments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Row,
    Select,
    String,
    Table,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from bot.accounts.store import (
    assignment,
    assignment_table,
    client,
    client_table,
    contract,
    contract_table,
    holds,
    supply_point,
    supply_point_table,
)
from bot.assignments.model import CUPS_CHARACTERS, Answer, Wanted
from bot.database import Moment, identity, metadata
from bot.identity.persons import person_table

request_table = Table(
    "assignment_request",
    metadata,
    Column("id", identity, primary_key=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("code_digest", String(64), unique=True, index=True),
    Column("procedure_id", ForeignKey("procedure.id"), nullable=False),
    Column("agency_id", ForeignKey("agency.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("client_id", identity, ForeignKey("client.id")),
    Column("address", String(200), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("used_at", Moment),
    Column("answer", String(16)),
    Column("announced_at", Moment),
    Column("told_at", Moment),
)
"""`client_id` is empty where nobody was written to: there is no such client, or it has no mailbox.

`code_digest` is of the code in the client's mail. `announced_at`: an event of the answer was left in the conversation in
which it was asked; `told_at`: it was heard there.
"""

withdrawal_table = Table(
    "assignment_withdrawal",
    metadata,
    Column("id", identity, primary_key=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("assignment_id", ForeignKey("assignment.id"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)
request = request_table.c


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A client and the mailbox on record, "" where there is none."""

    client_id: int
    name: str
    email: str


_POINT = exists().where(
    supply_point_table.c.id == contract.supply_point_id,
    func.substr(supply_point.cups, 1, CUPS_CHARACTERS) == bindparam("cups"),
)
_CONTRACT = exists().where(
    contract.client_id == client.id,
    or_(contract_table.c.number == bindparam("datum"), _POINT),
)
_WANTED = select(client.id, client.name, client.email).where(
    client.identifier == bindparam("identifier"), _CONTRACT, client.email.is_not(None)
)


def wanted_client(connection: Connection, wanted: Wanted) -> Mailbox | None:
    """The client that a tidy identifier and second datum mean together, if it can be written to."""
    values = {"identifier": wanted.identifier, "datum": wanted.datum, "cups": wanted.cups}
    row = connection.execute(_WANTED, values).first()
    return None if row is None else Mailbox(row.id, row.name, row.email)


def mailbox_of(connection: Connection, client_id: int) -> Mailbox:
    """A client that exists."""
    row = connection.execute(select(client.id, client.name, client.email).where(client.id == client_id)).one()
    return Mailbox(row.id, row.name, row.email or "")


def has_client(connection: Connection, agency_id: int, identifier: str, now: datetime) -> bool:
    """Whether the agency manages the client with that identifier now."""
    own = select(client_table.c.id).where(client.identifier == identifier).scalar_subquery()
    return connection.execute(_current(agency_id, now).where(assignment.client_id == own)).first() is not None


def current_assignment(connection: Connection, agency_id: int, client_id: int, now: datetime) -> int | None:
    """The id of the assignment that holds now."""
    found: int | None = connection.execute(
        _current(agency_id, now).where(assignment.client_id == client_id)
    ).scalar_one_or_none()
    return found


def begin(connection: Connection, agency_id: int, client_id: int, now: datetime) -> int:
    """An agency manages a client from now on; gives the assignment's id."""
    values = {"agency_id": agency_id, "client_id": client_id, "valid_from": now}
    begun: int = connection.execute(insert(assignment_table).values(values).returning(assignment.id)).scalar_one()
    return begun


def end(connection: Connection, assignment_id: int, now: datetime) -> bool:
    """An assignment ends; False when it had ended before."""
    held = (assignment.id == assignment_id, _holds(now))
    return connection.execute(update(assignment_table).where(*held).values(valid_until=now)).rowcount == 1


def assigned(connection: Connection, assignment_id: int, now: datetime) -> tuple[int, int] | None:
    """(agency id, client id) of an assignment that holds now."""
    query = select(assignment.agency_id, assignment.client_id).where(assignment.id == assignment_id, _holds(now))
    row = connection.execute(query).tuples().first()
    return None if row is None else (row[0], row[1])


def set_answer(connection: Connection, request_id: int, answer: Answer, now: datetime) -> bool:
    """Note how a request ended and use it up; False when it was used before."""
    unused = (request.id == request_id, request.used_at.is_(None))
    noted = update(request_table).where(*unused).values(used_at=now, answer=answer)
    return connection.execute(noted).rowcount == 1


def request_by_id(connection: Connection, request_id: int) -> Row[Any] | None:
    """The request with that id."""
    return connection.execute(select(request_table).where(request.id == request_id)).first()


def request_by_code(connection: Connection, code_digest: str) -> Row[Any] | None:
    """The request whose mail carries that code, also one that is over."""
    return connection.execute(select(request_table).where(request.code_digest == code_digest)).first()


def requests_to(connection: Connection, person_id: int, now: datetime) -> Sequence[Row[Any]]:
    """What waits for the answer of a client who is that person: the same identifier and the same mailbox, oldest first."""
    query = select(request_table).join(client_table).where(request.used_at.is_(None), request.expires_at > now)
    return connection.execute(query.where(_is_client(person_id)).order_by(request.id)).all()


def is_asked(connection: Connection, person_id: int, request_id: int) -> bool:
    """Whether the client of a request is that person."""
    query = select(request.id).join_from(request_table, client_table).where(request.id == request_id)
    return connection.execute(query.where(_is_client(person_id))).first() is not None


def _is_client(person_id: int) -> ColumnElement[bool]:
    """An identifier alone proves nothing: whoever authorizes a colleague writes one down, and a mailbox of their choice."""
    person = person_table.c
    same = (person.identifier == client.identifier, person.identifier_kind == client.identifier_kind)
    return exists().where(person.id == person_id, *same, func.lower(person.email) == func.lower(client.email))


def unannounced(connection: Connection, most: int) -> Sequence[Row[Any]]:
    """The answered requests of which nothing was left in the conversation yet, the oldest first."""
    query = select(request.id, request.address).where(request.answer.is_not(None), request.announced_at.is_(None))
    return connection.execute(query.order_by(request.id).limit(most)).all()


def mark_announced(connection: Connection, request_id: int, now: datetime) -> bool:
    """Note that the conversation is told; False when it was noted before."""
    fresh = (request.id == request_id, request.announced_at.is_(None))
    return connection.execute(update(request_table).where(*fresh).values(announced_at=now)).rowcount == 1


def mark_told(connection: Connection, address: str, now: datetime) -> None:
    """Note that a conversation has heard of every answer."""
    untold = (request.address == address, request.answer.is_not(None), request.told_at.is_(None))
    connection.execute(update(request_table).where(*untold).values(told_at=now))


def _current(agency_id: int, now: datetime) -> Select[tuple[int]]:
    return select(assignment.id).where(assignment.agency_id == agency_id, _holds(now))


def _holds(now: datetime) -> ColumnElement[bool]:
    return holds(assignment_table, literal(now, Moment()))
