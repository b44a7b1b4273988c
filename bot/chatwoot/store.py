"""Which cases are at Chatwoot, how far each was sent, and what Chatwoot told us and is not handled yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.chatwoot.model import Told, told_from
from bot.conversation.model import Author, Message
from bot.conversation.queries import MESSAGE_COLUMNS, conversation, conversation_table, message
from bot.conversation.transcript import message_of
from bot.database import Moment, identity, metadata
from bot.desk.model import Choice, State
from bot.desk.port import Started, Status
from bot.desk.tables import case_table

MESSAGES_AT_ONCE = 20
KEPT_EVENTS = timedelta(days=7)

talk_table = Table(
    "chatwoot_talk",
    metadata,
    Column("case_id", identity, ForeignKey("support_case.id", ondelete="CASCADE"), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("remote_id", BigInteger, unique=True),
    Column("customer", String(100)),
    Column("is_briefed", Integer, nullable=False),
    Column("sent_sequence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, index=True),
    Column("problem", String(200)),
)
event_table = Table(
    "chatwoot_event",
    metadata,
    Column("id", identity, primary_key=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("told", JSON),
    Column("arrived_at", Moment, nullable=False, index=True),
    Column("handled_at", Moment, index=True),
)
_talk, _event, _case = talk_table.c, event_table.c, case_table.c


@dataclass(frozen=True, slots=True)
class Talk:
    """A case at Chatwoot. `started` is None until Chatwoot has it."""

    case_id: int
    address: str
    state: State
    has_agent_of_ours: bool
    opened_at: datetime
    status: Status
    started: Started | None
    is_briefed: bool
    sent_sequence: int
    attempts: int


def add_new(connection: Connection, since: datetime, now: datetime) -> None:
    """A row for every case that waits in the chat and has none; what was said until now is in the briefing."""
    newest = select(conversation.last_sequence).where(conversation.address == _case.address).scalar_subquery()
    query = (
        select(_case.id, newest.label("newest"))
        .outerjoin(talk_table, _talk.case_id == _case.id)
        .where(_case.state == State.WAITING.value, _case.choice == Choice.WAIT.value, _case.opened_at >= since)
        .where(_talk.case_id.is_(None))
    )
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    for row in connection.execute(query).all():
        values = {"case_id": row.id, "status": Status.ASKED.value, "is_briefed": 0, "attempts": 0, "due_at": now}
        new = dialect.insert(talk_table).values(values | {"sent_sequence": row.newest or 0})
        connection.execute(new.on_conflict_do_nothing())


def due(connection: Connection, now: datetime) -> list[Talk]:
    """The talks that something is to be done for: new words, the end of the case, or the next attempt."""
    said = (
        select(message.id)
        .join(conversation_table)
        .where(conversation.address == _case.address, message.sequence > _talk.sent_sequence)
        .where(message.author == Author.PERSON.value)
        .exists()
    )
    is_over = or_(_case.state.in_((State.ASSISTANT.value, State.CLOSED.value)), _case.staff_id.is_not(None))
    is_new = _talk.status == Status.ASKED.value
    query = _TALKS.where(_talk.status.in_((Status.ASKED.value, Status.ACCEPTED.value)), _talk.due_at <= now)
    return [
        _talk_of(row) for row in connection.execute(query.where(or_(is_new, is_over, said)).order_by(_talk.case_id))
    ]


def at(connection: Connection, remote_id: int) -> Talk | None:
    """The talk that Chatwoot calls by that number."""
    row = connection.execute(_TALKS.where(_talk.remote_id == remote_id)).first()
    return None if row is None else _talk_of(row)


def attended_at(connection: Connection, address: str) -> Started | None:
    """Where an agent of Chatwoot attends a conversation of ours now; None where none does."""
    held = (_case.address == address, _case.state == State.AGENT.value, _case.staff_id.is_(None))
    row = connection.execute(_TALKS.where(*held, _talk.status == Status.ACCEPTED.value)).first()
    return None if row is None else _talk_of(row).started


_TALKS = select(talk_table, _case.address, _case.state, _case.staff_id, _case.opened_at).join(
    case_table, _case.id == _talk.case_id
)


def _talk_of(row: Row[Any]) -> Talk:
    started = None if row.remote_id is None else Started(row.remote_id, row.customer)
    return Talk(
        row.case_id,
        row.address,
        State(row.state),
        row.staff_id is not None,
        row.opened_at,
        Status(row.status),
        started,
        bool(row.is_briefed),
        row.sent_sequence,
        row.attempts,
    )


def claim(connection: Connection, talk: Talk, now: datetime, until: datetime) -> bool:
    """Have a talk alone until a moment; False where another process was quicker."""
    mine = update(talk_table).where(_talk.case_id == talk.case_id, _talk.due_at <= now)
    return connection.execute(mine.values(due_at=until)).rowcount == 1


def change(connection: Connection, case_id: int, **values: Any) -> None:
    """Write down how far a talk is."""
    connection.execute(update(talk_table).where(_talk.case_id == case_id).values(values))


def unsent(connection: Connection, talk: Talk) -> list[Message]:
    """What the customer wrote and Chatwoot has not been told, the oldest first."""
    query = (
        select(*MESSAGE_COLUMNS)
        .join(conversation_table)
        .where(conversation.address == talk.address, message.sequence > talk.sent_sequence)
        .where(message.author == Author.PERSON.value)
        .order_by(message.sequence)
        .limit(MESSAGES_AT_ONCE)
    )
    return [message_of(row) for row in connection.execute(query)]


def keep_event(connection: Connection, told: Told, now: datetime) -> None:
    """Store what Chatwoot told; what came before under the same key is not stored again."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {"key": told.key, "told": told.as_json(), "arrived_at": now}
    connection.execute(dialect.insert(event_table).values(row).on_conflict_do_nothing())


def unhandled(connection: Connection) -> Sequence[tuple[int, Told]]:
    """What was told and is not handled, in the order in which it came."""
    query = select(_event.id, _event.told).where(_event.handled_at.is_(None)).order_by(_event.id).limit(100)
    return [(row.id, told_from(row.told)) for row in connection.execute(query)]


def is_handled_now(connection: Connection, event_id: int, now: datetime) -> bool:
    """Mark an event as handled in the transaction that handles it, and forget its text; False where it was already."""
    own = update(event_table).where(_event.id == event_id, _event.handled_at.is_(None))
    return connection.execute(own.values(handled_at=now, told=None)).rowcount == 1


def forget_events(connection: Connection, now: datetime) -> None:
    """Old keys are of no use: nothing is delivered again after days."""
    connection.execute(delete(event_table).where(_event.handled_at < now - KEPT_EVENTS))
