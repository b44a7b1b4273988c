"""The tables of invitations and of links that undo, and the queries on the rights of an agency's contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Row,
    String,
    Table,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from bot.accounts.model import ManagerKind, Role, Viewer
from bot.accounts.rights import manager_holds
from bot.accounts.store import (
    access_client_table,
    access_table,
    clients_assigned_to,
    holds,
    representative_table,
)
from bot.contacts.model import Held, NewContact
from bot.database import Moment, identity, metadata
from bot.identity.identifier_checks import Kind
from bot.identity.operations import cancel_for
from bot.identity.passwords import credential_table
from bot.identity.persons import Person, person_table
from bot.identity.sessions import session_table

invitation_table = Table(
    "invitation",
    metadata,
    Column("id", identity, primary_key=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("access_id", identity, ForeignKey("access.id"), index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("agency_id", ForeignKey("agency.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    Index("ix_invitation_person_id_agency_id", "person_id", "agency_id"),
)

"""`access_id` is empty where a representative is invited, whose right is no contact's."""

undo_link_table = Table(
    "undo_link",
    metadata,
    Column("id", identity, primary_key=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("agency_id", ForeignKey("agency.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("what", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)
"""`person_id` is the representative to whom the link was mailed."""

access, person, invitation = access_table.c, person_table.c, invitation_table.c


@dataclass(frozen=True, slots=True)
class Grant:
    """A right that begins; `client_ids` None: over all clients."""

    person_id: int
    agency_id: int
    role: Role
    valid_until: datetime | None
    given_by: int
    may_authorize: bool = False
    client_ids: Sequence[int] | None = None
    manager_kind: ManagerKind | None = None
    manager_id: int | None = None


def holders(connection: Connection, viewer: Viewer, person_id: int | None = None) -> list[Held]:
    """Everybody who acts or acted for the viewer's agency, each once with the right that counts at the viewer's moment.

    With `person_id` only that person, if they are one of them.
    """
    found = [*_representatives(connection, viewer, person_id), *_contacts(connection, viewer, person_id)]
    best: dict[int, Held] = {}
    for held in sorted(found, key=lambda each: _weight(each, viewer.at)):
        best[held.person.id] = held
    return list(best.values())


def hanging_from(connection: Connection, viewer: Viewer, manager_id: int) -> list[Held]:
    """The rights that hang from an external manager and are not over by themselves."""
    found = [held for held in holders(connection, viewer) if held.manager_id == manager_id]
    return [held for held in found if held.valid_until is None or held.valid_until > viewer.at]


def _weight(held: Held, at: datetime) -> tuple[bool, bool, bool, bool, datetime, int]:
    """What counts more comes later: what holds now, then as `right_of` judges, then the newest."""
    is_over = held.valid_until is not None and held.valid_until <= at
    holds_now = held.valid_from <= at and not is_over
    is_full = held.role is Role.FULL
    return holds_now, held.access_id is None, is_full, not held.is_limited, held.valid_from, held.access_id or 0


_HAS_ENTERED = or_(
    exists().where(credential_table.c.person_id == person.id), exists().where(session_table.c.person_id == person.id)
)


def _representatives(connection: Connection, viewer: Viewer, person_id: int | None) -> list[Held]:
    """The current ones: who represented the agency once is no contact of it."""
    table = representative_table
    found = (
        select(person_table, table.c.valid_from, table.c.valid_until, null().label("access_id"))
        .join_from(table, person_table)
        .where(table.c.agency_id == viewer.agency_id, holds(table, literal(viewer.at, Moment())))
    )
    return [_held(row) for row in connection.execute(_only(found, person_id))]


_giver = person_table.alias("giver")


def _contacts(connection: Connection, viewer: Viewer, person_id: int | None) -> list[Held]:
    own, at = access_client_table.c, literal(viewer.at, Moment())
    counted = select(func.count()).where(own.access_id == access.id, own.client_id.in_(clients_assigned_to(viewer)))
    found = (
        select(
            person_table,
            access.id.label("access_id"),
            access.role,
            access.valid_from,
            access.valid_until,
            access.is_limited,
            access.may_authorize,
            counted.scalar_subquery().label("client_count"),
            _HAS_ENTERED.label("has_entered"),
            access.manager_kind,
            access.manager_id,
            (_giver.c.first_name + " " + _giver.c.surnames).label("manager_name"),
            manager_holds(at).label("manager_holds"),
        )
        .join_from(access_table, person_table, person.id == access.person_id)
        .outerjoin(_giver, _giver.c.id == access.manager_id)
        .where(access.agency_id == viewer.agency_id)
    )
    return [_held(row) for row in connection.execute(_only(found, person_id))]


def _only(found: Any, person_id: int | None) -> Any:
    return found if person_id is None else found.where(person.id == person_id)


def _held(row: Row[Any]) -> Held:
    somebody = _person(row)
    if row.access_id is None:
        return Held(somebody, None, Role.FULL, row.valid_from, row.valid_until, False, True, 0, True)
    return Held(
        somebody,
        row.access_id,
        Role(row.role),
        row.valid_from,
        row.valid_until,
        row.is_limited,
        row.may_authorize,
        row.client_count,
        bool(row.has_entered),
        row.manager_kind and ManagerKind(row.manager_kind),
        row.manager_id,
        row.manager_name or "",
        bool(row.manager_holds),
    )


def _person(row: Row[Any]) -> Person:
    return Person(row.id, Kind(row.identifier_kind), row.identifier, row.first_name, row.surnames, row.email)


def rights_over(connection: Connection, client_id: int) -> set[int]:
    """The limited rights, of whichever agency, that are about that client."""
    own = access_client_table.c
    return set(connection.execute(select(own.access_id).where(own.client_id == client_id)).scalars())


def client_ids_of(connection: Connection, held: Held) -> list[int] | None:
    """The clients that a right is about, None: all."""
    if not held.is_limited:
        return None
    own = access_client_table.c
    return list(connection.execute(select(own.client_id).where(own.access_id == held.access_id)).scalars())


def person_of(connection: Connection, new: NewContact) -> Person | None:
    """Who has the identifier of a new contact."""
    same = (person.identifier == new.identifier, person.identifier_kind == new.kind.value)
    row = connection.execute(select(person_table).where(*same)).first()
    return None if row is None else _person(row)


def is_taken(connection: Connection, new: NewContact) -> bool:
    """Whether the identifier, as of another kind, or the e-mail is on record of somebody."""
    alike = or_(person.identifier == new.identifier, func.lower(person.email) == new.email.lower())
    return connection.execute(select(person.id).where(alike)).first() is not None


def add_person(connection: Connection, new: NewContact, now: datetime) -> int:
    """A person who never signed in; gives the id."""
    values = {
        "identifier_kind": new.kind.value,
        "identifier": new.identifier,
        "first_name": new.first_name,
        "surnames": new.surnames,
        "email": new.email,
        "created_at": now,
    }
    added: int = connection.execute(insert(person_table).values(values).returning(person.id)).scalar_one()
    return added


def rename_person(connection: Connection, person_id: int, first_name: str, surnames: str) -> None:
    """What the person says they are called."""
    values = {"first_name": first_name, "surnames": surnames}
    connection.execute(update(person_table).where(person.id == person_id).values(values))


def begin_right(connection: Connection, grant: Grant, now: datetime) -> int:
    """A right begins; gives its id."""
    values = {
        "person_id": grant.person_id,
        "agency_id": grant.agency_id,
        "role": grant.role.value,
        "valid_from": now,
        "valid_until": grant.valid_until,
        "given_by": grant.given_by,
        "is_limited": grant.client_ids is not None,
        "may_authorize": grant.may_authorize,
        "manager_kind": grant.manager_kind,
        "manager_id": grant.manager_id,
    }
    access_id: int = connection.execute(insert(access_table).values(values).returning(access.id)).scalar_one()
    if grant.client_ids:
        rows = [{"access_id": access_id, "client_id": client_id} for client_id in grant.client_ids]
        connection.execute(insert(access_client_table), rows)
    return access_id


def end_rights(connection: Connection, person_id: int, agency_id: int, now: datetime) -> None:
    """No right of the person in the agency holds any more; one that was to begin later never will."""
    not_over = (access.valid_until.is_(None) | (access.valid_until > now), *_of_both(access, person_id, agency_id))
    at = literal(now, Moment())
    ended = case((access.valid_from > at, access.valid_from), else_=at)
    connection.execute(update(access_table).where(*not_over).values(valid_until=ended))


def end_sessions(connection: Connection, person_id: int, agency_id: int, now: datetime) -> None:
    """Whoever acts for the agency as that person is signed out, wherever that is, and what waits for a yes there is void."""
    cancel_for(connection, person_id, agency_id, now)
    live = (session_table.c.ended_at.is_(None), *_of_both(session_table.c, person_id, agency_id))
    connection.execute(update(session_table).where(*live).values(ended_at=now))


def revoke_invitations(connection: Connection, person_id: int, agency_id: int, now: datetime) -> None:
    """No invitation of the person to the agency works any more."""
    unused = (invitation.used_at.is_(None), invitation.revoked_at.is_(None))
    which = (*unused, *_of_both(invitation, person_id, agency_id))
    connection.execute(update(invitation_table).where(*which).values(revoked_at=now))


def use_invitation(connection: Connection, invitation_id: int, now: datetime) -> bool:
    """Use it up; False when somebody did so first or it was revoked meanwhile."""
    unused = (invitation.id == invitation_id, invitation.used_at.is_(None), invitation.revoked_at.is_(None))
    return connection.execute(update(invitation_table).where(*unused).values(used_at=now)).rowcount == 1


def giver_id_of(connection: Connection, access_id: int) -> int | None:
    """Who gave a right; None where that is not known."""
    return connection.execute(select(access.given_by).where(access.id == access_id)).scalar_one_or_none()


def giver_of(connection: Connection, access_id: int) -> str:
    """The name of who gave a right; "" where that is not known."""
    named = select(person.first_name, person.surnames).join_from(
        access_table, person_table, person.id == access.given_by
    )
    row = connection.execute(named.where(access.id == access_id)).first()
    return f"{row.first_name} {row.surnames}" if row else ""


def _of_both(columns: Any, person_id: int, agency_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return columns.person_id == person_id, columns.agency_id == agency_id
