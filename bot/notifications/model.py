"""A mail on its way: its states, and when it is tried again. Plain rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

Details = dict[str, Any]

_SIX_HOURS = timedelta(hours=6)
# After each failed attempt; the last one is about a day after the first.
PAUSES = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), *[_SIX_HOURS] * 4
)  # fmt: skip


class State(StrEnum):
    """What became of a mail. A discarded one had no recipient from the start."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DISCARDED = "discarded"


class Undeliverable(Exception):
    """A mail could not be handed over. The message names the problem, without personal data.

    `permanent`: it never will be. `server_down`: no other mail could be handed over now either.
    """

    def __init__(self, problem: str, *, permanent: bool = False, server_down: bool = False) -> None:
        super().__init__(problem)
        self.permanent = permanent
        self.server_down = server_down


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it is stored: rendered when it is sent, from `template` and `details` (JSON values).

    `attempts` counts those that were begun.
    """

    id: int
    recipient: str
    template: str
    details: Details
    attempts: int
    created_at: datetime

    @property
    def useless_from(self) -> datetime | None:
        """When what it brings has run out: a code or a link that is good for `minutes`; None: never."""
        minutes = self.details.get("minutes")
        return None if minutes is None else self.created_at + timedelta(minutes=minutes)

    def next_try(self, now: datetime) -> datetime | None:
        """When to try again after the attempt that has failed now; None: not any more."""
        if self.attempts > len(PAUSES):
            return None
        again = now + PAUSES[self.attempts - 1]
        return None if self.useless_from is not None and again >= self.useless_from else again
