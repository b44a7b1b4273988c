"""When the question is asked, which message answers it, and what is kept of the answer. Ignoring it costs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from bot.identity.sessions import session_table
from bot.satisfaction import store
from bot.satisfaction.model import LONGEST_COMMENT, About, read_score
from bot.topics.store import EMERGENCY, NO_QUESTION, NOT_UNDERSTOOD, day_in_spain, topics_today
from bot.unanswered.masking import masked

RATING_GIVEN, RATING_COMMENT = "rating_given", "rating_comment"
ANSWERED_WITHIN = timedelta(days=1)
BUTTON_GOOD_FOR = timedelta(days=7)
_COMMENT_TOPICS = frozenset((*NOT_UNDERSTOOD, "insult", "affirm"))
"""What a comment is understood as when it is none of our topics."""
_NO_TOPIC = frozenset((*NOT_UNDERSTOOD, *NO_QUESTION))


def ask_at_the_end(connection: Connection, address: str, now: datetime) -> bool:
    """Write down that somebody who says goodbye is asked: something was answered today, it was no emergency, and nobody asked yet."""
    topics = topics_today(connection, address, now)
    if EMERGENCY in topics or not topics - _NO_TOPIC:
        return False
    return ask(connection, address, About.ASSISTANT, now)


def ask(connection: Connection, address: str, about: About, now: datetime) -> bool:
    """Write down that a conversation is asked, at most once a day; False where it may not be."""
    agency_id = connection.execute(
        select(session_table.c.agency_id).where(session_table.c.address == address, session_table.c.ended_at.is_(None))
    ).scalar()
    return store.add(connection, address, day_in_spain(now), about.value, agency_id, now)


def meant(connection: Connection, address: str, text: str, topics: Iterable[str], now: datetime) -> str | None:
    """Whether a message answers the question that was asked just before it: `rating_given`, `rating_comment`, or None.

    `topics` are those of the message's needs. Only what can be an answer costs a look into the database.
    """
    understood = set(topics)
    score = read_score(text)
    may_score = score is not None and (score.is_sure or understood <= _NO_TOPIC)
    if not may_score and not understood <= _COMMENT_TOPICS:
        return None
    asked = store.just_asked(connection, address, now, ANSWERED_WITHIN)
    if asked is None:
        return None
    if may_score and asked.score is None:
        return RATING_GIVEN
    is_comment = asked.score is not None and asked.comment is None and understood <= _COMMENT_TOPICS
    return RATING_COMMENT if is_comment else None


def rate(connection: Connection, address: str, text: str, now: datetime) -> tuple[int, bool] | None:
    """Keep the score and the comment in a message; (points, whether something was commented), None where nobody asked."""
    score, asked = read_score(text), store.newest(connection, address, now - BUTTON_GOOD_FOR)
    if score is None or asked is None:
        return None
    comment = masked(score.comment)[:LONGEST_COMMENT] or None
    store.rate(connection, asked.id, score.points, comment, now)
    return score.points, comment is not None


def comment(connection: Connection, address: str, text: str, now: datetime) -> None:
    """Keep a message as the comment of the score before it."""
    asked = store.newest(connection, address, now - BUTTON_GOOD_FOR)
    if asked is not None:
        store.comment_on(connection, asked.id, masked(text)[:LONGEST_COMMENT])
