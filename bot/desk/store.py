"""The statements on cases, their steps and notes. Each change names in its WHERE the state that it starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from bot.desk.model import Case, Choice, Happened, Note, Reason, State
from bot.desk.tables import case, case_note, case_note_table, case_step_table, case_table, staff, staff_table

LIVE = (State.WAITING.value, State.AGENT.value)
LOOKED_AT_WAITS = 20


def add(connection: Connection, values: Mapping[str, object]) -> Case:
    """Store a new case, which waits."""
    row = connection.execute(insert(case_table).values(dict(values)).returning(*case_table.c)).one()
    return _case(row)


def by_id(connection: Connection, case_id: int) -> Case | None:
    """The case with that number."""
    row = connection.execute(select(case_table).where(case.id == case_id)).first()
    return _case(row) if row else None


def live_at(connection: Connection, address: str) -> Case | None:
    """The case of a conversation that waits or that an agent has."""
    row = connection.execute(select(case_table).where(case.address == address, case.state.in_(LIVE))).first()
    return _case(row) if row else None


def change(
    connection: Connection, case_id: int, now: datetime, *only: ColumnElement[bool], **values: object
) -> Case | None:
    """Change a case if `only` holds of it; None when it does not (any more). One statement, so two never both succeed."""
    changed = update(case_table).where(case.id == case_id, *only).values(values | {"changed_at": now})
    row = connection.execute(changed.returning(*case_table.c)).first()
    return _case(row) if row else None


def note_person_wrote(connection: Connection, address: str, now: datetime) -> None:
    """Keep when the customer of a live case wrote last."""
    at = update(case_table).where(case.address == address, case.state.in_(LIVE))
    connection.execute(at.values(last_person_at=now, changed_at=now))


def note_agent_wrote(connection: Connection, held: Case, sequence: int, now: datetime) -> Case:
    """The agent said something, so has read up to there; keeps when that happened first."""
    answered = {"first_answer_at": now} if held.first_answer_at is None else {}
    return change(connection, held.id, now, read_sequence=sequence, **answered) or held


def set_read(connection: Connection, case_id: int, sequence: int) -> None:
    """Keep up to where the agent has read."""
    newer = (case.id == case_id, case.read_sequence < sequence)
    connection.execute(update(case_table).where(*newer).values(read_sequence=sequence))


def add_step(
    connection: Connection,
    case_id: int,
    what: Happened,
    now: datetime,
    staff_id: int | None = None,
    to_staff_id: int | None = None,
    to_team: str = "",
) -> None:
    """Note what happened to a case, and through whom."""
    values = {"case_id": case_id, "at": now, "what": what.value, "staff_id": staff_id}
    connection.execute(insert(case_step_table), values | {"to_staff_id": to_staff_id, "to_team": to_team})


def lost(connection: Connection, unseen_since: datetime, limit: int = 100) -> list[Case]:
    """The cases whose agent has not been seen since that moment, or may not work any more; the oldest first."""
    gone = or_(staff.seen_at.is_(None), staff.seen_at < unseen_since, staff.disabled_at.is_not(None))
    found = select(case_table).join(staff_table, staff.id == case.staff_id).where(case.state == State.AGENT.value, gone)
    return [_case(row) for row in connection.execute(found.order_by(case.id).limit(limit))]


def waiting_before(connection: Connection, waiting: Case) -> int:
    """How many wait in the chat and came earlier."""
    earlier = or_(case.opened_at < waiting.opened_at, and_(case.opened_at == waiting.opened_at, case.id < waiting.id))
    only = (case.state == State.WAITING.value, case.choice == Choice.WAIT.value, earlier)
    return connection.execute(select(func.count()).select_from(case_table).where(*only)).scalar_one()


def recent_waits(connection: Connection, since: datetime) -> list[timedelta]:
    """How long the last who waited in the chat had to wait, at most 20, the newest first."""
    taken = (case.taken_at >= since, case.choice == Choice.WAIT.value)
    rows = connection.execute(
        select(case.opened_at, case.taken_at).where(*taken).order_by(case.taken_at.desc()).limit(LOOKED_AT_WAITS)
    )
    return [row.taken_at - row.opened_at for row in rows]


def live_of_staff(connection: Connection, staff_id: int) -> list[Case]:
    """The conversations that an agent has, in the order in which they were taken."""
    mine = (case.staff_id == staff_id, case.state == State.AGENT.value)
    return [_case(row) for row in connection.execute(select(case_table).where(*mine).order_by(case.taken_at, case.id))]


def earlier_at(connection: Connection, address: str, before_id: int, limit: int = 5) -> list[Case]:
    """The former cases of a conversation, newest first."""
    found = select(case_table).where(case.address == address, case.id < before_id).order_by(case.id.desc())
    return [_case(row) for row in connection.execute(found.limit(limit))]


def newest_change(connection: Connection) -> datetime | None:
    """When any case changed last: whoever shows the queue asks again when it is another moment."""
    moment: datetime | None = connection.execute(
        select(case.changed_at).order_by(case.changed_at.desc()).limit(1)
    ).scalar_one_or_none()
    return moment


def ended_since(connection: Connection, moment: datetime) -> list[Case]:
    """The cases that changed after that moment and are over, at most 100: whoever watched them may not any more."""
    over = (case.changed_at > moment, case.state.not_in(LIVE))
    return [
        _case(row) for row in connection.execute(select(case_table).where(*over).order_by(case.changed_at).limit(100))
    ]


def add_note(connection: Connection, case_id: int, staff_id: int, text: str, now: datetime) -> None:
    """Keep an internal note."""
    connection.execute(insert(case_note_table), {"case_id": case_id, "staff_id": staff_id, "at": now, "text": text})


def notes_of(connection: Connection, case_id: int) -> list[Note]:
    """The internal notes of a case, oldest first."""
    found = select(case_note.at, case_note.text, staff.name).join(staff_table, staff.id == case_note.staff_id)
    rows = connection.execute(found.where(case_note.case_id == case_id).order_by(case_note.id))
    return [Note(row.at, row.name, row.text) for row in rows]


def cases_of(rows: Sequence[Row[Any]]) -> list[Case]:
    """The cases of rows with every column of theirs."""
    return [_case(row) for row in rows]


def _case(row: Row[Any]) -> Case:
    deadline: date = row.deadline_on
    return Case(
        id=row.id,
        address=row.address,
        state=State(row.state),
        reason=Reason(row.reason),
        choice=Choice(row.choice),
        asking=row.asking,
        phone=row.phone,
        email=row.email,
        procedure_id=row.procedure_id,
        tracking_key=row.tracking_key,
        deadline_on=deadline,
        person_id=row.person_id,
        agency_id=row.agency_id,
        team=row.team,
        staff_id=row.staff_id,
        opened_at=row.opened_at,
        queued_at=row.queued_at,
        taken_at=row.taken_at,
        first_answer_at=row.first_answer_at,
        ended_at=row.ended_at,
        changed_at=row.changed_at,
        last_person_at=row.last_person_at,
        read_sequence=row.read_sequence,
        outcome=row.outcome,
    )
