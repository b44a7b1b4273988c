"""Keeping what was not understood, grouping it by likeness, giving it a topic, and forgetting it in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rapidfuzz import fuzz, process
from sqlalchemy import Connection

from bot.database import Line, in_line
from bot.questions.vocabulary import plain
from bot.unanswered import store
from bot.unanswered.masking import masked, says_something
from bot.unanswered.model import LEAST_LIKENESS, Decision, Group, Guess, Reason, Unanswered, check_topic

GROUPS_COMPARED = 3000
GROUPED_AT_ONCE = 1000
GROUPS_OF_A_PAGE = 25
GUESSES_KEPT = 5


def keep(
    connection: Connection, text: str, reason: Reason, channel: str, ranking: Sequence[tuple[str, float]], now: datetime
) -> None:
    """Keep a question without who asked it, within the turn's transaction. A sign or a smile is none."""
    question = masked(text)
    if not says_something(question):
        return
    guesses = tuple(Guess(topic, round(confidence, 3)) for topic, confidence in ranking[:GUESSES_KEPT])
    store.add(connection, Unanswered(question, reason, channel, guesses, now))


def group(connection: Connection) -> int:
    """Put what came since the last time into the group it is most like, or into one of its own; returns how many.

    One at a time: two supervisors who look at once would make the same groups twice.
    """
    in_line(connection, Line.UNANSWERED)
    waiting = store.ungrouped(connection, GROUPED_AT_ONCE)
    known = {key: _comparable(example) for key, example in store.examples(connection, GROUPS_COMPARED).items()}
    members: dict[int, list[int]] = {}
    for question_id, text in waiting:
        found = _likest(_comparable(text), known)
        if found is None:
            found = store.add_group(connection, text)
            known[found] = _comparable(text)
        members.setdefault(found, []).append(question_id)
    for group_id, question_ids in members.items():
        store.put_into_group(connection, question_ids, group_id)
    return len(waiting)


def _comparable(text: str) -> str:
    """The words in plain letters; order and repetition are for the comparison to judge."""
    return " ".join("".join(c if c.isalnum() else " " for c in plain(text)).split())


def _likest(text: str, known: dict[int, str]) -> int | None:
    found = process.extractOne(text, known, scorer=fuzz.token_sort_ratio, score_cutoff=LEAST_LIKENESS)
    return None if found is None else int(found[2])


def groups(connection: Connection, decision: Decision, page: int = 0) -> list[Group]:
    """A page of the groups with that decision, those that are asked most often first."""
    return store.page(connection, decision, page * GROUPS_OF_A_PAGE, GROUPS_OF_A_PAGE)


def assign(
    connection: Connection, group_id: int, topic: str, topics: Sequence[str], staff_id: int | None, now: datetime
) -> bool:
    """Give a group the topic that should have answered it; False where it is gone. Raises UnknownTopic."""
    check_topic(topic, topics)
    return store.decide(connection, group_id, Decision.ASSIGNED, topic, staff_id, now)


def dismiss(connection: Connection, group_id: int, staff_id: int | None, now: datetime) -> bool:
    """Nothing is to be learnt of a group; False where it is gone."""
    return store.decide(connection, group_id, Decision.DISMISSED, None, staff_id, now)


def reopen(connection: Connection, group_id: int, now: datetime) -> bool:
    """Take a decision back; False where the group is gone."""
    return store.decide(connection, group_id, Decision.OPEN, None, None, now)


def forget(connection: Connection, days: int, now: datetime) -> int:
    """Remove what is older than that many days; returns how many questions. 0 days keep everything."""
    return store.remove_before(connection, now - timedelta(days=days)) if days else 0
