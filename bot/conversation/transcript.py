"""The transcript that people read: conversations and their messages, each stored before it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversation import queries
from bot.conversation.model import Attachment, Author, Button, Holder, Message, Reply, State


@dataclass
class OpenConversation:
    """A conversation whose row is locked until the transaction ends; sequence numbers are given out from it."""

    id: int
    address: str
    last_sequence: int
    holder: Holder


def open_conversation(connection: Connection, address: str, now: datetime) -> OpenConversation:
    """Lock a conversation; it is made when it is new."""
    found = connection.execute(queries.LOCK, {"address": address}).first()
    if found is None:
        _make_conversation(connection, address, now)
        found = connection.execute(queries.LOCK, {"address": address}).one()
    return OpenConversation(found.id, address, found.last_sequence, Holder(found.holder))


def _make_conversation(connection: Connection, address: str, now: datetime) -> None:
    """Two first messages may arrive at once: the second finds the row of the first."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {"address": address, "last_sequence": 0, "created_at": now}
    connection.execute(dialect.insert(queries.conversation_table).on_conflict_do_nothing(), row)


def holder_of(connection: Connection, address: str) -> Holder:
    """Who answers there; a conversation that does not exist yet is the assistant's."""
    found = connection.execute(queries.HOLDER, {"address": address}).scalar_one_or_none()
    return Holder(found or Holder.ASSISTANT)


def set_holder(connection: Connection, address: str, holder: Holder) -> None:
    """Give a conversation to the desk or back to the assistant; the caller's transaction holds its row."""
    connection.execute(queries.SET_HOLDER, {"at_address": address, "new": holder.value})


def by_channel_id(connection: Connection, conversation_id: int, channel_id: str) -> Message | None:
    """The message that the channel delivered before under the same id."""
    return _first(connection, queries.BY_CHANNEL_ID, {"conversation_id": conversation_id, "channel_id": channel_id})


def is_known(connection: Connection, address: str, channel_id: str) -> bool:
    """Whether the channel delivered a message with that id to that conversation before."""
    return connection.execute(queries.IS_KNOWN, {"address": address, "channel_id": channel_id}).first() is not None


def next_waiting(connection: Connection, address: str) -> list[Message]:
    """The message whose turn it is and the one after it, where there are any."""
    return _all(connection, queries.NEXT_WAITING, {"address": address})


def add_incoming(
    connection: Connection, address: str, text: str, channel_id: str | None, now: datetime
) -> tuple[OpenConversation, Message, bool]:
    """Store a person's message as waiting for its answer, or find it when the channel delivered it before; whether it is new.

    Two statements for what is acknowledged: its conversation is locked and counted up in one.
    """
    opened = _count_up(connection, address, now)
    row = _row(opened, Author.PERSON, text, (), State.WAITING, now) | {"channel_message_id": channel_id}
    key = connection.execute(queries.INSERT_ONCE, row).scalar_one_or_none()
    if key is not None:
        return opened, _stored(key, row), True
    opened.last_sequence -= 1
    _advance(connection, opened)
    known = by_channel_id(connection, opened.id, str(channel_id))
    assert known is not None
    return opened, known, False


def _count_up(connection: Connection, address: str, now: datetime) -> OpenConversation:
    """Lock a conversation, made when it is new, as it was before the number that is counted here for its next message."""
    found = connection.execute(queries.TAKE_NUMBER, {"at_address": address}).first()
    if found is None:
        _make_conversation(connection, address, now)
        found = connection.execute(queries.TAKE_NUMBER, {"at_address": address}).one()
    return OpenConversation(found.id, address, found.last_sequence - 1, Holder(found.holder))


def add_event(connection: Connection, opened: OpenConversation, event: str, now: datetime) -> Message:
    """Store something that the assistant has to speak about as waiting. Its negative sequence keeps it out of sight.

    Whatever waited there for the morning is told with it; `keep_quiet` after this has it all wait.
    """
    keep_quiet(connection, opened, None)
    first = connection.execute(queries.FIRST_SEQUENCE, {"conversation_id": opened.id}).scalar_one()
    row = _row(opened, Author.EVENT, event, (), State.WAITING, now)
    opened.last_sequence -= 1
    return _insert(connection, row | {"sequence": min(first, 0) - 1})


def keep_quiet(connection: Connection, opened: OpenConversation, until: datetime | None) -> None:
    """Before that moment news that wait there are not told by themselves; None: they are."""
    connection.execute(queries.KEEP_QUIET, {"row_id": opened.id, "until": until})


def is_quiet(connection: Connection, address: str, now: datetime) -> bool:
    """Whether what waits there are news that nobody is to be woken for; not so when the person waits for an answer."""
    return connection.execute(queries.IS_QUIET, {"address": address, "now": now}).first() is not None


def end_quiet(connection: Connection, now: datetime) -> list[str]:
    """The conversations whose news may be told from now on; each is given once."""
    return list(connection.execute(queries.END_QUIET, {"now": now}).scalars())


def events_since(connection: Connection, opened: OpenConversation, since: datetime) -> list[str]:
    """The events that were stored there from that moment on, each once, the first one first."""
    return list(connection.execute(queries.EVENTS_SINCE, {"row_id": opened.id, "since": since}).scalars())


def is_event_waiting(connection: Connection, opened: OpenConversation, event: str) -> bool:
    """Whether that very event is stored there and its turn has not come yet."""
    return connection.execute(queries.SAME_EVENT, {"row_id": opened.id, "event": event}).first() is not None


def add_replies(
    connection: Connection, opened: OpenConversation, replies: Sequence[Reply], answers_id: int | None, now: datetime
) -> list[Message]:
    """Store the answers to a message (or what the assistant says by itself: `answers_id` is None)."""
    stored = [
        _insert(
            connection,
            _row(opened, _author_of(reply), reply.text, reply.buttons, State.SENT, now) | {"answers_id": answers_id},
        )
        for reply in replies
    ]
    _advance(connection, opened)
    return stored


def _author_of(reply: Reply) -> Author:
    return Author.AGENT if reply.by_staff else Author.ASSISTANT


def add_from_agent(
    connection: Connection,
    opened: OpenConversation,
    text: str,
    signed_by: str,
    now: datetime,
    channel_id: str | None = None,
    attachment: Attachment | None = None,
) -> Message:
    """Store what somebody of the staff writes to the person; `signed_by` is the name that is shown, 80 characters at most.

    With "" it is a line about the staff itself ("Laura has joined"). What came before under the same `channel_id` is found.
    With an `attachment` it is a file.
    """
    known = by_channel_id(connection, opened.id, channel_id) if channel_id else None
    if known is not None:
        return known
    row = _row(opened, Author.AGENT, text, (), State.SENT, now) | {"signed_by": signed_by}
    stored = _insert(connection, row | {"channel_message_id": channel_id, "attachment": _kept(attachment)})
    _advance(connection, opened)
    return stored


def add_file(connection: Connection, opened: OpenConversation, attachment: Attachment, now: datetime) -> Message:
    """Store a file that a person sent to the staff, as a message that waits to be seen by them."""
    row = _row(opened, Author.PERSON, attachment.name, (), State.WAITING, now)
    stored = _insert(connection, row | {"attachment": _kept(attachment)})
    _advance(connection, opened)
    return stored


def attachment_at(connection: Connection, address: str, sequence: int) -> Attachment | None:
    """The file of one message of a conversation; None where it has none."""
    found = _first(connection, queries.AT_SEQUENCE, {"address": address, "sequence": sequence})
    return found.attachment if found else None


def _advance(connection: Connection, opened: OpenConversation) -> None:
    connection.execute(queries.ADVANCE, {"row_id": opened.id, "sequence": opened.last_sequence})


def is_empty(connection: Connection, opened: OpenConversation) -> bool:
    """Whether nothing that was said there is kept: it is new, or what was said has been erased."""
    return connection.execute(queries.ANYTHING_SAID, {"row_id": opened.id}).first() is None


def set_state(connection: Connection, message_id: int, state: State) -> None:
    """Note what became of a person's message."""
    connection.execute(queries.SET_STATE, {"row_id": message_id, "new_state": state.value})


def replies_to(connection: Connection, message_id: int) -> list[Message]:
    """Every answer to one message, in order."""
    return _all(connection, queries.REPLIES, {"answered_id": message_id})


def announced_before(connection: Connection, address: str, said: Message, answer: Message) -> list[Message]:
    """What was said because of events between the first answer to a person's message and that to the one before it."""
    between = {"said_sequence": said.sequence, "answer_sequence": answer.sequence}
    return _all(connection, queries.ANNOUNCED, {"address": address} | between)


def since(connection: Connection, address: str, after: int) -> list[Message]:
    """Everything said in a conversation after sequence number `after`."""
    return _all(connection, queries.SINCE, {"address": address, "after": after})


def recent_offers(connection: Connection, address: str) -> tuple[Button, ...]:
    """The buttons of the last replies, newest first."""
    rows = connection.execute(queries.OFFERS, {"address": address}).scalars()
    return tuple(Button(**button) for buttons in rows for button in buttons)


def offered_at(connection: Connection, address: str, sequence: int) -> tuple[Button, ...]:
    """The buttons of one of our messages."""
    buttons = connection.execute(queries.OFFERED_AT, {"address": address, "sequence": sequence}).scalar_one_or_none()
    return tuple(Button(**button) for button in buttons or ())


def waiting_addresses(connection: Connection) -> list[str]:
    """The conversations with a message that waits for its answer, longest wait first."""
    return list(connection.execute(queries.WAITING_ADDRESSES).scalars())


def count_attempts(connection: Connection, opened: OpenConversation) -> list[tuple[int, int]]:
    """One more attempt for each waiting message of a conversation; returns (message id, attempts) in order."""
    connection.execute(queries.COUNT_ATTEMPT, {"row_id": opened.id})
    return [(row.id, row.attempts) for row in connection.execute(queries.ATTEMPTS, {"row_id": opened.id})]


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
        "signed_by": "",
        "attachment": None,
    }


def _kept(attachment: Attachment | None) -> dict[str, Any] | None:
    return None if attachment is None else asdict(attachment)


def _attachment(kept: dict[str, Any] | None) -> Attachment | None:
    return None if kept is None else Attachment(**kept)


def _insert(connection: Connection, row: dict[str, Any]) -> Message:
    key = connection.execute(queries.INSERT_MESSAGE, row).inserted_primary_key
    assert key is not None
    return _stored(key[0], row)


def _stored(key: int, row: dict[str, Any]) -> Message:
    return Message(
        id=key,
        sequence=row["sequence"],
        author=Author(row["author"]),
        text=row["text"],
        buttons=tuple(Button(**button) for button in row["buttons"]),
        channel_message_id=row["channel_message_id"],
        answers_id=row["answers_id"],
        state=State(row["state"]),
        sent_at=row["sent_at"],
        signed_by=row["signed_by"],
        attachment=_attachment(row["attachment"]),
    )


def _first(connection: Connection, query: Select[Any], values: dict[str, Any]) -> Message | None:
    row = connection.execute(query, values).first()
    return None if row is None else message_of(row)


def _all(connection: Connection, query: Select[Any], values: dict[str, Any]) -> list[Message]:
    return [message_of(row) for row in connection.execute(query, values)]


def message_of(row: Row[Any]) -> Message:
    """The message of a row with MESSAGE_COLUMNS."""
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
        signed_by=row.signed_by,
        attachment=_attachment(row.attachment),
    )
