"""The topic of each answered need, by day, without a time and without who asked: the least from which volume can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, ForeignKey, Index, String, Table, bindparam, insert, select

from bot.area import SPAIN
from bot.conversation.model import channel_of
from bot.conversation.queries import conversation, conversation_table
from bot.database import identity, metadata
from bot.identity.sessions import session_table

UNSURE = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"
NOT_UNDERSTOOD = (UNSURE, OUT_OF_SCOPE)
PERSON_WANTED = ("human_request", "complaint")
NO_QUESTION = frozenset(
    {
        *("greet", "goodbye", "thanks", "affirm", "deny", "bot_challenge", "insult", "capabilities"),
        *("cancel", "go_back", "start_over", "signed_in", "sign_in", "sign_out", "code_given"),
        *("handed_back", "handoff_wait", "handoff_call", "handoff_mail", "handoff_stop"),
        *("rating_given", "rating_comment"),
    }
)
"""Topics of politeness and control: nothing was asked and nothing is solved by them."""
EMERGENCY = "gas_smell"

answered_turn_table = Table(
    "answered_turn",
    metadata,
    Column("id", identity, primary_key=True),
    Column("conversation_id", identity, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("day", Date, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("agency_id", identity),
    Column("topic", String(60), nullable=False),
    Index("ix_answered_turn_figures", "day", "agency_id", "channel", "topic", "conversation_id"),
)
_turn, _session = answered_turn_table.c, session_table.c

_WHERE = (
    select(conversation.id, _session.agency_id)
    .select_from(
        conversation_table.outerjoin(
            session_table, (_session.address == conversation.address) & _session.ended_at.is_(None)
        )
    )
    .where(conversation.address == bindparam("at_address"))
    .limit(1)
)
_INSERT = insert(answered_turn_table)
_TODAY = (
    select(_turn.topic)
    .distinct()
    .join(conversation_table)
    .where(conversation.address == bindparam("at_address"), _turn.day == bindparam("on_day"))
)


def day_in_spain(moment: datetime) -> date:
    """The day that it is for the people who write to us."""
    return moment.astimezone(SPAIN).date()


def note(connection: Connection, address: str, topics: Sequence[str], now: datetime) -> None:
    """Count what a turn answered, in its transaction. An address without a conversation (Rasa's shell) counts nothing."""
    place = connection.execute(_WHERE, {"at_address": address}).first()
    if place is None or not topics:
        return
    row = {
        "conversation_id": place.id,
        "day": day_in_spain(now),
        "channel": channel_of(address),
        "agency_id": place.agency_id,
    }
    connection.execute(_INSERT, [row | {"topic": topic} for topic in topics])


def topics_today(connection: Connection, address: str, now: datetime) -> set[str]:
    """The topics of a conversation that were answered today."""
    found = connection.execute(_TODAY, {"at_address": address, "on_day": day_in_spain(now)})
    return set(found.scalars())
