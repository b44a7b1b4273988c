"""The table of ratings: one row for each time a conversation was asked, at most one a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    Select,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    exists,
    insert,
    select,
    update,
)

from bot.conversation.model import Author, State, channel_of
from bot.conversation.queries import conversation, conversation_table, message
from bot.database import Moment, identity, metadata
from bot.satisfaction.model import LONGEST_COMMENT

rating_table = Table(
    "rating",
    metadata,
    Column("id", identity, primary_key=True),
    Column("conversation_id", identity, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),
    Column("about", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("agency_id", identity),
    Column("asked_at", Moment, nullable=False),
    Column("asked_after", Integer, nullable=False),
    Column("score", SmallInteger),
    Column("rated_at", Moment),
    Column("comment", String(LONGEST_COMMENT)),
    UniqueConstraint("conversation_id", "day"),
    Index("ix_rating_figures", "day", "agency_id", "channel", "score"),
)
_rating = rating_table.c


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a conversation was asked; `asked_after` is the number of the last message before it."""

    id: int
    conversation_id: int
    asked_after: int
    score: int | None
    comment: str | None


def add(connection: Connection, address: str, day: date, about: str, agency_id: int | None, now: datetime) -> bool:
    """Write down that a conversation is asked; False where it was today already, or does not exist."""
    place = connection.execute(
        select(conversation.id, conversation.last_sequence).where(conversation.address == address)
    ).first()
    if place is None or was_asked(connection, place.id, day):
        return False
    row = {
        "conversation_id": place.id,
        "day": day,
        "about": about,
        "channel": channel_of(address),
        "agency_id": agency_id,
        "asked_at": now,
        "asked_after": place.last_sequence,
    }
    connection.execute(insert(rating_table), row)
    return True


def was_asked(connection: Connection, conversation_id: int, day: date) -> bool:
    """Whether a conversation was asked on that day."""
    query = select(_rating.id).where(_rating.conversation_id == conversation_id, _rating.day == day)
    return connection.execute(query).first() is not None


def newest(connection: Connection, address: str, since: datetime) -> Asked | None:
    """The last question that a conversation was asked since a moment."""
    return _first(connection, _of(address, since))


def just_asked(connection: Connection, address: str, now: datetime, within: timedelta) -> Asked | None:
    """The question if nothing that the person wrote after it was answered yet: this message is the first."""
    since = exists().where(
        message.conversation_id == _rating.conversation_id,
        message.sequence > _rating.asked_after,
        message.author == Author.PERSON.value,
        message.state != State.WAITING.value,
    )
    return _first(connection, _of(address, now - within).where(~since))


def _of(address: str, since: datetime) -> Select[Any]:
    return (
        select(_rating.id, _rating.conversation_id, _rating.asked_after, _rating.score, _rating.comment)
        .join(conversation_table)
        .where(conversation.address == address, _rating.asked_at >= since)
        .order_by(_rating.id.desc())
        .limit(1)
    )


def _first(connection: Connection, query: Select[Any]) -> Asked | None:
    row = connection.execute(query).first()
    return None if row is None else Asked(row.id, row.conversation_id, row.asked_after, row.score, row.comment)


def rate(connection: Connection, rating_id: int, score: int, comment: str | None, now: datetime) -> None:
    """Keep a score; from here on the next message may be its comment."""
    values: dict[str, Any] = {"score": score, "rated_at": now, "asked_after": _last_number()}
    own = update(rating_table).where(_rating.id == rating_id)
    connection.execute(own.values(values | ({"comment": comment} if comment else {})))


def _last_number() -> Any:
    """The number of the conversation's last message now."""
    newest = select(conversation.last_sequence).where(conversation.id == _rating.conversation_id)
    return newest.correlate(rating_table).scalar_subquery()


def comment_on(connection: Connection, rating_id: int, comment: str) -> None:
    """Keep a comment."""
    connection.execute(update(rating_table).where(_rating.id == rating_id).values(comment=comment))
