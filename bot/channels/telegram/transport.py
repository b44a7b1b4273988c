"""Telegram's updates and what they mean to us. Pure: whatever an update holds, it gives an event or None, never an error."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.channels.contract import words_of
from bot.conversation.model import Incoming

CHANNEL = "telegram"
LARGEST_FILE_BYTES = 20 * 1024 * 1024
"""What Telegram lets a bot fetch."""
LARGEST_NUMBER = 2**63
LONGEST_FILE_NAME = 200
ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "channel_post"]
COMMAND = re.compile(r"/(\w{1,32})(?:@\w+)?(?:\s+(\S.*))?", re.DOTALL)
SIGN_IN_CODE = re.compile(r"\d{6}")
BUTTON = re.compile(r"(\d{1,10})\.(\d{1,3})")

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Said:
    """A text of a person, or what a command stands for. `shown_name` is what they are called there.

    `sent_at`: when they wrote or changed it, by Telegram's clock, in seconds since 1970; None where it is not said.
    """

    incoming: Incoming
    shown_name: str
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button: number `index` of our message `sequence`. `query_id` wants an answer; `message_id` has the buttons."""

    address: str
    channel_message_id: str
    sequence: int
    index: int
    query_id: str
    message_id: int | None


@dataclass(frozen=True, slots=True)
class File:
    """A document or a photo; `size` is 0 where Telegram does not say it. `caption` is what was written with it."""

    incoming: Incoming
    shown_name: str
    file_id: str
    name: str
    size: int
    caption: str
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class NoText:
    """A voice message, a sticker …: described in the text of `incoming`."""

    incoming: Incoming
    shown_name: str
    kind: str
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Somebody wrote in a group or in a channel, where nothing personal may be said."""

    address: str


Event = Said | Pressed | File | NoText | Elsewhere


def read(body: bytes) -> tuple[int | None, Event | None]:
    """The number of an update and what it means; None for what it has not, or what means nothing to us."""
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None, None
    return read_update(update)


def read_update(update: object) -> tuple[int | None, Event | None]:
    """As `read`, of an update that is no text any more."""
    number = _number(update, "update_id")
    if not isinstance(update, dict) or number is None or number < 0:
        return None, None
    query = _get(update, "callback_query", dict)
    if query is not None:
        return number, _pressed(query, number)
    message = _get(update, "message", dict) or _get(update, "edited_message", dict)
    return number, _of_message(message or _get(update, "channel_post", dict) or {}, number)


def _of_message(message: dict[str, Any], number: int) -> Event | None:
    chat = _get(message, "chat", dict) or {}
    chat_id, kind = _number(chat, "id"), _get(chat, "type", str)
    if chat_id is None:
        return None
    if kind != "private":
        return Elsewhere(address_of(chat_id)) if _says_something(message) else None
    sender = _get(message, "from", dict) or {}
    if _number(sender, "id") != chat_id or sender.get("is_bot") is True:
        return None
    return _from_person(message, address_of(chat_id), str(number), _shown_name(sender))


def _says_something(message: dict[str, Any]) -> bool:
    return any(key in message for key in ("text", "photo", "document", "voice"))


def _from_person(message: dict[str, Any], address: str, number: str, shown_name: str) -> Event | None:
    text, sent_at = _get(message, "text", str), _number(message, "edit_date") or _number(message, "date")
    if text is not None:
        return Said(Incoming(address, meant(text), number), shown_name, sent_at)
    file = _file(message)
    if file is not None:
        file_id, name, size = file
        described = Incoming(address, f"({words_of(CHANNEL)['file']}: {name})", number)
        return File(described, shown_name, file_id, name, size, _get(message, "caption", str) or "", sent_at)
    kinds = words_of(CHANNEL)["kinds"]
    kind = next((kind for kind in kinds if kind in message), None)
    if kind is None:
        return None  # somebody joined, a payment, a kind that came after us: nobody waits for an answer
    return NoText(Incoming(address, f"({kinds[kind]})", number), shown_name, kind, sent_at)


def meant(text: str) -> str:
    """What a text asks for: itself, or what the command in it stands for."""
    command = COMMAND.fullmatch(text.strip())
    if command is None:
        return text
    name, argument = command[1].lower(), (command[2] or "").strip()
    words = words_of(CHANNEL)
    if name == "start" and SIGN_IN_CODE.fullmatch(argument):
        return argument
    if name == "start" and argument in words["deep_links"]:
        return str(words["deep_links"][argument])
    return str(words["commands"].get(name, text))


def _file(message: dict[str, Any]) -> tuple[str, str, int] | None:
    """Id, name and size of what was sent; of a photo that of the largest picture."""
    document = _get(message, "document", dict)
    if document is not None and "animation" not in message:
        return _sized(document, _get(document, "file_name", str) or str(words_of(CHANNEL)["file"]))
    sizes = [size for size in _get(message, "photo", list) or [] if isinstance(size, dict)]
    photos = [photo for size in sizes if (photo := _sized(size, str(words_of(CHANNEL)["photo"])))]
    return max(photos, key=lambda photo: photo[2], default=None)


def _sized(file: dict[str, Any], name: str) -> tuple[str, str, int] | None:
    file_id = _get(file, "file_id", str)
    shown = " ".join(name.split())[-LONGEST_FILE_NAME:]
    return (file_id, shown, max(0, _number(file, "file_size") or 0)) if file_id else None


def _pressed(query: dict[str, Any], number: int) -> Event | None:
    sender, message = _get(query, "from", dict) or {}, _get(query, "message", dict) or {}
    person, chat = _number(sender, "id"), _number(_get(message, "chat", dict) or {}, "id")
    query_id, pressed = _get(query, "id", str), BUTTON.fullmatch(_get(query, "data", str) or "")
    if person is None or query_id is None or pressed is None or chat not in (None, person):
        return None
    message_id = _number(message, "message_id")
    return Pressed(address_of(person), str(number), int(pressed[1]), int(pressed[2]), query_id, message_id)


def address_of(chat_id: int) -> str:
    """The address of a chat's conversation."""
    return f"{CHANNEL}:{chat_id}"


def chat_id_of(address: str) -> int:
    """The chat that an address of this channel leads to."""
    return int(address.partition(":")[2])


def _shown_name(sender: dict[str, Any]) -> str:
    names = (_get(sender, "first_name", str), _get(sender, "last_name", str))
    return " ".join(name for name in names if name)


def _get(values: object, key: str, kind: type[Kind]) -> Kind | None:
    value = values.get(key) if isinstance(values, dict) else None
    return value if isinstance(value, kind) else None


def _number(values: object, key: str) -> int | None:
    """A number that databases can keep; True is none."""
    value = values.get(key) if isinstance(values, dict) else None
    return value if type(value) is int and abs(value) < LARGEST_NUMBER else None
