"""What Chatwoot tells us, reduced to what we act on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

LONGEST_NAME = 80
LONGEST_TEXT = 10_000
ENDED = ("resolved", "pending", "snoozed")
"""States of a Chatwoot conversation in which none of its agents attends it any more."""


class What(StrEnum):
    """What happened there."""

    MESSAGE = "message"
    ASSIGNED = "assigned"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened. `key` is the same for a delivery that is repeated."""

    key: str
    what: What
    conversation: int
    text: str = ""
    name: str = ""
    has_files: bool = False

    def as_json(self) -> dict[str, Any]:
        """To be stored until it is handled."""
        return asdict(self) | {"what": self.what.value}


def told_from(stored: dict[str, Any]) -> Told:
    """What `as_json` wrote."""
    return Told(**(stored | {"what": What(stored["what"])}))


def read_event(payload: object, timestamp: str) -> Told | None:
    """What a webhook says; None for anything that is none of our business, whatever shape it has."""
    if not isinstance(payload, dict):
        return None
    event = payload.get("event")
    if event == "message_created":
        return _message(payload)
    if event == "conversation_status_changed" and payload.get("status") in ENDED:
        number = _number(payload.get("id"))
        return Told(f"status:{number}:{timestamp}", What.STOPPED, number) if number else None
    if event == "conversation_updated":
        return _assigned(payload)
    return None


def _message(payload: dict[str, Any]) -> Told | None:
    """Only what an agent wrote to the customer: no notes, no bots, nothing that we sent ourselves."""
    sender, conversation = _dict(payload.get("sender")), _dict(payload.get("conversation"))
    number, message_id = _number(conversation.get("id")), _number(payload.get("id"))
    content, is_private = payload.get("content"), payload.get("private")
    text = content if isinstance(content, str) else ""
    has_files = isinstance(files := payload.get("attachments"), list) and bool(files)
    is_outgoing = payload.get("message_type") in ("outgoing", 1) and not is_private and sender.get("type") == "user"
    if not is_outgoing or not number or not message_id or not (text.strip() or has_files):
        return None
    return Told(f"message:{message_id}", What.MESSAGE, number, text[:LONGEST_TEXT].strip(), _name(sender), has_files)


def _assigned(payload: dict[str, Any]) -> Told | None:
    assignee, number = _dict(_dict(payload.get("meta")).get("assignee")), _number(payload.get("id"))
    if not number or not _number(assignee.get("id")):
        return None
    return Told(f"assigned:{number}:{assignee['id']}", What.ASSIGNED, number, name=_name(assignee))


def _name(person: dict[str, Any]) -> str:
    for key in ("available_name", "name"):
        if isinstance(person.get(key), str) and person[key].strip():
            return str(person[key]).strip()[:LONGEST_NAME]
    return ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else 0
