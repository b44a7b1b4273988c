"""Notices that wait, and who wants none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.database import Moment, identity, metadata
from bot.notices.model import State

notice_table = Table(
    "notice",
    metadata,
    Column("id", identity, primary_key=True),
    Column("person_id", identity, ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("details", JSON, nullable=False),
    Column("mail", JSON),
    Column("state", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, index=True),
    Column("settled_at", Moment),
    Column("address", String(200)),
    Column("sequence", Integer),
    Index("ix_notice_address_sequence", "address", "sequence"),
)
choice_table = Table(
    "notice_choice",
    metadata,
    Column("person_id", identity, ForeignKey("person.id"), primary_key=True),
    Column("wanted", Boolean, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
"""`address` and `sequence`: which message of which conversation told it."""

_notice, _choice = notice_table.c, choice_table.c


def add(connection: Connection, values: dict[str, Any]) -> None:
    """Keep a notice until it is told."""
    connection.execute(insert(notice_table).values(values | {"state": State.WAITING}))


def next_due(connection: Connection, now: datetime) -> Row[Any] | None:
    """The notice that has been due longest, held until the transaction ends; None where none is."""
    due = select(notice_table).where(_notice.due_at <= now).order_by(_notice.due_at, _notice.id).limit(1)
    return connection.execute(due.with_for_update(skip_locked=True)).first()


def settle(connection: Connection, notice_id: int, state: State, now: datetime, **more: Any) -> None:
    """It was told, one way or the other; `more` are other values of its row."""
    own = update(notice_table).where(_notice.id == notice_id)
    connection.execute(own.values(state=state, due_at=None, settled_at=now, **more))


def told_at(connection: Connection, address: str, first: int, last: int | None) -> Sequence[Row[Any]]:
    """The notices that were told by the messages with these numbers, held; without `last` by all later ones too."""
    told = select(notice_table).where(
        _notice.address == address, _notice.sequence >= first, _notice.state == State.TOLD
    )
    found = told if last is None else told.where(_notice.sequence <= last)
    return connection.execute(found.with_for_update()).all()


def put_off(connection: Connection, notice_id: int, due_at: datetime) -> None:
    """Not now."""
    connection.execute(update(notice_table).where(_notice.id == notice_id).values(due_at=due_at))


def wants(connection: Connection, person_id: int) -> bool:
    """Whether a person wants to be told in the chat; who has said nothing does."""
    said = connection.execute(select(_choice.wanted).where(_choice.person_id == person_id)).scalar_one_or_none()
    return said is not False


def choose(connection: Connection, person_id: int, wanted: bool, now: datetime) -> None:
    """Keep what a person wants."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"wanted": wanted, "changed_at": now}
    added = dialect.insert(choice_table).values(values | {"person_id": person_id})
    connection.execute(added.on_conflict_do_update(index_elements=[_choice.person_id], set_=values))
