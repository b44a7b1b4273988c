"""What is kept of a question that nobody could answer. Plain rules; nothing says who asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LEAST_LIKENESS = 78
"""Percent of token similarity from which on two questions ask the same; tried on held-out sentences of our topics."""
_TOPIC = re.compile(r"[a-z][a-z0-9_]{0,59}")


class Reason(StrEnum):
    """Why it was not answered."""

    UNSURE = "unsure"
    OUT_OF_SCOPE = "out_of_scope"


class Decision(StrEnum):
    """What a supervisor made of a group."""

    OPEN = "open"
    ASSIGNED = "assigned"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Guess:
    """A topic that was thought of, and how sure the assistant was, from 0 to 1."""

    topic: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question, masked; `channel` is the channel's name and says nothing about who wrote there."""

    text: str
    reason: Reason
    channel: str
    ranking: tuple[Guess, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that ask the same. `texts` are the different wordings, the newest first."""

    id: int
    example: str
    count: int
    last_asked_at: datetime
    decision: Decision
    topic: str | None
    likely: tuple[str, ...]
    texts: Sequence[str]


class UnknownTopic(Exception):
    """A topic that the assistant does not have, under which nothing can be learnt."""


def check_topic(topic: str, topics: Sequence[str]) -> None:
    """Raises UnknownTopic for anything but one of `topics`."""
    if not _TOPIC.fullmatch(topic) or topic not in topics:
        raise UnknownTopic(topic)
