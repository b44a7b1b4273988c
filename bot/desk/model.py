"""What a case of the support desk is, which states follow each other, and who works there. Plain rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.conversation.model import channel_of

LONGEST_NAME = 60
LONGEST_NOTE = 2000
LONGEST_SUBJECT = 255
LONGEST_CODE = 48
GONE_AFTER = timedelta(seconds=60)
"""An agent of whom nothing was heard for so long has lost the conversations: they go back to the queue."""
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,99}")
_PHONE = re.compile(r"(?<!\w)(?:(?:\+|00)34[\s.-]?)?([6-9](?:[\s.-]?\d){8})(?!\w)")
_INTERNATIONAL = re.compile(r"(?<!\w)(?:\+|00)(?!34)(\d(?:[\s.-]?\d){7,13})(?!\w)")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}")
_WHOLE_EMAIL = re.compile(r"(?<![\w.+-])(?<!mailto:)(?<!\[)" + _EMAIL.pattern)


class State(StrEnum):
    """Who has a case now."""

    WAITING = "waiting"
    AGENT = "agent"
    ASSISTANT = "assistant"
    """Given back to the assistant, which goes on where it stopped."""
    CLOSED = "closed"

    @property
    def is_live(self) -> bool:
        """Whether the desk still has to do something."""
        return bool(NEXT[self])


NEXT = {
    State.WAITING: frozenset({State.AGENT, State.ASSISTANT, State.CLOSED}),
    State.AGENT: frozenset({State.WAITING, State.AGENT, State.ASSISTANT, State.CLOSED}),
    State.ASSISTANT: frozenset[State](),
    State.CLOSED: frozenset[State](),
}
"""Which states may follow each."""


class Reason(StrEnum):
    """Why a person is needed."""

    ASKED = "asked"
    MISUNDERSTOOD = "misunderstood"
    COMPLAINT = "complaint"
    RULE = "rule"
    TECHNICAL = "technical"


class Choice(StrEnum):
    """How the customer wants to be answered."""

    WAIT = "wait"
    CALL = "call"
    MAIL = "mail"


class Role(StrEnum):
    """What somebody of the staff may do: a supervisor sees figures and every colleague's conversations too."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"


class Outcome(StrEnum):
    """How a case ended."""

    SOLVED = "solved"
    ANSWERED_LATER = "answered_later"
    NOT_SOLVED = "not_solved"
    NO_ANSWER = "no_answer"
    WRONG_PLACE = "wrong_place"
    HANDED_BACK = "handed_back"
    """Back to the assistant in the middle of something."""
    LEFT = "left"
    """The customer ended it."""


OUTCOMES_TO_CHOOSE = (
    Outcome.SOLVED,
    Outcome.ANSWERED_LATER,
    Outcome.NOT_SOLVED,
    Outcome.NO_ANSWER,
    Outcome.WRONG_PLACE,
)


class Happened(StrEnum):
    """The steps of a case, which the figures are made of."""

    QUEUED = "queued"
    TAKEN = "taken"
    TRANSFERRED = "transferred"
    RETURNED = "returned"
    """Back in the queue, because its agent was gone or sent it to a team."""
    HANDED_BACK = "handed_back"
    CLOSED = "closed"
    LEFT = "left"


class NotYours(Exception):
    """The case is not in the hands of who wants to do something to it: somebody was quicker, or it is over."""


class NoSuchCase(Exception):
    """There is no such case, or none that this member of the staff may see."""


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation that a person is needed in.

    `opened_at` is since when; `queued_at` since when it waits this time; `tracking_key` and `deadline_on` are those of
    its procedure. `person_id` and `agency_id` are those of who was signed in. `last_person_at` is when the customer
    wrote last, `read_sequence` up to where the agent has read.
    """

    id: int
    address: str
    state: State
    reason: Reason
    choice: Choice
    asking: str
    phone: str | None
    email: str | None
    procedure_id: int
    tracking_key: str
    deadline_on: date
    person_id: int | None
    agency_id: int | None
    team: str
    staff_id: int | None
    opened_at: datetime
    queued_at: datetime
    taken_at: datetime | None
    first_answer_at: datetime | None
    ended_at: datetime | None
    changed_at: datetime
    last_person_at: datetime
    read_sequence: int
    outcome: str | None

    @property
    def is_answered_by_mail(self) -> bool:
        """Whether what the staff writes goes to a mailbox too."""
        return self.choice is Choice.MAIL and bool(self.email)

    @property
    def channel(self) -> str:
        """The channel's name: what stands before the colon of the address."""
        return channel_of(self.address)


@dataclass(frozen=True, slots=True)
class Note:
    """What the staff tells itself about a case; the customer never sees it."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody of the staff. `name` is what customers see; `seen_at` the last sign of life at the desk."""

    id: int
    login: str
    name: str
    role: Role
    team: str
    seen_at: datetime | None
    disabled_at: datetime | None

    @property
    def is_supervisor(self) -> bool:
        """Whether every conversation and the figures are theirs to see."""
        return self.role is Role.SUPERVISOR


def phone_in(text: str) -> str | None:
    """The telephone number in a message, Spanish ("600123123") or with its country ("+351912345678"); None without one."""
    foreign = _INTERNATIONAL.search(text)
    if foreign:
        return "+" + re.sub(r"\D", "", foreign[1])
    found = _PHONE.search(text)
    return re.sub(r"\D", "", found[1]) if found else None


def with_mailboxes(text: str, shown: Callable[[str], str]) -> str:
    """The text with every e-mail address as `shown` gives it; where our own answers lead to a mailbox it stays."""
    return _WHOLE_EMAIL.sub(lambda found: shown(found[0]), text)


def email_in(text: str) -> str | None:
    """The e-mail address in a message; None without one."""
    found = _EMAIL.search(text)
    return found[0].lower() if found else None
