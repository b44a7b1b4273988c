"""What an audit entry says: ids and names of actions, never a text, a name or an identifier of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.conversation.model import channel_of

LONGEST = {"address": 200, "action": 48, "object_kind": 32, "object_id": 64}


class Result(StrEnum):
    """How what was tried ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody did, or tried to do, `action` to an object.

    `address` is the conversation it was done in, "" outside of any; `person_id` is who did it and `agency_id` for whom,
    None where it is not known. Raises ValueError when a value is longer than the audit keeps.
    """

    action: str
    result: Result = Result.DONE
    address: str = ""
    person_id: int | None = None
    agency_id: int | None = None
    object_kind: str = ""
    object_id: str = ""

    def __post_init__(self) -> None:
        for name, longest in LONGEST.items():
            if len(getattr(self, name)) > longest:
                raise ValueError(f"{name} of an audit entry has at most {longest} characters")

    @property
    def channel(self) -> str:
        """The channel's name: what stands before the colon of the address."""
        return channel_of(self.address)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it is kept: its number, and the moment it was written."""

    id: int
    at: datetime
    entry: Entry


@dataclass(frozen=True, slots=True)
class Search:
    """Which entries are wanted; None leaves a value open. `since` belongs to them, `until` does not any more."""

    person_id: int | None = None
    agency_id: int | None = None
    action: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    result: Result | None = None
