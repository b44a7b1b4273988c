"""What a procedure is, which states follow each other, and what is told of it. Plain rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

LONGEST_NOTE = 300
LONGEST_LOCALITY = 120
LONGEST_ONCE = 100
LONGEST_DATUM = 4000
CODE = re.compile(r"[a-z][a-z0-9_]{0,47}")


class Kind(StrEnum):
    """What is asked for."""

    REPRESENTATIVE_CHANGE = "representative_change"
    EXTERNAL_MANAGER = "external_manager"
    REGISTRATION_UPDATE = "registration_update"
    CLIENT_ASSIGNMENT = "client_assignment"
    COMPLAINT = "complaint"
    HANDOFF = "handoff"
    QUESTION = "question"
    CONTACT_HELP = "contact_help"

    @property
    def changes_account(self) -> bool:
        """Whether it changes what an agency's account is, which a right to look does not allow."""
        return self in _CHANGING


_CHANGING = {Kind.REPRESENTATIVE_CHANGE, Kind.EXTERNAL_MANAGER, Kind.REGISTRATION_UPDATE, Kind.CLIENT_ASSIGNMENT}


class State(StrEnum):
    """How far a procedure is."""

    OPENED = "opened"
    WAITING_DOCUMENTS = "waiting_documents"
    IN_PROGRESS = "in_progress"
    WAITING_PERSON = "waiting_person"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def is_closed(self) -> bool:
        """Whether nothing follows any more."""
        return not NEXT[self]


_CLOSED = frozenset({State.RESOLVED, State.REJECTED, State.CANCELLED})
_ENDED_UNDONE = _CLOSED - {State.RESOLVED}
NEXT = {
    State.OPENED: _CLOSED | {State.WAITING_DOCUMENTS, State.IN_PROGRESS, State.WAITING_PERSON},
    State.WAITING_DOCUMENTS: _ENDED_UNDONE | {State.IN_PROGRESS},
    State.IN_PROGRESS: _CLOSED | {State.WAITING_DOCUMENTS, State.WAITING_PERSON},
    State.WAITING_PERSON: _CLOSED | {State.WAITING_DOCUMENTS, State.IN_PROGRESS},
    **dict.fromkeys(_CLOSED, frozenset[State]()),
}
"""Which states may follow each; nothing is resolved while documents are missing."""


class Datum(StrEnum):
    """What is collected for a procedure so that staff can act on it, besides its documents."""

    TEXT = "text"
    REPRESENTATIVE_IDENTIFIER = "representative_identifier"
    REPRESENTATIVE_NAME = "representative_name"
    AGENCY_IDENTIFIER = "agency_identifier"


class Actor(StrEnum):
    """Who did a step."""

    PERSON = "person"
    STAFF = "staff"
    ASSISTANT = "assistant"


class NotPossible(Exception):
    """That state cannot follow the present one."""

    def __init__(self, present: State, wanted: State) -> None:
        super().__init__(f"{wanted} does not follow {present}")
        self.present = present
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Change:
    """The state that a procedure comes into, why as a code ("documents_unreadable"), and a short note that the person reads.

    Raises ValueError for a code that is no word of ours and for a note of more than 300 characters.
    """

    state: State
    code: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.code:
            check_code(self.code)
        if len(self.note) > LONGEST_NOTE:
            raise ValueError(f"a note has at most {LONGEST_NOTE} characters")

    @property
    def outcome(self) -> str | None:
        """How the procedure ended: why, or else the state itself; None while it goes on."""
        return (self.code or self.state.value) if self.state.is_closed else None


@dataclass(frozen=True, slots=True)
class Procedure:
    """A request that is followed. `deadline_on` is the last day for the answer; `region` a code such as "MD".

    `person_id` and `agency_id` are those of who was signed in when it was opened, None of who was not.
    """

    id: int
    tracking_key: str
    kind: Kind
    state: State
    address: str
    person_id: int | None
    agency_id: int | None
    client_id: int | None
    opened_at: datetime
    deadline_on: date
    region: str | None
    locality: str | None
    closed_at: datetime | None
    outcome: str | None

    def is_late(self, day: date) -> bool:
        """Whether it is still open after its last day."""
        return self.closed_at is None and self.deadline_on < day


@dataclass(frozen=True, slots=True)
class Step:
    """When a procedure came into a state, through whom, and why."""

    at: datetime
    state: State
    by: Actor
    code: str
    note: str


@dataclass(frozen=True, slots=True)
class Item:
    """A document or a datum that a procedure asks for; without one that `is_needed` it does not go on."""

    what: str
    is_needed: bool
    received_at: datetime | None
    document_reference: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """All that is told of a procedure; the oldest step first."""

    procedure: Procedure
    steps: Sequence[Step]
    items: Sequence[Item]

    @property
    def missing(self) -> list[str]:
        """What is needed and has not come."""
        return [item.what for item in self.items if item.is_needed and item.received_at is None]


@dataclass(frozen=True, slots=True)
class Due:
    """An open procedure in the list of what has to be answered."""

    procedure: Procedure
    is_late: bool


@dataclass(frozen=True, slots=True)
class File:
    """All that staff see of a procedure: besides its progress what was collected for it, by the codes of the data."""

    progress: Progress
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class News:
    """A step that staff made and that the conversation of the procedure has not heard of yet."""

    procedure: Procedure
    step: Step


def check_code(code: str) -> None:
    """Raises ValueError for what is no code of ours: it names a reason, or a document or datum ("deed")."""
    if not CODE.fullmatch(code):
        raise ValueError("a code has lower case letters, digits and _, at most 48 characters")


def check_follows(present: State, wanted: State) -> None:
    """Raises NotPossible when a procedure cannot come from one state into the other."""
    if wanted not in NEXT[present]:
        raise NotPossible(present, wanted)
