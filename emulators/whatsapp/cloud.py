"""The emulated platform: phones of persons, what they show, the 24-hour window, media, and trouble on demand."""

from __future__ import annotations

import asyncio
import base64
import random
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from emulators.whatsapp.rules import VALUE, Refused, check_kind, check_message, check_read, recipient_of

WINDOW_SECONDS = 24 * 3600
OUTSIDE_WINDOW, UNREACHABLE, TEMPLATE_MISSING, OWN_NUMBER = 131047, 131026, 132001, 131021


@dataclass(frozen=True)
class Account:
    """Who may call, and how webhooks are signed."""

    token: str = "emulator-token"  # noqa: S105 invented
    app_secret: str = "emulator-app-secret"  # noqa: S105 invented
    verify_token: str = "emulator-verify-token"  # noqa: S105 invented
    phone_number_id: str = "106540352242922"
    display_number: str = "34910000000"
    business_id: str = "102290129340398"
    templates: tuple[tuple[str, str], ...] = (("novedades_gestion", "es"),)


@dataclass
class Shown:
    """A message as it stands on a phone."""

    id: str
    type: str
    content: dict[str, Any]
    state: str = "sent"


@dataclass
class Phone:
    """One person's phone."""

    number: str
    heard_at: float | None = None
    is_reachable: bool = True
    shown: list[Shown] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    typing_shown: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class File:
    """A file at the service."""

    content: bytes
    media_type: str
    url: str = ""
    said_size: int | None = None


@dataclass
class Trouble:
    """What goes wrong: the next errors in order, then a share of all calls. `window`: how a closed window is told."""

    percent: float = 0.0
    kinds: tuple[str, ...] = ("429", "500", "drop")
    next: deque[dict[str, Any]] = field(default_factory=deque)
    window: str = "status"
    deliveries: int = 1
    seed: int = 1


class Cloud:
    """Everything the emulator knows. Nothing of it survives the process."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.phones: dict[str, Phone] = {}
        self.files: dict[str, File] = {}
        self.trouble = Trouble()
        self.known: set[str] = set()
        self.calls = 0
        self.refused: list[dict[str, Any]] = []
        self._random = random.Random(1)  # noqa: S311 trouble, not a secret

    def phone(self, number: str) -> Phone:
        """The phone with that number; it is made when it is new."""
        return self.phones.setdefault(number, Phone(number))

    def set_trouble(self, trouble: Trouble) -> None:
        """From now on this goes wrong."""
        self.trouble = trouble
        self._random = random.Random(trouble.seed)  # noqa: S311 the same

    def next_trouble(self) -> dict[str, Any] | None:
        """What the call that has just come suffers, if anything."""
        self.calls += 1
        if self.trouble.next:
            return self.trouble.next.popleft()
        if self._random.random() * 100 >= self.trouble.percent:
            return None
        return {"kind": self._random.choice(self.trouble.kinds)}

    def send(self, body: Any) -> tuple[Shown, Phone, list[dict[str, Any]]]:
        """Take a message; gives it, whose phone it goes to, and the statuses that follow. Raises Refused."""
        check_message(body)
        number = recipient_of(body)
        if number == self.account.display_number:
            raise Refused(400, OWN_NUMBER, "Recipient cannot be sender")
        phone, kind = self.phone(number), body.get("type", "text")
        is_late = phone.heard_at is None or time.time() - phone.heard_at >= WINDOW_SECONDS
        if kind == "template":
            self._check_template(body["template"])
        elif is_late and self.trouble.window == "answer":
            raise Refused(400, OUTSIDE_WINDOW, "Re-engagement message")
        if kind in ("image", "document") and "id" in body[kind]:
            self._check_file(kind, body[kind]["id"])
        shown = Shown(message_id(number), kind, body[kind])
        if is_late and kind != "template":
            return shown, phone, [_failed(OUTSIDE_WINDOW)]
        if not phone.is_reachable:
            return shown, phone, [_failed(UNREACHABLE)]
        phone.shown.append(shown)
        phone.changed.set()
        return shown, phone, [{"status": "sent"}, {"status": "delivered"}]

    def _check_file(self, kind: str, file_id: str) -> None:
        file = self.files.get(file_id)
        if file is None:
            raise Refused(400, VALUE, f"{kind}.id: there is no such media")
        check_kind(kind, file.media_type)

    def _check_template(self, template: dict[str, Any]) -> None:
        if (template["name"], template["language"]["code"]) not in self.account.templates:
            raise Refused(404, TEMPLATE_MISSING, "Template name does not exist in the translation")

    def mark_read(self, body: dict[str, Any]) -> None:
        """The business has read a person's message. Raises Refused."""
        check_read(body, self.known)
        for phone in self.phones.values():
            if body["message_id"] in phone.read:
                return
        number = number_in(body["message_id"])
        phone = self.phone(number)
        phone.read.append(body["message_id"])
        phone.typing_shown += "typing_indicator" in body
        phone.changed.set()

    def add_file(self, content: bytes, media_type: str) -> str:
        """Keep a file; gives its id."""
        file_id = str(secrets.randbelow(10**15) + 10**15)
        self.files[file_id] = File(content, media_type)
        return file_id

    def describe(self, file_id: str, base_url: str) -> dict[str, Any]:
        """What `GET /{media-id}` says. Raises Refused."""
        file = self.files.get(file_id)
        if file is None:
            raise Refused(400, 100, "Unsupported get request. Object with this ID does not exist")
        return {
            "messaging_product": "whatsapp",
            "url": file.url or f"{base_url}/files/{file_id}",
            "mime_type": file.media_type,
            "sha256": sha256(file.content).hexdigest(),
            "file_size": len(file.content) if file.said_size is None else file.said_size,
            "id": file_id,
        }

    def hear(self, number: str, identifier: str, sent_at: float) -> None:
        """A person wrote: their window opens."""
        phone = self.phone(number)
        phone.heard_at = max(phone.heard_at or 0.0, sent_at)
        self.known.add(identifier)


def message_id(number: str) -> str:
    """An id as the platform makes them: the person's number is in it."""
    packed = b"\x1d" + bytes([len(number)]) + number.encode() + secrets.token_bytes(12)
    return "wamid." + base64.b64encode(packed).decode()


def number_in(identifier: str) -> str:
    """The number that an id of ours holds."""
    packed = base64.b64decode(identifier.removeprefix("wamid."))
    return packed[2 : 2 + packed[1]].decode()


def _failed(code: int) -> dict[str, Any]:
    details = "Re-engagement message" if code == OUTSIDE_WINDOW else "Message undeliverable"
    return {"status": "failed", "errors": [{"code": code, "title": details, "message": details}]}
