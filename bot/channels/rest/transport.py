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


class BadRequest(Exception):
    """A request body that is not of the channel's shape; the message says what to send instead."""


@dataclass(frozen=True)
class RestMessage:
    """A request of the channel: who it is for, and the message."""

    sender: str
    incoming: Incoming


def read(body: bytes) -> RestMessage:
    """Translate a request body. Raises BadRequest."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest('send JSON: {"sender": "…", "message": "…"}') from None
    if not isinstance(data, dict):
        raise BadRequest('send a JSON object: {"sender": "…", "message": "…"}')
    sender = data.get("sender", DEFAULT_SENDER)
    if not isinstance(sender, str) or not SENDER.fullmatch(sender):
        raise BadRequest("sender: 1 to 128 visible ASCII characters")
    return RestMessage(sender, Incoming(f"{CHANNEL}:{sender}", _text(data), _message_id(data)))


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


def answer(sender: str, replies: list[Message]) -> list[dict[str, Any]]:
    """Replies in Rasa's shape."""
    return [_answer(sender, reply.text, reply.buttons) for reply in replies]


def notice(sender: str, text: str) -> list[dict[str, Any]]:
    """A text that is not part of the conversation, such as why a message was not taken."""
    return [_answer(sender, text, ())]


def _answer(sender: str, text: str, buttons: tuple[Button, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {"recipient_id": sender, "text": text}
    if buttons:
        said["buttons"] = [{"title": button.title, "payload": button.title} for button in buttons]
    return said
