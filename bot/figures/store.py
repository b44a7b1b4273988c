"""The statements that count. Each goes over an index on days or moments; SQL counts what is many, Python what is few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import ColumnElement, Connection, Row, case, func, select

from bot.accounts.store import agency_table
from bot.area import SPAIN
from bot.desk.model import GONE_AFTER, State
from bot.desk.tables import case_table, staff_table
from bot.figures.model import Asked
from bot.procedures.store import procedure_table
from bot.satisfaction.store import rating_table
from bot.topics.store import NO_QUESTION, NOT_UNDERSTOOD, answered_turn_table

MOST_TOPICS = 15
COMMENTS_SHOWN = 50
SOON = timedelta(days=7)

_turn, _rating, _procedure = answered_turn_table.c, rating_table.c, procedure_table.c
_case, _staff, _agency = case_table.c, staff_table.c, agency_table.c
Rows = Sequence[Row[Any]]


def start_of(day: date) -> datetime:
    """The moment in which a day begins in Spain."""
    return datetime.combine(day, time(), SPAIN)


def _of(agency: SqlColumn[Any], asked: Asked) -> list[ColumnElement[bool]]:
    return [] if asked.agency_id is None else [agency == asked.agency_id]


def _in_days(table: Any, asked: Asked) -> list[ColumnElement[bool]]:
    return [table.c.day.between(asked.since, asked.until), *_of(table.c.agency_id, asked)]


def _opened(asked: Asked) -> list[ColumnElement[bool]]:
    after = start_of(asked.until + timedelta(days=1))
    return [_case.opened_at >= start_of(asked.since), _case.opened_at < after, *_of(_case.agency_id, asked)]


def volume(connection: Connection, asked: Asked) -> Rows:
    """day, channel, how many conversations: each counts once a day."""
    each = select(_turn.day, _turn.channel, _turn.conversation_id).distinct()
    once = each.where(*_in_days(answered_turn_table, asked)).subquery()  # quicker on PostgreSQL than a distinct count
    query = select(once.c.day, once.c.channel, func.count().label("amount")).group_by(once.c.day, once.c.channel)
    return connection.execute(query).all()


def not_understood(connection: Connection, asked: Asked) -> Rows:
    """day, how many conversations in which something was not understood."""
    only = (*_in_days(answered_turn_table, asked), _turn.topic.in_(NOT_UNDERSTOOD))
    once = select(_turn.day, _turn.conversation_id).distinct().where(*only).subquery()
    query = select(once.c.day, func.count().label("amount")).group_by(once.c.day)
    return connection.execute(query).all()


def topics(connection: Connection, asked: Asked) -> list[tuple[str, int]]:
    """The topics that were asked most, and how often; what was not understood has a figure of its own."""
    amount = func.count().label("amount")
    query = select(_turn.topic, amount).where(
        *_in_days(answered_turn_table, asked), _turn.topic.not_in((*NO_QUESTION, *NOT_UNDERSTOOD))
    )
    rows = connection.execute(query.group_by(_turn.topic).order_by(amount.desc(), _turn.topic).limit(MOST_TOPICS))
    return [(row.topic, row.amount) for row in rows]


def cases(connection: Connection, asked: Asked) -> Rows:
    """The moments, the choice, the reason, the address and the agent of each case that was opened in those days."""
    columns = (_case.opened_at, _case.taken_at, _case.first_answer_at, _case.ended_at, _case.choice, _case.reason)
    query = select(*columns, _case.address, _case.staff_id).where(*_opened(asked))
    return connection.execute(query).all()


def ratings(connection: Connection, asked: Asked) -> Rows:
    """day, score (None where nobody answered), how many."""
    query = select(_rating.day, _rating.score, func.count().label("amount"))
    return connection.execute(query.where(*_in_days(rating_table, asked)).group_by(_rating.day, _rating.score)).all()


def comments(connection: Connection, asked: Asked) -> list[tuple[date, int, str]]:
    """day, score, comment: the newest first."""
    query = select(_rating.day, _rating.score, _rating.comment).where(*_in_days(rating_table, asked))
    newest = query.where(_rating.comment.is_not(None)).order_by(_rating.day.desc(), _rating.id.desc())
    return [(row.day, row.score, row.comment) for row in connection.execute(newest.limit(COMMENTS_SHOWN))]


def deadlines(connection: Connection, today: date, agency_id: int | None) -> tuple[int, int, int]:
    """Open procedures: all, due within a week, late."""
    soon = case((_procedure.deadline_on.between(today, today + SOON - timedelta(days=1)), 1), else_=0)
    late = case((_procedure.deadline_on < today, 1), else_=0)
    total = func.coalesce(func.sum(soon), 0), func.coalesce(func.sum(late), 0)
    query = select(func.count(), *total).where(_procedure.closed_at.is_(None))
    if agency_id is not None:
        query = query.where(_procedure.agency_id == agency_id)
    counted, due, past = connection.execute(query).one()
    return int(counted), int(due), int(past)


def live_cases(connection: Connection, agency_id: int | None) -> Rows:
    """state, choice, how many, and since when the first of them waits."""
    query = select(_case.state, _case.choice, func.count().label("amount"), func.min(_case.opened_at).label("first"))
    query = query.where(_case.state.in_((State.WAITING.value, State.AGENT.value)))
    if agency_id is not None:
        query = query.where(_case.agency_id == agency_id)
    return connection.execute(query.group_by(_case.state, _case.choice)).all()


def agents_here(connection: Connection, now: datetime) -> int:
    """How many of the staff are at the desk."""
    here = (_staff.seen_at >= now - GONE_AFTER, _staff.disabled_at.is_(None))
    return int(connection.execute(select(func.count()).select_from(staff_table).where(*here)).scalar_one())


def staff_names(connection: Connection) -> dict[int, str]:
    """Everybody of the staff, also who left."""
    return {row.id: row.name for row in connection.execute(select(_staff.id, _staff.name))}


def agencies(connection: Connection) -> list[tuple[int, str]]:
    """Every agency by name, to choose from."""
    rows = connection.execute(select(_agency.id, _agency.name).order_by(_agency.name, _agency.id))
    return [(row.id, row.name) for row in rows]
