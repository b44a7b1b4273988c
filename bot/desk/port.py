"""What a desk of others has to be able to do, so that conversations can be handed to it. Our own desk needs none of it.

A case always stands in our queue too: whoever takes it first has it, and where the other desk fails nothing has to be moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Status(StrEnum):
    """How far a hand-off to another desk is."""

    ASKED = "asked"
    """Not taken by the other desk yet; it is tried again."""
    ACCEPTED = "accepted"
    """The other desk has it in its queue, or one of its agents has it."""
    FAILED = "failed"
    """The other desk did not answer in time: the case is ours."""
    COMPLETED = "completed"
    """Over, on either side."""


class HandOffFailed(Exception):
    """The other desk did not take something. The message names the problem, without personal data.

    `permanent`: trying again changes nothing.
    """

    def __init__(self, problem: str, *, permanent: bool = False) -> None:
        super().__init__(problem)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Started:
    """What the other desk calls a conversation, and its customer."""

    conversation: int
    customer: str


class OtherDesk(Protocol):
    """A desk of others. Every method raises HandOffFailed; what it tells us (assigned, message, stopped) comes by webhook."""

    async def start(self, key: str, name: str) -> Started:
        """Open a conversation there; `key` is the same for the same customer of ours."""

    async def brief(self, conversation: int, summary: str) -> None:
        """Tell its agents what is known, out of the customer's sight, and put the conversation into its queue."""

    async def note(self, conversation: int, text: str) -> None:
        """Tell its agents something, out of the customer's sight."""

    async def typing(self, started: Started, on: bool) -> None:
        """The customer writes, or has stopped."""

    async def message(self, started: Started, text: str, message_id: int) -> None:
        """Bring what the customer wrote."""

    async def stopped(self, conversation: int) -> None:
        """The talk is over on our side."""
