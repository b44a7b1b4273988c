"""What is erased, why something is not erased yet, and how a step of the work ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.model import channel_of

COUNTS_IN_THE_BROWSER = "web"
"""Its addresses are random bits of our own, and an open page goes on counting messages from where it is."""


class Held(StrEnum):
    """Why a conversation stays for now."""

    RECENT = "somebody wrote there too short a time ago"
    WAITING = "a message waits for its answer"
    SIGNED_IN = "somebody is signed in there"
    CASE = "the support desk has it"
    PROCEDURE = "an open procedure tells its news there"
    UNSENT = "a reply is still being sent"


@dataclass(frozen=True, slots=True)
class Erased:
    """One transaction's work on a conversation: how many messages went, and whether that was all of it."""

    messages: int
    is_done: bool

    @property
    def is_all(self) -> bool:
        """Whether this was the transaction that left nothing."""
        return self.is_done and self.messages > 0


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation that has something to erase; `held` says why not now."""

    id: int
    address: str
    messages: int
    held: Held | None


def address_after(address: str, conversation_id: int) -> str:
    """What a conversation is called once it is erased: still of its channel, but of nobody."""
    channel = channel_of(address)
    return address if channel == COUNTS_IN_THE_BROWSER else f"{channel}:erased/{conversation_id}"
