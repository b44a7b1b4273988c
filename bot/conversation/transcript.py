"""The transcript that people read: conversations and their messages, each stored before it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversation.model import Author, Button, Message, Reply, State
from bot.database import Moment, metadata

RECENT_OFFERS = 10

identity = BigInteger().with_variant(Integer, "sqlite")

conversation_table = Table(
    "conversation",
    metadata,
    Column("id", identity, primary_key=True),
    Column("address", String(200), nullable=False, unique=True),
    Column("last_sequence", Integer, nullable=False, default=0),
    Column("created_at", Moment, nullable=False),
)

message_table = Table(
    "message",
    metadata,
    Column("id", identity, primary_key=True),
    Column("conversation_id", ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("author", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("buttons", JSON, nullable=False),
    Column("channel_message_id", String(200)),
    Column("answers_id", ForeignKey("message.id", ondelete="CASCADE"), index=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("sent_at", Moment, nullable=False),
    UniqueConstraint("conversation_id", "sequence"),
    UniqueConstraint("conversation_id", "channel_message_id"),
)

conversation, message = conversation_table.c, message_table.c
MESSAGE_COLUMNS = (
    message.id,
    message.sequence,
    message.author,
    message.text,
    message.buttons,
    message.channel_message_id,
    message.answers_id,
    message.state,
    message.sent_at,
)

# Built once: SQLAlchemy then finds the compiled statement by identity instead of walking it at every turn.
LOCK = (
    select(conversation.id, conversation.last_sequence)
    .where(conversation.address == bindparam("address"))
    .with_for_update()
)
BY_CHANNEL_ID = select(*MESSAGE_COLUMNS).where(
    message.conversation_id == bindparam("conversation_id"), message.channel_message_id == bindparam("channel_id")
)
NEXT_WAITING = (
    select(*MESSAGE_COLUMNS)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.state == "waiting")
    .order_by(message.sequence)
    .limit(2)
)
OFFERS = (
    select(message.buttons)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.author == Author.ASSISTANT.value)
    .order_by(message.sequence.desc())
    .limit(RECENT_OFFERS)
)
REPLIES = select(*MESSAGE_COLUMNS).where(message.answers_id == bindparam("answered_id")).order_by(message.sequence)
SINCE = (
    select(*MESSAGE_COLUMNS)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.sequence > bindparam("after"))
    .order_by(message.sequence)
)
ADVANCE = (
    update(conversation_table).where(conversation.id == bindparam("row_id")).values(last_sequence=bindparam("sequence"))
)
SET_STATE = update(message_table).where(message.id == bindparam("row_id")).values(state=bindparam("new_state"))
COUNT_ATTEMPT = (
    update(message_table)
    .where(message.conversation_id == bindparam("row_id"), message.state == State.WAITING.value)
    .values(attempts=message.attempts + 1)
)
ATTEMPTS = (
    select(message.id, message.attempts)
    .where(message.conversation_id == bindparam("row_id"), message.state == State.WAITING.value)
    .order_by(message.sequence)
)
WAITING_ADDRESSES = (
    select(conversation.address)
    .join(message_table)
    .where(message.state == State.WAITING.value)
    .group_by(conversation.address)
    .order_by(func.min(message.id))
)


@dataclass
class OpenConversation:
    """A conversation whose row is locked until the transaction ends; sequence numbers are given out from it."""

    id: int
    address: str
    last_sequence: int


def open_conversation(connection: Connection, address: str, now: datetime) -> OpenConversation:
    """Lock a conversation; it is made when it is new."""
    found = connection.execute(LOCK, {"address": address}).first()
    if found is None:
        _make_conversation(connection, address, now)
        found = connection.execute(LOCK, {"address": address}).one()
    return OpenConversation(found.id, address, found.last_sequence)


def _make_conversation(connection: Connection, address: str, now: datetime) -> None:
    """Two first messages may arrive at once: the second finds the row of the first."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {"address": address, "last_sequence": 0, "created_at": now}
    connection.execute(dialect.insert(conversation_table).on_conflict_do_nothing(), row)


def by_channel_id(connection: Connection, conversation_id: int, channel_id: str) -> Message | None:
    """The message that the channel delivered before under the same id."""
    return _first(connection, BY_CHANNEL_ID, {"conversation_id": conversation_id, "channel_id": channel_id})


def next_waiting(connection: Connection, address: str) -> list[Message]:
    """The message whose turn it is and the one after it, where there are any."""
    return _all(connection, NEXT_WAITING, {"address": address})


def add_incoming(
    connection: Connection, opened: OpenConversation, text: str, channel_id: str | None, now: datetime
) -> Message:
    """Store a person's message as waiting for its answer, or find it when the channel delivered it before."""
    known = by_channel_id(connection, opened.id, channel_id) if channel_id else None
    if known is not None:
        return known
    row = _row(opened, Author.PERSON, text, (), State.WAITING, now) | {"channel_message_id": channel_id}
    stored = _insert(connection, row)
    _advance(connection, opened)
    return stored


def add_replies(
    connection: Connection, opened: OpenConversation, replies: Sequence[Reply], answers_id: int | None, now: datetime
) -> list[Message]:
    """Store the answers to a message (or what the assistant says by itself: `answers_id` is None)."""
    stored = [
        _insert(
            connection,
            _row(opened, Author.ASSISTANT, reply.text, reply.buttons, State.SENT, now) | {"answers_id": answers_id},
        )
        for reply in replies
    ]
    _advance(connection, opened)
    return stored


def _advance(connection: Connection, opened: OpenConversation) -> None:
    connection.execute(ADVANCE, {"row_id": opened.id, "sequence": opened.last_sequence})


def set_state(connection: Connection, message_id: int, state: State) -> None:
    """Note what became of a person's message."""
    connection.execute(SET_STATE, {"row_id": message_id, "new_state": state.value})


def replies_to(connection: Connection, message_id: int) -> list[Message]:
    """Every answer to one message, in order."""
    return _all(connection, REPLIES, {"answered_id": message_id})


def since(connection: Connection, address: str, after: int) -> list[Message]:
    """Everything said in a conversation after sequence number `after`."""
    return _all(connection, SINCE, {"address": address, "after": after})


def recent_offers(connection: Connection, address: str) -> tuple[Button, ...]:
    """The buttons of the last replies, newest first."""
    rows = connection.execute(OFFERS, {"address": address}).scalars()
    return tuple(Button(**button) for buttons in rows for button in buttons)


def waiting_addresses(connection: Connection) -> list[str]:
    """The conversations with a message that waits for its answer, longest wait first."""
    return list(connection.execute(WAITING_ADDRESSES).scalars())


def count_attempts(connection: Connection, opened: OpenConversation) -> list[tuple[int, int]]:
    """One more attempt for each waiting message of a conversation; returns (message id, attempts) in order."""
    connection.execute(COUNT_ATTEMPT, {"row_id": opened.id})
    return [(row.id, row.attempts) for row in connection.execute(ATTEMPTS, {"row_id": opened.id})]


def _row(
    opened: OpenConversation, author: Author, text: str, buttons: Sequence[Button], state: State, now: datetime
) -> dict[str, Any]:
    """The next message of a conversation; takes its sequence number."""
    opened.last_sequence += 1
    return {
        "conversation_id": opened.id,
        "sequence": opened.last_sequence,
        "author": author.value,
        "text": text,
        "buttons": [{"title": button.title, "payload": button.payload} for button in buttons],
        "channel_message_id": None,
        "answers_id": None,
        "state": state.value,
        "attempts": 0,
        "sent_at": now,
    }


INSERT_MESSAGE = insert(message_table)


def _insert(connection: Connection, row: dict[str, Any]) -> Message:
    key = connection.execute(INSERT_MESSAGE, row).inserted_primary_key
    assert key is not None
    return Message(
        id=key[0],
        sequence=row["sequence"],
        author=Author(row["author"]),
        text=row["text"],
        buttons=tuple(Button(**button) for button in row["buttons"]),
        channel_message_id=row["channel_message_id"],
        answers_id=row["answers_id"],
        state=State(row["state"]),
        sent_at=row["sent_at"],
    )


def _first(connection: Connection, query: Select[Any], values: dict[str, Any]) -> Message | None:
    row = connection.execute(query, values).first()
    return None if row is None else _message(row)


def _all(connection: Connection, query: Select[Any], values: dict[str, Any]) -> list[Message]:
    return [_message(row) for row in connection.execute(query, values)]


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        sequence=row.sequence,
        author=Author(row.author),
        text=row.text,
        buttons=tuple(Button(**button) for button in row.buttons),
        channel_message_id=row.channel_message_id,
        answers_id=row.answers_id,
        state=State(row.state),
        sent_at=row.sent_at,
    )
