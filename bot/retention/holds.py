"""Why a conversation must not be erased yet. Asked under its lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, func, not_, or_, select
from sqlalchemy.sql.selectable import Exists

from bot.conversation.model import Holder, State
from bot.conversation.outbound_store import WRITTEN_FOR_PERSONS, outbound_table
from bot.conversation.queries import conversation, message
from bot.desk.store import LIVE
from bot.desk.tables import case
from bot.identity.sessions import are_over, session_table
from bot.procedures.store import procedure
from bot.retention.model import Held

_session, _outbound = session_table.c, outbound_table.c
_HERE = conversation.address


def held(connection: Connection, conversation_id: int, before: datetime, now: datetime) -> Held | None:
    """The first reason there is, None where it may go: all that was said is older than `before`."""
    reasons = [condition.label(name.name) for name, condition in _reasons(before, now)]
    row = connection.execute(select(*reasons).where(conversation.id == conversation_id)).one()
    return _first(row)


def _first(row: Row[tuple[bool, ...]]) -> Held | None:
    return next((Held[name] for name, is_so in row._mapping.items() if is_so), None)


def _reasons(before: datetime, now: datetime) -> Iterator[tuple[Held, ColumnElement[bool]]]:
    own = message.conversation_id == conversation.id
    yield Held.WAITING, _any(own, message.state == State.WAITING.value)
    yield Held.SIGNED_IN, _any(_session.address == _HERE, not_(are_over(now)))
    live = _any(case.address == _HERE, case.state.in_(LIVE))
    yield Held.CASE, or_(conversation.holder == Holder.DESK.value, live)
    yield Held.PROCEDURE, _any(procedure.address == _HERE, procedure.closed_at.is_(None))
    yield Held.UNSENT, _any(_outbound.conversation_id == conversation.id, _is_sending())
    yield Held.RECENT, or_(_any(own, message.sent_at >= before), conversation.created_at >= before)


def _is_sending() -> ColumnElement[bool]:
    """Something is due, or was written and not asked for yet. What the service refused for good is not sent any more."""
    newest = select(func.max(message.sequence)).where(
        message.conversation_id == _outbound.conversation_id, message.author.in_(WRITTEN_FOR_PERSONS)
    )
    is_forgotten = and_(_outbound.problem.is_(None), newest.scalar_subquery() > _outbound.sent_sequence)
    return or_(_outbound.due_at.is_not(None), is_forgotten)


def _any(*which: ColumnElement[bool]) -> Exists:
    return select(1).where(*which).exists()
