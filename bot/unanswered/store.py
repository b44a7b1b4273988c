"""The tables of questions that nobody could answer and of their groups, and the queries on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from bot.database import Moment, identity, metadata
from bot.unanswered.model import Decision, Group, Unanswered

WORDINGS_SHOWN = 20

group_table = Table(
    "unanswered_group",
    metadata,
    Column("id", identity, primary_key=True),
    Column("example", String(500), nullable=False),
    Column("decision", String(16), nullable=False, index=True),
    Column("topic", String(60)),
    Column("decided_by", identity),
    Column("decided_at", Moment),
)
unanswered_table = Table(
    "unanswered",
    metadata,
    Column("id", identity, primary_key=True),
    Column("group_id", identity, ForeignKey("unanswered_group.id", ondelete="CASCADE"), index=True),
    Column("text", String(500), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("ranking", JSON, nullable=False),
    Column("asked_at", Moment, nullable=False, index=True),
)
_group, _one = group_table.c, unanswered_table.c


def add(connection: Connection, question: Unanswered) -> None:
    """Keep a question; it has no group yet."""
    row = {
        "text": question.text,
        "reason": question.reason.value,
        "channel": question.channel,
        "ranking": [[guess.topic, guess.confidence] for guess in question.ranking],
        "asked_at": question.asked_at,
    }
    connection.execute(insert(unanswered_table), row)


def ungrouped(connection: Connection, most: int) -> list[tuple[int, str]]:
    """(id, text) of questions without a group, the oldest first."""
    query = select(_one.id, _one.text).where(_one.group_id.is_(None)).order_by(_one.id).limit(most)
    return [(row.id, row.text) for row in connection.execute(query)]


def examples(connection: Connection, most: int) -> dict[int, str]:
    """The examples of the newest groups by their id, also of those that were decided: the same question comes again."""
    query = select(_group.id, _group.example).order_by(_group.id.desc()).limit(most)
    return {row.id: row.example for row in connection.execute(query)}


def add_group(connection: Connection, example: str) -> int:
    """A group with one example; its id."""
    row = {"example": example, "decision": Decision.OPEN.value}
    key = connection.execute(insert(group_table), row).inserted_primary_key
    assert key is not None
    return int(key[0])


def put_into_group(connection: Connection, question_ids: Sequence[int], group_id: int) -> None:
    """Give questions a group."""
    connection.execute(update(unanswered_table).where(_one.id.in_(question_ids)).values(group_id=group_id))


def page(connection: Connection, decision: Decision, offset: int, limit: int) -> list[Group]:
    """Groups with that decision, those that are asked most often first."""
    asked, last = func.count(_one.id).label("asked"), func.max(_one.asked_at).label("last")
    query = (
        select(_group.id, _group.example, _group.decision, _group.topic, asked, last)
        .join(unanswered_table)
        .where(_group.decision == decision.value)
        .group_by(_group.id)
        .order_by(asked.desc(), last.desc(), _group.id)
        .offset(offset)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    texts, likely = _wordings(connection, [row.id for row in rows])
    return [
        Group(row.id, row.example, row.asked, row.last, decision, row.topic, likely[row.id], texts[row.id])
        for row in rows
    ]


def _wordings(
    connection: Connection, group_ids: Sequence[int]
) -> tuple[dict[int, list[str]], dict[int, tuple[str, ...]]]:
    """The different wordings of each group, the newest first, and the topics that were thought of in the newest."""
    query = select(_one.group_id, _one.text, _one.ranking).where(_one.group_id.in_(group_ids)).order_by(_one.id.desc())
    texts: dict[int, list[str]] = {group_id: [] for group_id in group_ids}
    likely: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(query):
        likely.setdefault(row.group_id, tuple(topic for topic, _ in row.ranking))
        if row.text not in texts[row.group_id] and len(texts[row.group_id]) < WORDINGS_SHOWN:
            texts[row.group_id].append(row.text)
    return texts, likely


def count(connection: Connection, decision: Decision) -> int:
    """How many groups have that decision."""
    query = select(func.count()).select_from(group_table).where(_group.decision == decision.value)
    return int(connection.execute(query).scalar_one())


def decide(
    connection: Connection, group_id: int, decision: Decision, topic: str | None, staff_id: int | None, now: datetime
) -> bool:
    """Write down what a supervisor decided; False where there is no such group."""
    own = update(group_table).where(_group.id == group_id)
    values = {"decision": decision.value, "topic": topic, "decided_by": staff_id, "decided_at": now}
    return connection.execute(own.values(values)).rowcount == 1


def assigned(connection: Connection) -> list[tuple[str, str]]:
    """(topic, wording) of every group with a topic, in the order of the topics."""
    query = (
        select(_group.topic, _one.text, func.min(_one.id).label("first"))
        .join(unanswered_table)
        .where(_group.decision == Decision.ASSIGNED.value)
        .group_by(_group.topic, _one.text)
        .order_by(_group.topic, func.min(_one.id))
    )
    return [(str(row.topic), row.text) for row in connection.execute(query)]


def remove_before(connection: Connection, moment: datetime) -> int:
    """Forget what was asked before a moment, and groups that nothing is left of; returns how many questions."""
    gone = connection.execute(delete(unanswered_table).where(_one.asked_at < moment)).rowcount
    left = select(_one.group_id).where(_one.group_id.is_not(None))
    if gone:
        connection.execute(delete(group_table).where(_group.id.not_in(left)))
    return gone
