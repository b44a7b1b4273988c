"""The web chat's events: Rasa's names and shapes, with sequence numbers added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.conversation.model import Author, Incoming, Message

CHANNEL = "web"
LONGEST_MESSAGE_ID = 64
LARGEST_SEQUENCE = 2**31 - 1


@dataclass(frozen=True)
class SessionRequest:
    """A client that opens or resumes a conversation. `after` is the last sequence number it has seen."""

    session_id: object
    after: int | None
    opened: bool


@dataclass(frozen=True)
class UserUttered:
    """A message typed in the chat."""

    session_id: object
    text: str
    message_id: str | None


def read_session_request(data: object) -> SessionRequest:
    """Any payload is read; what has the wrong type counts as absent."""
    fields = data if isinstance(data, dict) else {}
    after = fields.get("after")
    if type(after) is not int or not 0 <= after <= LARGEST_SEQUENCE:
        after = None
    return SessionRequest(fields.get("session_id"), after, fields.get("opened") is True)


def read_user_uttered(data: object) -> UserUttered:
    """Any payload is read; a message that is no text counts as empty."""
    fields = data if isinstance(data, dict) else {}
    text = fields.get("message")
    message_id = fields.get("message_id")
    known = isinstance(message_id, str) and 0 < len(message_id) <= LONGEST_MESSAGE_ID and message_id.isprintable()
    return UserUttered(fields.get("session_id"), text if isinstance(text, str) else "", message_id if known else None)


def address_of(identifier: str) -> str:
    """The conversation's address."""
    return f"{CHANNEL}:{identifier}"


def room_of(address: str) -> str:
    """The Socket.IO room of a conversation; every tab of a person is in it."""
    return address


def incoming(address: str, said: UserUttered) -> Incoming:
    """The message as the conversation takes it."""
    return Incoming(address, said.text, said.message_id)


@dataclass(frozen=True)
class FileAsked:
    """A client that wants to download the file of a message."""

    session_id: object
    sequence: int


def read_file_asked(data: object) -> FileAsked:
    """Any payload is read; a sequence that is none is 0, at which no message is."""
    fields = data if isinstance(data, dict) else {}
    sequence = fields.get("sequence")
    if type(sequence) is not int or not 0 < sequence <= LARGEST_SEQUENCE:
        sequence = 0
    return FileAsked(fields.get("session_id"), sequence)


def bot_uttered(message: Message) -> dict[str, Any]:
    """A reply in Rasa's shape: buttons are `quick_replies`."""
    said = _stamp(message) | {"text": message.text} | _file(message)
    if message.buttons:
        said["quick_replies"] = [{"content_type": "text", **choice} for choice in _choices(message)]
    return said


def transcript_entry(message: Message) -> dict[str, Any]:
    """A message of either side, for a client that catches up."""
    entry = _stamp(message) | {"text": message.text, "buttons": _choices(message)} | _file(message)
    if message.author is Author.PERSON:
        entry["message_id"] = message.channel_message_id
    return entry


def _stamp(message: Message) -> dict[str, Any]:
    stamp = {"sequence": message.sequence, "sender": message.author.value, "sent_at": message.sent_at.isoformat()}
    return stamp | ({"signed_by": message.signed_by} if message.signed_by else {})


def _file(message: Message) -> dict[str, Any]:
    """What a client shows of a file; the link to it is asked for when somebody wants it."""
    file = message.attachment
    return {"file": {"name": file.name, "media_type": file.media_type, "size": file.size}} if file else {}


def _choices(message: Message) -> list[dict[str, str]]:
    return [{"title": button.title, "payload": button.title} for button in message.buttons]
