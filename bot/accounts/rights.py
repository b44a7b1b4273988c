"""Who may act for an agency at a moment: its representatives, and those who were given a right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, bindparam, exists, literal, or_, select

from bot.accounts.model import Right, Role, Viewer
from bot.accounts.store import access, access_table, holds, representative, representative_table
from bot.database import Moment

_AT: ColumnElement[datetime] = bindparam("at", type_=Moment())
_OF_BOTH: dict[str, BindParameter[int]] = {"person_id": bindparam("person_id"), "agency_id": bindparam("agency_id")}
IS_REPRESENTATIVE = select(representative.id).where(
    representative.person_id == _OF_BOTH["person_id"],
    representative.agency_id == _OF_BOTH["agency_id"],
    holds(representative_table, _AT),
)
_manager = access_table.alias("manager")


def manager_holds(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a right stands by itself, or hangs from an external manager whose own right holds at that moment."""
    same = (_manager.c.person_id == access.manager_id, _manager.c.agency_id == access.agency_id)
    theirs = exists().where(*same, _manager.c.manager_kind.is_not(None), holds(_manager, at))
    return or_(access.manager_id.is_(None), theirs)


RIGHTS = select(access_table).where(
    access.person_id == _OF_BOTH["person_id"],
    access.agency_id == _OF_BOTH["agency_id"],
    holds(access_table, _AT),
    manager_holds(_AT),
)


def right_of(connection: Connection, person_id: int, agency_id: int, at: datetime) -> Right | None:
    """The right of a person in an agency at a moment: a representative has the full one; None: no right at all."""
    values = {"person_id": person_id, "agency_id": agency_id, "at": at}
    if connection.execute(IS_REPRESENTATIVE, values).first() is not None:
        return Right(Role.FULL)
    rights = [_right(row) for row in connection.execute(RIGHTS, values)]
    return min(rights, key=lambda right: (right.role is not Role.FULL, right.is_limited), default=None)


def _right(row: Row[Any]) -> Right:
    manager_id = row.person_id if row.manager_kind else row.manager_id
    return Right(Role(row.role), row.id, row.is_limited, row.may_authorize, manager_id)


def representatives(connection: Connection, viewer: Viewer) -> list[int]:
    """The ids of the persons who represent the viewer's agency at the viewer's moment."""
    at = literal(viewer.at, Moment())
    found = select(representative.person_id).where(
        representative.agency_id == viewer.agency_id, holds(representative_table, at)
    )
    return list(connection.execute(found.distinct()).scalars())


def agencies_of(connection: Connection, person_id: int, at: datetime) -> list[int]:
    """The ids of the agencies that a person may act for at a moment."""
    moment = literal(at, Moment())
    both = [
        select(table.c.agency_id).where(table.c.person_id == person_id, holds(table, moment), *more)
        for table, more in ((representative_table, []), (access_table, [manager_holds(moment)]))
    ]
    return list(connection.execute(both[0].union(both[1]).order_by("agency_id")).scalars())
