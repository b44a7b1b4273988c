"""WhatsApp's webhooks: what one request of the Cloud API brings, read without trusting any of its shapes.

Pure functions. `is_signed` comes before everything else; what is not understood is left out, never an error.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

CHANNEL = "whatsapp"
SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})", re.IGNORECASE)
NUMBER = re.compile(r"\d{5,20}", re.ASCII)
USER_ID = re.compile(r"[A-Z]{2}\.(?:[A-Z]{2,8}\.)?[A-Za-z0-9]{1,120}")
"""How the platform names a person who has a user name and keeps the number to themselves."""
IDENTIFIER = re.compile(r"[!-~]{1,200}")
SECONDS = re.compile(r"\d{1,11}", re.ASCII)
LATEST_SECONDS = 253_402_300_799  # the end of the year 9999
LONGEST_FILE_NAME = 240


class Kind(StrEnum):
    """What a person sent."""

    TEXT = "text"
    CHOICE = "choice"
    FILE = "file"
    VOICE = "voice"
    VIDEO = "video"
    STICKER = "sticker"
    PLACE = "place"
    CARD = "card"
    OTHER = "other"


class Progress(StrEnum):
    """What became of a message of ours, in the order in which it goes; FAILED can end any of them."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


KINDS = {
    "text": Kind.TEXT,
    "button": Kind.TEXT,
    "interactive": Kind.CHOICE,
    "image": Kind.FILE,
    "document": Kind.FILE,
    "audio": Kind.VOICE,
    "voice": Kind.VOICE,
    "video": Kind.VIDEO,
    "sticker": Kind.STICKER,
    "location": Kind.PLACE,
    "contacts": Kind.CARD,
    "order": Kind.OTHER,
    "unsupported": Kind.OTHER,
    "unknown": Kind.OTHER,
}
"""Types that are not here (reactions, changes of number, edits) say nothing that wants an answer."""


class NotReadable(Exception):
    """A signed body that is no webhook of the Cloud API."""


@dataclass(frozen=True)
class Media:
    """A file that waits at the service to be fetched by its id."""

    id: str
    name: str


@dataclass(frozen=True)
class Arrived:
    """A message of a person. `number` is the WhatsApp number without a plus, or the platform's id of a person who hides it.

    `sent_at` is the platform's time.
    """

    number: str
    message_id: str
    sent_at: datetime
    kind: Kind
    text: str = ""
    choice: str = ""
    media: Media | None = None
    name: str = ""
    """What the person is called on WhatsApp."""


@dataclass(frozen=True)
class Status:
    """What became of a message of ours; `code` is the service's error where it failed."""

    message_id: str
    progress: Progress
    code: int = 0


@dataclass(frozen=True)
class Update:
    """Everything one request brings for one number of ours."""

    messages: tuple[Arrived, ...] = ()
    statuses: tuple[Status, ...] = ()
    our_number: str = ""
    """The number itself, as the platform shows it; digits."""


def is_signed(secret: str, body: bytes, header: str | None) -> bool:
    """Whether the header holds the signature of these very bytes. Compared in constant time."""
    given = SIGNATURE.fullmatch(header or "")
    if given is None:
        return False
    expected = hmac.new(secret.encode(), body, sha256).hexdigest()
    return hmac.compare_digest(given.group(1).lower(), expected)


def read(body: bytes, phone_number_id: str) -> Update:
    """What the request brings for our number; changes of other numbers and other fields are left out. Raises NotReadable."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise NotReadable from None
    if not isinstance(data, dict) or data.get("object") != "whatsapp_business_account":
        raise NotReadable
    values = [
        value
        for entry in _objects(data.get("entry"))
        for change in _objects(entry.get("changes"))
        if change.get("field") == "messages"
        for value in _objects([change.get("value")])
        if _object(value.get("metadata")).get("phone_number_id") == phone_number_id
    ]
    messages = [_named(_arrived(message), value) for value in values for message in _objects(value.get("messages"))]
    statuses = [_status(status) for value in values for status in _objects(value.get("statuses"))]
    ours = next((_text(_object(value.get("metadata")).get("display_phone_number")) for value in values), "")
    return Update(
        tuple(message for message in messages if message is not None),
        tuple(status for status in statuses if status is not None),
        _matching(NUMBER, re.sub(r"[^0-9]", "", ours[:40])),
    )


def _arrived(message: dict[str, Any]) -> Arrived | None:
    """None for what wants no answer, comes from a group, or does not say who sent it when."""
    written = message.get("type")
    kind = KINDS.get(written) if isinstance(written, str) else None
    number = _matching(NUMBER, message.get("from")) or _matching(USER_ID, message.get("from_user_id"))
    message_id = _matching(IDENTIFIER, message.get("id"))
    sent_at = _moment(message.get("timestamp"))
    if kind is None or not number or not message_id or sent_at is None or "group_id" in message:
        return None
    content = _object(message.get(str(written)))
    basis = (number, message_id, sent_at)
    if kind is Kind.TEXT:
        return Arrived(*basis, kind, text=_text(content.get("body" if written == "text" else "text")))
    if kind is Kind.CHOICE:
        return _chosen(basis, content)
    if kind is Kind.FILE:
        return _attached(basis, content)
    return Arrived(*basis, kind)


def _named(message: Arrived | None, value: dict[str, Any]) -> Arrived | None:
    people = _objects(value.get("contacts"))
    own = [person for person in people if message and message.number in (person.get("wa_id"), person.get("user_id"))]
    return replace(message, name=_text(_object(own[0].get("profile")).get("name"))) if message and own else message


def _chosen(basis: tuple[str, str, datetime], content: dict[str, Any]) -> Arrived:
    """A pressed button or a chosen row: our id, and the title as the phone showed it."""
    reply = _object(content.get(str(content.get("type"))))
    choice, title = _matching(IDENTIFIER, reply.get("id")), _text(reply.get("title"))
    if not choice and not title:
        return Arrived(*basis, Kind.OTHER)
    return Arrived(*basis, Kind.CHOICE, text=title, choice=choice)


def _attached(basis: tuple[str, str, datetime], content: dict[str, Any]) -> Arrived:
    media_id = _matching(IDENTIFIER, content.get("id"))
    if not media_id or "/" in media_id:
        return Arrived(*basis, Kind.OTHER)
    name = _text(content.get("filename"))[-LONGEST_FILE_NAME:]
    return Arrived(*basis, Kind.FILE, text=_text(content.get("caption")), media=Media(media_id, name))


def _status(status: dict[str, Any]) -> Status | None:
    message_id, state = _matching(IDENTIFIER, status.get("id")), status.get("status")
    if not message_id or not isinstance(state, str) or state not in [progress.value for progress in Progress]:
        return None
    code = next((error.get("code") for error in _objects(status.get("errors"))), 0)
    return Status(message_id, Progress(state), code if type(code) is int and 0 <= code < 10**9 else 0)


def _moment(seconds: object) -> datetime | None:
    """Seconds since 1970, as the platform writes them: a text of digits."""
    written = str(seconds) if type(seconds) is int else seconds
    if not isinstance(written, str) or not SECONDS.fullmatch(written) or int(written) > LATEST_SECONDS:
        return None
    return datetime.fromtimestamp(int(written), UTC)


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _matching(form: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else ""
