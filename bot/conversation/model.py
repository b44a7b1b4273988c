"""What a conversation is made of: messages in, replies out. Plain rules, nothing of a channel, nothing of a database."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ADDRESS = re.compile(r"[a-z]{2,16}:[!-~]{1,150}")
UNREADABLE_CATEGORIES = ("Cc", "Cs", "Co", "Cn")
BIDIRECTIONAL_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Author(StrEnum):
    """Who wrote a message."""

    PERSON = "person"
    ASSISTANT = "assistant"
    AGENT = "agent"
    """Somebody of the support staff."""
    EVENT = "event"
    """Something that happened elsewhere and that the assistant has to speak about, such as a sign-in; nobody sees it."""


class State(StrEnum):
    """What has become of a person's message; replies are SENT from the start."""

    WAITING = "waiting"
    ANSWERED = "answered"
    FAILED = "failed"
    SENT = "sent"


class Holder(StrEnum):
    """Who has a conversation and answers in it."""

    ASSISTANT = "assistant"
    DESK = "desk"
    """The support staff: the assistant stays silent, whatever is written."""


class Refusal(StrEnum):
    """Why a message is not taken, named after the response that says it."""

    EMPTY = "utter_empty_message"
    TOO_LONG = "utter_too_long"
    TOO_MANY = "utter_rate_limited"


class MessageRefused(Exception):
    """A message that is not taken. Nothing of it is stored."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal


class TurnFailed(Exception):
    """The assistant could not finish a turn; nothing the turn wrote is kept."""


@dataclass(frozen=True)
class Button:
    """A choice offered to a person. The payload stays inside; a channel shows and sends back the title."""

    title: str
    payload: str


@dataclass(frozen=True)
class Reply:
    """One answer, in the small Markdown that every channel renders its own way."""

    text: str
    buttons: tuple[Button, ...] = ()
    by_staff: bool = False
    """A line about what the staff has to do with, while they have the conversation and the assistant is silent."""


@dataclass(frozen=True)
class Incoming:
    """A message as a channel hands it over; `channel_message_id` makes a repeated delivery harmless."""

    address: str
    text: str
    channel_message_id: str | None = None


@dataclass(frozen=True)
class Attachment:
    """The file that a message brings, which lies elsewhere under `reference`. `size` in bytes; it gives no right to the file."""

    reference: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True)
class Message:
    """A message as it is kept. `sequence` counts from 1 in its conversation, without gaps; that of an event is negative."""

    id: int
    sequence: int
    author: Author
    text: str
    buttons: tuple[Button, ...]
    channel_message_id: str | None
    answers_id: int | None
    state: State
    sent_at: datetime
    signed_by: str = ""
    """The name under which somebody of the staff wrote it."""
    attachment: Attachment | None = None
    """A file in the place of words; `text` is its name then."""


def is_address(value: str) -> bool:
    """Whether `value` has the form `channel:identifier` of a channel address."""
    return ADDRESS.fullmatch(value) is not None


def channel_of(address: str) -> str:
    """The channel's name: what stands before the colon of an address."""
    return address.partition(":")[0]


def readable(text: str) -> str:
    """The text without what nobody typed on purpose: control characters, lone surrogates, direction overrides."""
    kept = (
        character
        for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
        if character in "\n\t" or _is_readable(character)
    )
    return "".join(kept).strip()


def _is_readable(character: str) -> bool:
    return character not in BIDIRECTIONAL_CONTROLS and unicodedata.category(character) not in UNREADABLE_CATEGORIES


def has_words(text: str) -> bool:
    """Whether anything visible is left: zero-width characters alone say nothing."""
    return any(not character.isspace() and unicodedata.category(character) != "Cf" for character in text)


def chosen_payload(text: str, offered: tuple[Button, ...]) -> str | None:
    """The payload of the offered button whose title is `text`, however it is capitalised; the newest offer wins."""
    said = text.strip().rstrip(".").casefold()
    return next((button.payload for button in offered if button.title.casefold() == said), None)
