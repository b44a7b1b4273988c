"""The tables of conversations and messages, and every statement on them, built once.

SQLAlchemy finds the compiled form of a statement by its identity; one that is built for each turn costs more than its run.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.conversation.model import Author, Holder, State
from bot.database import Moment, identity, metadata

RECENT_OFFERS = 10

conversation_table = Table(
    "conversation",
    metadata,
    Column("id", identity, primary_key=True),
    Column("address", String(200), nullable=False, unique=True),
    Column("last_sequence", Integer, nullable=False, default=0),
    Column("created_at", Moment, nullable=False),
    Column("holder", String(16), nullable=False, server_default=Holder.ASSISTANT.value),
    Column("quiet_until", Moment, index=True),
)
"""`quiet_until`: before that moment the news that wait there are told to nobody who has not written."""

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
    Column("signed_by", String(80), nullable=False, server_default=""),
    Column("attachment", JSON(none_as_null=True)),
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
    message.signed_by,
    message.attachment,
)

LOCK = (
    select(conversation.id, conversation.last_sequence, conversation.holder)
    .where(conversation.address == bindparam("address"))
    .with_for_update()
)
HOLDER = select(conversation.holder).where(conversation.address == bindparam("address"))
SET_HOLDER = (
    update(conversation_table).where(conversation.address == bindparam("at_address")).values(holder=bindparam("new"))
)
KEEP_QUIET = (
    update(conversation_table).where(conversation.id == bindparam("row_id")).values(quiet_until=bindparam("until"))
)
END_QUIET = (
    update(conversation_table)
    .where(conversation.quiet_until <= bindparam("now"))
    .values(quiet_until=None)
    .returning(conversation.address)
)
_waits = message_table.alias("waits").c
IS_QUIET = select(conversation.id).where(
    conversation.address == bindparam("address"),
    conversation.quiet_until > bindparam("now"),
    ~exists().where(
        _waits.conversation_id == conversation.id,
        _waits.state == State.WAITING.value,
        _waits.author == Author.PERSON.value,
    ),
)
BY_CHANNEL_ID = select(*MESSAGE_COLUMNS).where(
    message.conversation_id == bindparam("conversation_id"), message.channel_message_id == bindparam("channel_id")
)
IS_KNOWN = (
    select(message.id)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.channel_message_id == bindparam("channel_id"))
)
NEXT_WAITING = (
    select(*MESSAGE_COLUMNS)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.state == "waiting")
    .order_by(message.id)
    .limit(2)
)
OFFERS = (
    select(message.buttons)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.author == Author.ASSISTANT.value)
    .order_by(message.sequence.desc())
    .limit(RECENT_OFFERS)
)
OFFERED_AT = (
    select(message.buttons)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.sequence == bindparam("sequence"))
    .where(message.author == Author.ASSISTANT.value)
)
AT_SEQUENCE = (
    select(*MESSAGE_COLUMNS)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.sequence == bindparam("sequence"))
)
REPLIES = select(*MESSAGE_COLUMNS).where(message.answers_id == bindparam("answered_id")).order_by(message.sequence)
SINCE = (
    select(*MESSAGE_COLUMNS)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), message.sequence > bindparam("after"))
    .order_by(message.sequence)
)
ANYTHING_SAID = select(message.id).where(message.conversation_id == bindparam("row_id"), message.sequence > 0).limit(1)
_SAID_AT = select(*MESSAGE_COLUMNS).join(conversation_table).where(conversation.address == bindparam("address"))
NEWEST_BEFORE = (
    _SAID_AT.where(message.sequence > 0, message.sequence < bindparam("before"))
    .order_by(message.sequence.desc())
    .limit(bindparam("most"))
)
BETWEEN = _SAID_AT.where(
    message.sequence > 0, message.sequence >= bindparam("first"), message.sequence < bindparam("before")
).order_by(message.sequence)
LAST_BY = (
    _SAID_AT.where(message.sequence > 0, message.author == bindparam("author"))
    .order_by(message.sequence.desc())
    .limit(1)
)
FIRST_SEQUENCE = select(func.coalesce(func.min(message.sequence), 0)).where(
    message.conversation_id == bindparam("conversation_id")
)
_earlier_table, _reply_table = message_table.alias("earlier"), message_table.alias("reply")
_event, _earlier, _reply = message_table.alias("event").c, _earlier_table.c, _reply_table.c
_SAID_BEFORE = (
    select(func.coalesce(func.min(_reply.sequence), _earlier.sequence))
    .outerjoin_from(_earlier_table, _reply_table, _reply.answers_id == _earlier.id)
    .where(_earlier.conversation_id == message.conversation_id, _earlier.author == Author.PERSON.value)
    .where(_earlier.sequence < bindparam("said_sequence"))
    .group_by(_earlier.id, _earlier.sequence)
    .order_by(_earlier.sequence.desc())
    .limit(1)
    .correlate(message_table)
    .scalar_subquery()
)
"""Where the window before began: at the first answer to the person's message before, or at that message if nobody answered it."""
_BY_ITSELF = or_(
    message.answers_id.in_(select(_event.id).where(_event.author == Author.EVENT.value)),
    message.author == Author.AGENT.value,
)
ANNOUNCED = (
    select(*MESSAGE_COLUMNS)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"))
    .where(message.sequence < bindparam("answer_sequence"))
    .where(message.sequence > func.coalesce(_SAID_BEFORE, 0))
    .where(_BY_ITSELF)
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
SAME_EVENT = select(message.id).where(
    message.conversation_id == bindparam("row_id"),
    message.author == Author.EVENT.value,
    message.state == State.WAITING.value,
    message.text == bindparam("event"),
)
EVENTS_SINCE = (
    select(message.text)
    .where(message.conversation_id == bindparam("row_id"), message.author == Author.EVENT.value)
    .where(message.sent_at >= bindparam("since"))
    .group_by(message.text)
    .order_by(func.min(message.id))
)
ATTEMPTS = (
    select(message.id, message.attempts)
    .where(message.conversation_id == bindparam("row_id"), message.state == State.WAITING.value)
    .order_by(message.id)
)
WAITING_ADDRESSES = (
    select(conversation.address)
    .join(message_table)
    .where(message.state == State.WAITING.value)
    .group_by(conversation.address)
    .order_by(func.min(message.id))
)
INSERT_MESSAGE = insert(message_table)
TAKE_NUMBER = (
    update(conversation_table)
    .where(conversation.address == bindparam("at_address"))
    .values(last_sequence=conversation.last_sequence + 1)
    .returning(conversation.id, conversation.last_sequence, conversation.holder)
)
"""Locks a conversation and takes its next number; no row where it does not exist yet."""
_INSERTED = [column for column in message_table.columns if column is not message.id]
_BEFORE = message_table.alias("before").c
_IS_KNOWN_THERE = exists().where(
    _BEFORE.conversation_id == bindparam("conversation_id"),
    _BEFORE.channel_message_id == bindparam("channel_message_id"),
)
INSERT_ONCE = (
    insert(message_table)
    .from_select(
        [column.name for column in _INSERTED],
        select(*(bindparam(column.name, type_=column.type) for column in _INSERTED)).where(~_IS_KNOWN_THERE),
    )
    .returning(message.id)
)
"""Under the conversation's lock; no row where the channel delivered that message before. ON CONFLICT would be compiled each time."""
