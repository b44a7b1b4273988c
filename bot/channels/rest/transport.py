"""Rasa's REST channel: `{"sender", "message"}` in, a list of answers out. For integrations that hold a key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.conversation.model import Button, Incoming, Message

CHANNEL = "rest"
SENDER = re.compile(r"[!-~]{1,128}")
DEFAULT_SENDER = "default"
LONGEST_MESSAGE_ID = 128
LARGEST_SEQUENCE = 2**31 - 1


class BadRequest(Exception):
    """A request body that is not of the channel's shape; the message says what to send instead."""


@dataclass(frozen=True)
class RestMessage:
    """A request of the channel: who it is for, and the message."""

    sender: str
    incoming: Incoming


@dataclass(frozen=True)
class FileWanted:
    """A request for a link to the file of a message."""

    address: str
    sequence: int


def read(body: bytes) -> RestMessage:
    """Translate a request body. Raises BadRequest."""
    data = _object(body, '{"sender": "…", "message": "…"}')
    sender = _sender(data)
    return RestMessage(sender, Incoming(f"{CHANNEL}:{sender}", _text(data), _message_id(data)))


def _object(body: bytes, example: str) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest(f"send JSON: {example}") from None
    if not isinstance(data, dict):
        raise BadRequest(f"send a JSON object: {example}")
    return data


def _sender(data: dict[str, Any]) -> str:
    sender = data.get("sender", DEFAULT_SENDER)
    if not isinstance(sender, str) or not SENDER.fullmatch(sender):
        raise BadRequest("sender: 1 to 128 visible ASCII characters")
    return sender


def _text(data: dict[str, Any]) -> str:
    text = data.get("message")
    if not isinstance(text, str):
        raise BadRequest("message: a text")
    return text


def _message_id(data: dict[str, Any]) -> str | None:
    """Optional, ours: the same id again is answered from what is stored."""
    message_id = data.get("message_id")
    if message_id is None:
        return None
    if not isinstance(message_id, str) or not 0 < len(message_id) <= LONGEST_MESSAGE_ID or not message_id.isprintable():
        raise BadRequest("message_id: 1 to 128 printable characters")
    return message_id


def read_file_wanted(body: bytes) -> FileWanted:
    """Translate a request for the file of a message. Raises BadRequest."""
    data = _object(body, '{"sender": "…", "sequence": 1}')
    sequence = data.get("sequence")
    if type(sequence) is not int or not 0 < sequence <= LARGEST_SEQUENCE:
        raise BadRequest("sequence: the number that came with the file")
    return FileWanted(f"{CHANNEL}:{_sender(data)}", sequence)


def answer(sender: str, replies: list[Message]) -> list[dict[str, Any]]:
    """Replies in Rasa's shape. A file is an `attachment`; its link is asked for with its `sequence`."""
    return [_answer(sender, reply.text, reply.buttons) | _attached(reply) for reply in replies]


def _attached(reply: Message) -> dict[str, Any]:
    file = reply.attachment
    if file is None:
        return {}
    about = {"name": file.name, "media_type": file.media_type, "size": file.size, "sequence": reply.sequence}
    return {"attachment": {"type": "file", "payload": about}}


def notice(sender: str, text: str) -> list[dict[str, Any]]:
    """A text that is not part of the conversation, such as why a message was not taken."""
    return [_answer(sender, text, ())]


def _answer(sender: str, text: str, buttons: tuple[Button, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {"recipient_id": sender, "text": text}
    if buttons:
        said["buttons"] = [{"title": button.title, "payload": button.title} for button in buttons]
    return said
