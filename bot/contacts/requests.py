"""What somebody asked for that staff have to look at first: kept with its procedure, applied when that is resolved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, ForeignKey, Row, Table, insert, select, update

from bot.accounts.model import Viewer
from bot.accounts.service import viewer_if_any
from bot.area import Area
from bot.contacts.act import Act
from bot.contacts.model import NewContact, Problem, Refused
from bot.database import Line, Moment, in_line, metadata
from bot.identity.sessions import Session
from bot.procedures.checklists import papers_of
from bot.procedures.effects import CannotApply
from bot.procedures.model import Kind, Procedure
from bot.procedures.service import Opening, open_procedure
from bot.procedures.store import procedure_table

request_table = Table(
    "rights_request",
    metadata,
    Column("procedure_id", ForeignKey("procedure.id"), primary_key=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("details", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("applied_at", Moment),
)
"""`person_id` is who asked; `details` are those of a NewContact."""
_request = request_table.c


def ask(act: Act, session: Session, kind: Kind, new: NewContact) -> Procedure:
    """Open the procedure, with the papers that its kind needs, and keep what is asked for."""
    needed = [paper.code for paper in papers_of(kind)]
    opening = Opening(kind, act.address, session, needed=needed)
    procedure = open_procedure(act.connection, act.area, opening, act.now)
    whose = {"agency_id": act.viewer.agency_id, "person_id": act.viewer.person_id}
    values = {"procedure_id": procedure.id, "details": new.as_details(), "created_at": act.now}
    act.connection.execute(insert(request_table), whose | values)
    return procedure


def asked_for(connection: Connection, procedure_id: int) -> NewContact | None:
    """For staff: whom a procedure is about; None where it was opened without it. Nobody's right is asked for here."""
    row = _row(connection, procedure_id)
    return None if row is None else NewContact.of(row.details)


def is_asked(connection: Connection, viewer: Viewer, kind: Kind, new: NewContact) -> bool:
    """Whether the same is asked for the agency already in a procedure that is still open."""
    own = procedure_table.c
    query = (
        select(_request.details)
        .join_from(request_table, procedure_table)
        .where(_request.agency_id == viewer.agency_id, own.kind == kind, own.closed_at.is_(None))
    )
    same = (new.kind.value, new.identifier)
    found = connection.execute(query).scalars()
    return any((details["kind"], details["identifier"]) == same for details in found)


def begin_applying(
    connection: Connection, area: Area, procedure: Procedure, now: datetime
) -> tuple[Act, NewContact] | None:
    """What is to be applied, as an act of who asked for it, with the right that they have now; None: nothing was kept.

    Raises CannotApply when it was applied before, or when who asked may not act for the agency any more.
    """
    in_line(connection, Line.CONTACTS)
    row = _row(connection, procedure.id)
    if row is None:
        return None
    unused = (_request.procedure_id == procedure.id, _request.applied_at.is_(None))
    if connection.execute(update(request_table).where(*unused).values(applied_at=now)).rowcount != 1:
        raise CannotApply("applied_before")
    viewer = viewer_if_any(connection, row.person_id, row.agency_id, now)
    if viewer is None:
        raise CannotApply(Problem.NOT_ALLOWED)
    return Act(connection, area, viewer, procedure.address, now), NewContact.of(row.details)


def refuse(problem: Problem | None) -> None:
    """Raise CannotApply when something speaks against it."""
    if problem is not None:
        raise CannotApply(problem)


def check_mails(act: Act, action: str, person_id: int) -> None:
    """Raise CannotApply when the person had too many mails because of this agency today."""
    try:
        act.check_mails(action, person_id)
    except Refused as refused:
        raise CannotApply(refused.problem) from None


def _row(connection: Connection, procedure_id: int) -> Row[Any] | None:
    return connection.execute(select(request_table).where(_request.procedure_id == procedure_id)).first()
