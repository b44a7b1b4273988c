"""The queue as the desk shows it: filtered, in order, one page at a time, however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from bot.accounts.store import agency_table
from bot.area import SPAIN
from bot.conversation.model import Author
from bot.conversation.queries import conversation, conversation_table, message, message_table
from bot.desk import store
from bot.desk.model import Case, Choice, Reason, StaffMember, State
from bot.desk.tables import case, case_table, staff, staff_table

ROWS_OF_A_PAGE = 50
BY_WAIT, BY_DEADLINE = "wait", "deadline"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases are wanted; "" leaves a value open. `view` is "waiting" or "agent" (what colleagues have)."""

    view: State = State.WAITING
    choice: Choice | None = None
    reason: Reason | None = None
    channel: str = ""
    team: str | None = None
    search: str = ""
    is_late: bool = False
    order: str = BY_WAIT
    page: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list, with the names that stand beside it."""

    case: Case
    agency: str | None
    agent: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the queue, how many fit the filters, and how many wait in all."""

    rows: list[Row]
    fitting: int
    waiting: int


def listed(connection: Connection, wanted: Wanted, now: datetime) -> Listed:
    """A page of the wanted cases."""
    which = list(_conditions(wanted, now))
    page = list(connection.execute(_page(wanted, which)))
    cases = store.cases_of(page)
    rows = [Row(each, row.agency_name, row.agent_name) for each, row in zip(cases, page, strict=True)]
    return Listed(rows, _count(connection, which), _count(connection, [case.state == State.WAITING.value]))


def _page(wanted: Wanted, which: list[ColumnElement[bool]]) -> Select[Any]:
    """The page is cut out before the names are looked for: a database that knows little of the queue would look for all of them."""
    cut = select(case_table).where(*which).order_by(*_order(wanted, case)).limit(ROWS_OF_A_PAGE)
    page = cut.offset(wanted.page * ROWS_OF_A_PAGE).subquery("page")
    columns = (*page.c, agency_table.c.name.label("agency_name"), staff.name.label("agent_name"))
    named = select(*columns).outerjoin(agency_table, agency_table.c.id == page.c.agency_id)
    return named.outerjoin(staff_table, staff.id == page.c.staff_id).order_by(*_order(wanted, page.c))


def held_by(connection: Connection, member: StaffMember) -> list[Row]:
    """With whom an agent talks, in the order in which they were taken; whose they are need not be said."""
    held = store.live_of_staff(connection, member.id)
    theirs = agency_table.c.id.in_({each.agency_id for each in held})
    names = {
        row.id: row.name for row in connection.execute(select(agency_table.c.id, agency_table.c.name).where(theirs))
    }
    return [Row(each, names.get(each.agency_id), None) for each in held]


def unread_of(connection: Connection, member: StaffMember) -> dict[int, int]:
    """How many messages of the customer each of an agent's conversations has that were not read: case id → number."""
    newer = and_(
        message.conversation_id == conversation.id,
        message.author == Author.PERSON.value,
        message.sequence > case.read_sequence,
    )
    counted = (
        select(case.id, func.count(message.id))
        .join(conversation_table, conversation.address == case.address)
        .outerjoin(message_table, newer)
        .where(case.staff_id == member.id, case.state == State.AGENT.value)
        .group_by(case.id)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def teams_of(connection: Connection) -> list[str]:
    """The names of the teams that somebody works in."""
    named = select(staff.team).where(staff.team != "", staff.disabled_at.is_(None)).distinct().order_by(staff.team)
    return list(connection.execute(named).scalars())


def _count(connection: Connection, which: list[ColumnElement[bool]]) -> int:
    counted: int = connection.execute(select(func.count()).select_from(case_table).where(*which)).scalar_one()
    return counted


def _order(wanted: Wanted, of: Any) -> tuple[ColumnElement[Any], ...]:
    return (of.deadline_on, of.id) if wanted.order == BY_DEADLINE else (of.opened_at, of.id)


def _conditions(wanted: Wanted, now: datetime) -> Iterator[ColumnElement[bool]]:
    yield case.state == wanted.view.value
    if wanted.choice is not None:
        yield case.choice == wanted.choice.value
    if wanted.reason is not None:
        yield case.reason == wanted.reason.value
    if wanted.channel:
        yield case.address.startswith(f"{wanted.channel}:", autoescape=True)
    if wanted.team is not None:
        yield case.team == wanted.team
    if wanted.search:
        yield case.tracking_key == wanted.search.strip().upper()
    if wanted.is_late:
        yield case.deadline_on < now.astimezone(SPAIN).date()
