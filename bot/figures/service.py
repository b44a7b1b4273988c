"""Counting: what is now, and what was, day by day or week by week."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row

from bot.desk.model import Choice, State
from bot.figures import store
from bot.figures.model import (
    WAIT_OF_THE_LAW_SECONDS,
    Asked,
    Column,
    Content,
    Deadlines,
    Live,
    OfAgent,
    Report,
    Waits,
    durations,
)
from bot.topics.store import day_in_spain

Case = Row[Any]


def live(connection: Connection, now: datetime, agency_id: int | None = None) -> Live:
    """Who waits and who attends at this moment."""
    rows = store.live_cases(connection, agency_id)
    amounts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        amounts[row.state, row.choice] += row.amount
    chat = [row.first for row in rows if (row.state, row.choice) == (State.WAITING.value, Choice.WAIT.value)]
    return Live(
        waiting=amounts[State.WAITING.value, Choice.WAIT.value],
        to_call=amounts[State.WAITING.value, Choice.CALL.value],
        to_mail=amounts[State.WAITING.value, Choice.MAIL.value],
        with_agent=sum(amount for (state, _), amount in amounts.items() if state == State.AGENT.value),
        longest_wait_seconds=int((now - min(chat)).total_seconds()) if chat else 0,
        agents_here=store.agents_here(connection, now),
        deadlines=Deadlines(*store.deadlines(connection, day_in_spain(now), agency_id)),
    )


def report(connection: Connection, asked: Asked, now: datetime) -> Report:
    """Every figure of those days. About ten statements, however much there is to count."""
    cases = store.cases(connection, asked)
    volume = store.volume(connection, asked)
    unsure = store.not_understood(connection, asked)
    ratings = store.ratings(connection, asked)
    parts = {
        "cases": _by_bucket(asked, cases, lambda row: day_in_spain(row.opened_at)),
        "volume": _by_bucket(asked, volume, lambda row: row.day),
        "unsure": _by_bucket(asked, unsure, lambda row: row.day),
        "ratings": _by_bucket(asked, ratings, lambda row: row.day),
    }
    columns = [_column(day, now, **{name: rows.get(day, []) for name, rows in parts.items()}) for day in asked.buckets]
    total = _column(asked.since, now, cases=cases, volume=volume, unsure=unsure, ratings=ratings)
    return Report(
        asked=asked,
        columns=columns,
        total=total,
        topics=store.topics(connection, asked),
        reasons=Counter(row.reason for row in cases).most_common(),
        agents=_of_agents(cases, store.staff_names(connection)),
        scores=[(score, sum(row.amount for row in ratings if row.score == score)) for score in range(5, 0, -1)],
        comments=store.comments(connection, asked),
        channels=sorted(total.by_channel),
    )


def _by_bucket(asked: Asked, rows: Sequence[Case], day_of: Any) -> dict[date, list[Case]]:
    found: dict[date, list[Case]] = defaultdict(list)
    for row in rows:
        found[asked.bucket(day_of(row))].append(row)
    return found


def _column(
    day: date,
    now: datetime,
    *,
    cases: Sequence[Case],
    volume: Sequence[Case],
    unsure: Sequence[Case],
    ratings: Sequence[Case],
) -> Column:
    by_channel: Counter[str] = Counter()
    for row in volume:
        by_channel[row.channel] += row.amount
    return Column(
        first_day=day,
        by_channel=dict(by_channel),
        not_understood=sum(row.amount for row in unsure),
        with_person=len({(row.address, day_in_spain(row.opened_at)) for row in cases}),
        waits=waits_of(cases, now),
        answers=durations(_first_answers(cases)),
        content=_content(ratings),
    )


def waits_of(cases: Sequence[Case], now: datetime) -> Waits:
    """The waits of who wanted to wait in the chat; who chose a call or a mail is not attended there."""
    waited = attended_within = left = 0
    seconds: list[float] = []
    for row in cases:
        if row.choice != Choice.WAIT.value:
            continue
        if row.taken_at is not None:
            seconds.append((row.taken_at - row.opened_at).total_seconds())
            attended_within += seconds[-1] <= WAIT_OF_THE_LAW_SECONDS
            waited += 1
        elif row.ended_at is not None:
            left += 1
            waited += 1
        else:
            waited += (now - row.opened_at).total_seconds() > WAIT_OF_THE_LAW_SECONDS
    return Waits(waited, durations(seconds), attended_within, left)


def _first_answers(cases: Iterable[Case]) -> list[float]:
    """Seconds from taking a conversation to the first words in it."""
    return [
        (row.first_answer_at - row.taken_at).total_seconds()
        for row in cases
        if row.first_answer_at is not None and row.taken_at is not None
    ]


def _content(ratings: Sequence[Case]) -> Content:
    scored = [(row.score, row.amount) for row in ratings if row.score is not None]
    answers = sum(amount for _, amount in scored)
    average = sum(score * amount for score, amount in scored) / answers if answers else None
    return Content(sum(row.amount for row in ratings), answers, average)


def _of_agents(cases: Sequence[Case], names: dict[int, str]) -> list[OfAgent]:
    taken: dict[int, list[Case]] = defaultdict(list)
    for row in cases:
        if row.staff_id is not None:
            taken[row.staff_id].append(row)
    rows = [OfAgent(names.get(number, ""), len(own), durations(_first_answers(own))) for number, own in taken.items()]
    return sorted(rows, key=lambda agent: (-agent.cases, agent.name))
