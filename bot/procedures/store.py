"""The tables of procedures, their steps and what they ask for, and the queries on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.accounts.model import Page
from bot.database import Moment, identity, metadata
from bot.identity.persons import person_table
from bot.procedures.model import (
    LONGEST_LOCALITY,
    LONGEST_NOTE,
    LONGEST_ONCE,
    Actor,
    Change,
    Item,
    Kind,
    News,
    Procedure,
    Progress,
    State,
    Step,
)

procedure_table = Table(
    "procedure",
    metadata,
    Column("id", identity, primary_key=True),
    Column("tracking_key", String(14), nullable=False, unique=True),
    Column("kind", String(48), nullable=False),
    Column("state", String(24), nullable=False),
    Column("address", String(200), nullable=False),
    Column("once", String(LONGEST_ONCE)),
    Column("person_id", identity, ForeignKey("person.id"), index=True),
    Column("agency_id", identity, ForeignKey("agency.id"), index=True),
    Column("client_id", identity, ForeignKey("client.id"), index=True),
    Column("email", String(254)),
    Column("opened_at", Moment, nullable=False),
    Column("deadline_on", Date, nullable=False),
    Column("region", String(2)),
    Column("locality", String(LONGEST_LOCALITY)),
    Column("closed_at", Moment),
    Column("outcome", String(48)),
    UniqueConstraint("address", "once"),
    Index(
        "ix_procedure_open_deadline_on",
        "deadline_on",
        "id",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

procedure_step_table = Table(
    "procedure_step",
    metadata,
    Column("id", identity, primary_key=True),
    Column("procedure_id", ForeignKey("procedure.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("state", String(24), nullable=False),
    Column("by", String(16), nullable=False),
    Column("code", String(48), nullable=False),
    Column("note", String(LONGEST_NOTE), nullable=False),
    Column("told_at", Moment),
)

procedure_item_table = Table(
    "procedure_item",
    metadata,
    Column("id", identity, primary_key=True),
    Column("procedure_id", ForeignKey("procedure.id"), nullable=False),
    Column("what", String(48), nullable=False),
    Column("is_needed", Boolean, nullable=False),
    Column("received_at", Moment),
    Column("document_reference", String(43)),
    UniqueConstraint("procedure_id", "what"),
)

procedure_datum_table = Table(
    "procedure_datum",
    metadata,
    Column("id", identity, primary_key=True),
    Column("procedure_id", ForeignKey("procedure.id"), nullable=False),
    Column("what", String(48), nullable=False),
    Column("value", Text, nullable=False),
    UniqueConstraint("procedure_id", "what"),
)

procedure, _step, _item = procedure_table.c, procedure_step_table.c, procedure_item_table.c
_datum = procedure_datum_table.c
_IS_OPEN = procedure.closed_at.is_(None)
_MAILBOX = func.coalesce(procedure.email, person_table.c.email)


def add(connection: Connection, values: dict[str, Any]) -> Procedure | None:
    """Store a procedure; None when its key, or its `once` at that address, is there already."""
    new = _dialect(connection).insert(procedure_table).values(values).on_conflict_do_nothing()
    return _first(connection.execute(new.returning(procedure_table)).first())


def opened_once(connection: Connection, address: str, once: str) -> Procedure | None:
    """What was opened at an address with that `once`."""
    return _one(connection, procedure.address == address, procedure.once == once)


def by_key(connection: Connection, tracking_key: str) -> Procedure | None:
    """The procedure with that key."""
    return _one(connection, procedure.tracking_key == tracking_key)


def held(connection: Connection, procedure_id: int, *which: ColumnElement[bool]) -> Procedure | None:
    """A procedure, held until the transaction ends: what happens to it at the same moment comes one after the other."""
    own = select(procedure_table).where(procedure.id == procedure_id, *which)
    return _first(connection.execute(own.with_for_update()).first())


def find(connection: Connection, page: Page, *which: ColumnElement[bool]) -> list[Procedure]:
    """Procedures: the open ones first, of these and of the closed ones the newest first."""
    found = select(procedure_table).where(*which).order_by(_IS_OPEN.desc(), procedure.id.desc())
    return [_procedure(row) for row in connection.execute(found.limit(page.limit).offset(page.offset))]


def open_by_deadline(connection: Connection, page: Page) -> list[Procedure]:
    """The open procedures, what is due first comes first."""
    found = select(procedure_table).where(_IS_OPEN).order_by(procedure.deadline_on, procedure.id)
    return [_procedure(row) for row in connection.execute(found.limit(page.limit).offset(page.offset))]


def count_late(connection: Connection, day: date) -> int:
    """How many procedures are open whose last day is before `day`."""
    late = select(func.count()).select_from(procedure_table).where(_IS_OPEN, procedure.deadline_on < day)
    return connection.execute(late).scalar_one()


def mailbox_of(connection: Connection, procedure_id: int) -> str | None:
    """The mailbox of who opened it: the one that was given, else the person's."""
    mailbox: str | None = connection.execute(_mailboxes(_MAILBOX).where(procedure.id == procedure_id)).scalar_one()
    return mailbox


def mailbox_by_key(connection: Connection, tracking_key: str) -> tuple[int, str] | None:
    """(procedure id, mailbox) of a key; None where there is no such procedure or nobody can be written to."""
    query = _mailboxes(procedure.id, _MAILBOX).where(procedure.tracking_key == tracking_key, _MAILBOX.is_not(None))
    row = connection.execute(query).tuples().first()
    return None if row is None else (row[0], row[1])


def progress(connection: Connection, procedure_id: int) -> Progress | None:
    """All of a procedure; the same statements run when there is none."""
    found = _one(connection, procedure.id == procedure_id)
    steps, items = steps_of(connection, procedure_id), items_of(connection, procedure_id)
    return None if found is None else Progress(found, steps, items)


def steps_of(connection: Connection, procedure_id: int) -> list[Step]:
    """The steps of a procedure, the oldest first."""
    rows = connection.execute(select(procedure_step_table).where(_step.procedure_id == procedure_id).order_by(_step.id))
    return [_read_step(row) for row in rows]


def items_of(connection: Connection, procedure_id: int) -> list[Item]:
    """What a procedure asks for, in the order it was asked for."""
    rows = connection.execute(select(procedure_item_table).where(_item.procedure_id == procedure_id).order_by(_item.id))
    return [Item(row.what, row.is_needed, row.received_at, row.document_reference) for row in rows]


def missing_of(connection: Connection, procedure_ids: Sequence[int]) -> dict[int, list[str]]:
    """What is needed and has not come, by procedure."""
    which = (_item.procedure_id.in_(procedure_ids), _item.is_needed, _item.received_at.is_(None))
    missing: dict[int, list[str]] = {}
    for row in connection.execute(select(_item.procedure_id, _item.what).where(*which).order_by(_item.id)):
        missing.setdefault(row.procedure_id, []).append(row.what)
    return missing


def add_step(connection: Connection, procedure_id: int, change: Change, by: Actor, now: datetime) -> None:
    """Note a step."""
    values = {"state": change.state, "by": by, "code": change.code, "note": change.note}
    connection.execute(insert(procedure_step_table), values | {"procedure_id": procedure_id, "at": now})


def set_state(connection: Connection, procedure_id: int, change: Change, now: datetime) -> Procedure:
    """Bring a procedure into a state; a last one closes it."""
    values = {"closed_at": now if change.state.is_closed else None, "outcome": change.outcome}
    changed = update(procedure_table).where(procedure.id == procedure_id).values(state=change.state, **values)
    return _procedure(connection.execute(changed.returning(procedure_table)).one())


def set_mailbox(connection: Connection, procedure_id: int, mailbox: str) -> None:
    """Write to another mailbox from now on."""
    connection.execute(update(procedure_table).where(procedure.id == procedure_id).values(email=mailbox))


def add_items(connection: Connection, procedure_id: int, what: Sequence[str], is_needed: bool) -> None:
    """Ask for documents or data; what is asked for already stays as it is."""
    if what:
        rows = [{"procedure_id": procedure_id, "what": each, "is_needed": is_needed} for each in what]
        new = _dialect(connection).insert(procedure_item_table).on_conflict_do_nothing()
        connection.execute(new, rows)


def receive_item(
    connection: Connection, procedure_id: int, what: str, document_reference: str | None, now: datetime
) -> bool:
    """Note that something has come, a later document in place of an earlier one; False when it was not asked for."""
    asked = update(procedure_item_table).where(_item.procedure_id == procedure_id, _item.what == what)
    came = asked.values(received_at=now, document_reference=document_reference)
    return connection.execute(came).rowcount == 1


def add_data(connection: Connection, procedure_id: int, data: Mapping[str, str]) -> None:
    """Keep what was collected for a procedure."""
    if data:
        rows = [{"procedure_id": procedure_id, "what": what, "value": value} for what, value in data.items()]
        connection.execute(insert(procedure_datum_table), rows)


def data_of(connection: Connection, procedure_id: int) -> dict[str, str]:
    """What was collected for a procedure, by its codes."""
    rows = connection.execute(select(_datum.what, _datum.value).where(_datum.procedure_id == procedure_id))
    return {row.what: row.value for row in rows}


def news_at(connection: Connection, address: str) -> list[News]:
    """The steps of staff that a conversation has not heard of, the oldest first."""
    untold = select(procedure_step_table).join(procedure_table).order_by(_step.id)
    which = (procedure.address == address, _step.by == Actor.STAFF, _step.told_at.is_(None))
    steps = connection.execute(untold.where(*which)).all()
    found = select(procedure_table).where(procedure.id.in_({row.procedure_id for row in steps}))
    procedures = {row.id: _procedure(row) for row in connection.execute(found)} if steps else {}
    return [News(procedures[row.procedure_id], _read_step(row)) for row in steps]


def mark_told(connection: Connection, address: str, now: datetime) -> None:
    """Note that a conversation has heard of every step of staff."""
    here = select(procedure.id).where(procedure.address == address)
    untold = update(procedure_step_table).where(_step.procedure_id.in_(here), _step.told_at.is_(None))
    connection.execute(untold.where(_step.by == Actor.STAFF).values(told_at=now))


def _read_step(row: Row[Any]) -> Step:
    return Step(row.at, State(row.state), Actor(row.by), row.code, row.note)


def _mailboxes(*columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).select_from(
        procedure_table.outerjoin(person_table, procedure.person_id == person_table.c.id)
    )


def _dialect(connection: Connection) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql


def _one(connection: Connection, *which: ColumnElement[bool]) -> Procedure | None:
    return _first(connection.execute(select(procedure_table).where(*which)).first())


def _first(row: Row[Any] | None) -> Procedure | None:
    return None if row is None else _procedure(row)


def _procedure(row: Row[Any]) -> Procedure:
    return Procedure(
        row.id,
        row.tracking_key,
        Kind(row.kind),
        State(row.state),
        row.address,
        row.person_id,
        row.agency_id,
        row.client_id,
        row.opened_at,
        row.deadline_on,
        row.region,
        row.locality,
        row.closed_at,
        row.outcome,
    )
