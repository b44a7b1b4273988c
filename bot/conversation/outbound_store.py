"""How far each conversation of a remote channel has been sent to, and when to try again. The transcript itself is the outbox."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversation.model import Author, Message
from bot.conversation.queries import MESSAGE_COLUMNS, conversation, conversation_table, message
from bot.conversation.transcript import message_of
from bot.database import Moment, identity, metadata

MESSAGES_AT_ONCE = 20
FAILED_ATTEMPTS_TOLD = 2
WRITTEN_FOR_PERSONS = (Author.ASSISTANT.value, Author.AGENT.value)

outbound_table = Table(
    "outbound",
    metadata,
    Column("conversation_id", identity, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("sent_sequence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, index=True),
    Column("problem", String(200)),
    Column("why", String(16)),
)
"""`why`: what the staff is told of it, an `Undelivered`; it stays until a later message is taken."""
_outbound = outbound_table.c

# Built once: this happens for each reply.
_CONVERSATION = select(conversation.id).where(conversation.address == bindparam("address"))
_HELD = select(outbound_table).where(_outbound.conversation_id == bindparam("row_id")).with_for_update()
_AT_ONCE = (
    update(outbound_table)
    .where(_outbound.conversation_id == bindparam("row_id"))
    .values(due_at=bindparam("at"), attempts=0, problem=None, why=None)
)
_CLAIMABLE = (
    select(_outbound.conversation_id, _outbound.sent_sequence, _outbound.attempts, _outbound.due_at)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), _outbound.due_at <= bindparam("now"))
)
_TAKE = (
    update(outbound_table)
    .where(_outbound.conversation_id == bindparam("row_id"), _outbound.due_at == bindparam("as_seen"))
    .values(due_at=bindparam("until"))
)
_UNSENT = (
    select(*MESSAGE_COLUMNS)
    .where(message.conversation_id == bindparam("row_id"), message.sequence > bindparam("sent"))
    .where(message.author.in_(WRITTEN_FOR_PERSONS))
    .order_by(message.sequence)
    .limit(MESSAGES_AT_ONCE)
)
_NOTE_SENT = (
    update(outbound_table)
    .where(_outbound.conversation_id == bindparam("row_id"))
    .values(
        sent_sequence=bindparam("sent"), attempts=0, problem=None, due_at=bindparam("until"), why=bindparam("left_out")
    )
)
_NEWEST = select(func.coalesce(func.max(message.sequence), 0)).where(
    message.conversation_id == bindparam("row_id"), message.author.in_(WRITTEN_FOR_PERSONS)
)


class Undelivered(StrEnum):
    """Why what is said does not reach a person."""

    WINDOW = "window"
    """The service lets us write for some time after the person last wrote, and that is over."""
    UNREACHABLE = "unreachable"
    NOT_TAKEN = "not_taken"
    """The last message was not taken and is left out."""
    TRYING = "trying"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A conversation that is being sent to by us alone until `leased_until`; `attempts` failed in a row before."""

    conversation_id: int
    address: str
    sent_sequence: int
    attempts: int
    leased_until: datetime


def ask_for(connection: Connection, address: str, now: datetime) -> None:
    """Have what is new at an address sent as soon as nobody else is sending there; ends what stopped it for good.

    A conversation that waits for its next attempt goes on waiting.
    """
    conversation_id = connection.execute(_CONVERSATION, {"address": address}).scalar_one_or_none()
    if conversation_id is None:
        return
    held = connection.execute(_HELD, {"row_id": conversation_id}).first()
    if held is None:
        _add(connection, conversation_id, now)
    elif held.due_at is None:
        connection.execute(_AT_ONCE, {"row_id": conversation_id, "at": now})


def _add(connection: Connection, conversation_id: int, now: datetime) -> None:
    """The first time that something is sent there; another process may do it at the same time, and then it is due too."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"conversation_id": conversation_id, "sent_sequence": 0, "attempts": 0, "due_at": now}
    at_once = {"due_at": now, "attempts": 0, "problem": None, "why": None}
    made = dialect.insert(outbound_table).values(values)
    connection.execute(
        made.on_conflict_do_update(
            index_elements=[_outbound.conversation_id], set_=at_once, where=_outbound.due_at.is_(None)
        )
    )


def _held(connection: Connection, conversation_id: int) -> Row[Any]:
    """The row of a conversation, held: who asks for it and who lays it to rest come one after the other."""
    return connection.execute(_HELD, {"row_id": conversation_id}).one()


def claim(connection: Connection, address: str, now: datetime, lease: timedelta) -> Claimed | None:
    """Take a conversation that is due, for that long; None where it is not, or is somebody else's."""
    row = connection.execute(_CLAIMABLE, {"address": address, "now": now}).first()
    if row is None:
        return None
    as_seen = {"row_id": row.conversation_id, "as_seen": row.due_at, "until": now + lease}
    taken = connection.execute(_TAKE, as_seen)
    if taken.rowcount != 1:
        return None
    return Claimed(row.conversation_id, address, row.sent_sequence, row.attempts, now + lease)


def unsent(connection: Connection, claimed: Claimed, sent_sequence: int) -> list[Message]:
    """What persons have not been sent yet, the oldest first, a few at a time."""
    after = {"row_id": claimed.conversation_id, "sent": sent_sequence}
    return [message_of(row) for row in connection.execute(_UNSENT, after)]


def note_sent(
    connection: Connection, claimed: Claimed, sequence: int, leased_until: datetime, why: Undelivered | None = None
) -> None:
    """It was sent up to that number, and is ours for longer. `why`: that message was left out."""
    values = {"row_id": claimed.conversation_id, "sent": sequence, "until": leased_until, "left_out": why}
    connection.execute(_NOTE_SENT, values)


def put_off(connection: Connection, claimed: Claimed, due_at: datetime | None, problem: str, why: Undelivered) -> None:
    """An attempt failed: the next one is at `due_at`; None: not before the person is heard of again."""
    own = update(outbound_table).where(_outbound.conversation_id == claimed.conversation_id)
    connection.execute(own.values(due_at=due_at, attempts=_outbound.attempts + 1, problem=problem, why=why))


def undelivered(connection: Connection, addresses: Collection[str]) -> dict[str, Undelivered]:
    """Why what was said last does not reach these addresses, where it does not; one failed attempt is nothing yet."""
    troubled = select(conversation.address, _outbound.why).join(outbound_table).where(_outbound.why.is_not(None))
    lasting = or_(_outbound.why != Undelivered.TRYING, _outbound.attempts >= FAILED_ATTEMPTS_TOLD)
    rows = connection.execute(troubled.where(lasting, conversation.address.in_(addresses))) if addresses else ()
    return {row.address: Undelivered(row.why) for row in rows}


def rest(connection: Connection, claimed: Claimed, sent_sequence: int) -> bool:
    """Everything was sent: nothing is due. False where something was written meanwhile, and then it stays claimed."""
    _held(connection, claimed.conversation_id)
    newest = connection.execute(_NEWEST, {"row_id": claimed.conversation_id})
    if newest.scalar_one() > sent_sequence:
        return False
    own = update(outbound_table).where(_outbound.conversation_id == claimed.conversation_id)
    connection.execute(own.values(due_at=None))
    return True


def note_problem(connection: Connection, address: str, problem: str, why: Undelivered) -> None:
    """The service says later that it could not deliver something; the staff read it until the next message is sent."""
    own = select(conversation.id).where(conversation.address == address).scalar_subquery()
    noted = update(outbound_table).where(_outbound.conversation_id == own)
    connection.execute(noted.values(problem=problem, why=why))


def send_again_from(connection: Connection, address: str, sequence: int, now: datetime) -> None:
    """What was sent from that number on did not arrive: it is due again."""
    own = select(conversation.id).where(conversation.address == address).scalar_subquery()
    later = and_(_outbound.conversation_id == own, _outbound.sent_sequence >= sequence)
    again = update(outbound_table).where(later)
    connection.execute(again.values(sent_sequence=sequence - 1, attempts=0, due_at=now, problem=None, why=None))


def due_addresses(connection: Connection, now: datetime) -> Sequence[str]:
    """The conversations that are due, the longest due first."""
    query = select(conversation.address).join(outbound_table).where(_outbound.due_at <= now)
    return connection.execute(query.order_by(_outbound.due_at)).scalars().all()


def can_reach(connection: Connection, address: str) -> bool:
    """Whether nothing says that the service does not take what is sent there any more."""
    stuck = select(_outbound.conversation_id).join(conversation_table)
    stuck = stuck.where(conversation.address == address, _outbound.due_at.is_(None), _outbound.problem.is_not(None))
    return connection.execute(stuck).first() is None


def add_forgotten(connection: Connection, channels: Sequence[str], now: datetime) -> None:
    """Ask for every conversation of these channels in which something was stored and nobody was told, as after a power cut."""
    written = (
        select(func.max(message.sequence))
        .where(message.conversation_id == conversation.id, message.author.in_(WRITTEN_FOR_PERSONS))
        .correlate(conversation_table)
        .scalar_subquery()
    )
    of_channels = or_(*(conversation.address.startswith(f"{channel}:", autoescape=True) for channel in channels))
    lost = (
        select(conversation.id, _outbound.conversation_id.label("known"), _outbound.problem)
        .outerjoin(outbound_table)
        .where(of_channels, written > func.coalesce(_outbound.sent_sequence, 0), _outbound.due_at.is_(None))
    )
    rows = connection.execute(lost).all()
    new = [
        {"conversation_id": row.id, "sent_sequence": 0, "attempts": 0, "due_at": now} for row in rows if not row.known
    ]
    if new:
        connection.execute(insert(outbound_table), new)
    known = [row.known for row in rows if row.known and row.problem is None]
    connection.execute(update(outbound_table).where(_outbound.conversation_id.in_(known)).values(due_at=now))
