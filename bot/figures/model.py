"""What a supervisor can see at a glance and look back on. Plain rules; seconds are whole seconds, shares from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import mean, median

WAIT_OF_THE_LAW_SECONDS = 180
"""Ley 10/2025: who asks for a person is attended within three minutes …"""
SHARE_OF_THE_LAW = 0.95
"""… in 95 of 100 cases."""
LONGEST_SPAN = timedelta(days=400)


class Step(StrEnum):
    """What one column of a chart stands for."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures are wanted: the days from `since` to `until`, both included; of one agency, or of all with None.

    Raises ValueError for days in the wrong order and for more than 400.
    """

    since: date
    until: date
    step: Step = Step.DAY
    agency_id: int | None = None

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.until - self.since <= LONGEST_SPAN:
            raise ValueError("until lies before since, or more than 400 days after it")

    def bucket(self, day: date) -> date:
        """The first day of the column that a day belongs to: itself, or the Monday of its week."""
        return day if self.step is Step.DAY else day - timedelta(days=day.weekday())

    @property
    def buckets(self) -> list[date]:
        """The first days of all columns, also of those in which nothing happened."""
        days = ((self.since + timedelta(days=number)) for number in range((self.until - self.since).days + 1))
        return list(dict.fromkeys(self.bucket(day) for day in days))


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Open procedures now: all, those whose last day is in the next seven days, and those past it."""

    open: int
    due_soon: int
    late: int


@dataclass(frozen=True, slots=True)
class Live:
    """Now. `waiting` are those in the chat; `to_call` and `to_mail` wait for a call or a mail."""

    waiting: int
    to_call: int
    to_mail: int
    with_agent: int
    longest_wait_seconds: int
    agents_here: int
    deadlines: Deadlines


@dataclass(frozen=True, slots=True)
class Durations:
    """How long something took, in several cases; None where there was none."""

    count: int
    mean_seconds: int | None
    median_seconds: int | None


def durations(seconds: Sequence[float]) -> Durations:
    """Mean and median of what was measured."""
    if not seconds:
        return Durations(0, None, None)
    return Durations(len(seconds), round(mean(seconds)), round(median(seconds)))


@dataclass(frozen=True, slots=True)
class Waits:
    """Of those who asked for a person in the chat: how long the attended waited, and how many were within three minutes.

    `asked` counts all who can be judged: attended, gone before, or waiting for more than three minutes.
    """

    asked: int
    attended: Durations
    within: int
    left: int

    @property
    def share_within(self) -> float | None:
        """The share that the law looks at; None where nobody asked."""
        return self.within / self.asked if self.asked else None

    @property
    def is_lawful(self) -> bool:
        """Whether 95 of 100 were attended within three minutes."""
        return self.share_within is None or self.share_within >= SHARE_OF_THE_LAW


@dataclass(frozen=True, slots=True)
class Content:
    """How content people said they are."""

    asked: int
    answers: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One day or week. A conversation counts once on each day; `with_person` are those that needed one."""

    first_day: date
    by_channel: Mapping[str, int]
    not_understood: int
    with_person: int
    waits: Waits
    answers: Durations
    content: Content

    @property
    def conversations(self) -> int:
        """Of all channels."""
        return sum(self.by_channel.values())

    @property
    def share_solved(self) -> float | None:
        """The share without a person; None where nobody wrote."""
        return max(0.0, 1 - self.with_person / self.conversations) if self.conversations else None


@dataclass(frozen=True, slots=True)
class OfAgent:
    """What one of the staff did."""

    name: str
    cases: int
    answers: Durations


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of a span of days: column by column, and in sum."""

    asked: Asked
    columns: Sequence[Column]
    total: Column
    topics: Sequence[tuple[str, int]]
    reasons: Sequence[tuple[str, int]]
    agents: Sequence[OfAgent]
    scores: Sequence[tuple[int, int]]
    comments: Sequence[tuple[date, int, str]]
    channels: Sequence[str]
