"""Operations that wait for a yes: what will be done is written down first, then confirmed once, soon, by the same person.

An operation belongs to a person at an address, not to one session: who has to sign in again finds it still waiting.
One that somebody showed to be theirs by a mailed code belongs to the address alone, where that code was typed.
Whether the person may do it is checked by whoever applies it, with the rights of that moment.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Connection, ForeignKey, String, Table, insert, select, update

from bot.database import Moment, identity, metadata
from bot.identity.sessions import Session, session_table

LIFETIME = timedelta(minutes=10)
FRESH_SIGN_IN = timedelta(minutes=15)
REFERENCE_BYTES = 32

pending_table = Table(
    "pending_operation",
    metadata,
    Column("id", identity, primary_key=True),
    Column("reference", String(43), nullable=False, unique=True),
    Column("session_id", ForeignKey("session.id"), index=True),
    Column("address", String(200), index=True),
    Column("kind", String(48), nullable=False),
    Column("details", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("outcome", String(16)),
)
"""Either `session_id` or `address` is set."""
_pending = pending_table.c


class Outcome(StrEnum):
    """How an operation ended that does not wait any more."""

    APPLIED = "applied"
    CANCELLED = "cancelled"


class Gone(Exception):
    """Nothing waits under that reference for this person here: unknown, somebody else's, settled, or too old."""


class SignInTooOld(Exception):
    """The person signed in more than 15 minutes ago and has to do so again; the operation goes on waiting."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that waits until `expires_at`; `details` are the JSON values of who proposed it."""

    reference: str
    kind: str
    details: dict[str, Any]
    created_at: datetime
    expires_at: datetime


def propose(connection: Connection, session: Session, kind: str, details: dict[str, Any], now: datetime) -> str:
    """Write an operation down for 10 minutes; gives its reference. What waited before is cancelled."""
    cancel(connection, session, now)
    return _add(connection, {"session_id": session.id, "kind": kind, "details": details}, now)


def propose_here(connection: Connection, address: str, kind: str, details: dict[str, Any], now: datetime) -> str:
    """As `propose`, for whoever has just shown by a mailed code, typed at that address, that it is theirs to decide."""
    cancel_here(connection, address, now)
    return _add(connection, {"address": address, "kind": kind, "details": details}, now)


def look(connection: Connection, session: Session, reference: str, now: datetime) -> Pending | None:
    """The operation with that reference if it waits for this person at this address."""
    return _first(connection, *_waiting(session, now), _pending.reference == reference)


def look_here(connection: Connection, address: str, reference: str, now: datetime) -> Pending | None:
    """The operation with that reference if it waits at this address for whoever typed the code."""
    return _first(connection, *_waiting_here(address, now), _pending.reference == reference)


def was_proposed_here(connection: Connection, address: str, reference: str) -> bool:
    """Whether a code was what it was proposed by at this address, also when it waits no more."""
    return _first(connection, _pending.address == address, _pending.reference == reference) is not None


def open_one(connection: Connection, session: Session, now: datetime) -> Pending | None:
    """The operation that waits for this person's yes at this address."""
    return _first(connection, *_waiting(session, now))


def take(connection: Connection, session: Session, reference: str, now: datetime) -> Pending:
    """Mark the operation as applied, to be done in the same transaction; of many at once one gets it.

    Raises Gone, or SignInTooOld, which leaves it waiting.
    """
    pending = look(connection, session, reference, now)
    if pending is None:
        raise Gone
    if now - session.signed_in_at > FRESH_SIGN_IN:
        raise SignInTooOld
    if not _settle(connection, Outcome.APPLIED, now, *_waiting(session, now), _pending.reference == reference):
        raise Gone
    return pending


def take_here(connection: Connection, address: str, reference: str, now: datetime) -> Pending:
    """As `take`, for what was proposed by a code: that proof is as old as the operation, so none is too old. Raises Gone."""
    pending = look_here(connection, address, reference, now)
    which = (*_waiting_here(address, now), _pending.reference == reference)
    if pending is None or not _settle(connection, Outcome.APPLIED, now, *which):
        raise Gone
    return pending


def cancel(connection: Connection, session: Session, now: datetime) -> bool:
    """Nothing waits for this person at this address any more; whether something did."""
    return _settle(connection, Outcome.CANCELLED, now, *_waiting(session, now))


def cancel_here(connection: Connection, address: str, now: datetime) -> bool:
    """Nothing that was proposed by a code waits at this address any more; whether something did."""
    return _settle(connection, Outcome.CANCELLED, now, *_waiting_here(address, now))


def cancel_for(connection: Connection, person_id: int, agency_id: int, now: datetime) -> bool:
    """Nothing waits any more that the person would do for that agency, at whatever address; whether something did."""
    own = session_table.c
    theirs = select(own.id).where(own.person_id == person_id, own.agency_id == agency_id)
    waiting = (_pending.settled_at.is_(None), _pending.expires_at > now, _pending.session_id.in_(theirs))
    return _settle(connection, Outcome.CANCELLED, now, *waiting)


def _add(connection: Connection, values: dict[str, Any], now: datetime) -> str:
    reference = secrets.token_urlsafe(REFERENCE_BYTES)
    times = {"created_at": now, "expires_at": now + LIFETIME}
    connection.execute(insert(pending_table), values | times | {"reference": reference})
    return reference


def _settle(connection: Connection, outcome: Outcome, now: datetime, *which: ColumnElement[bool]) -> bool:
    settled = update(pending_table).where(*which).values(settled_at=now, outcome=outcome.value)
    return connection.execute(settled).rowcount > 0


def _waiting(session: Session, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What waits for the person at the address, in whichever of their sessions there it was proposed."""
    own = session_table.c
    theirs = select(own.id).where(own.person_id == session.person_id, own.address == session.address)
    return _pending.settled_at.is_(None), _pending.expires_at > now, _pending.session_id.in_(theirs)


def _waiting_here(address: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return _pending.settled_at.is_(None), _pending.expires_at > now, _pending.address == address


def _first(connection: Connection, *which: ColumnElement[bool]) -> Pending | None:
    row = connection.execute(select(pending_table).where(*which).order_by(_pending.id.desc())).first()
    if row is None:
        return None
    return Pending(row.reference, row.kind, row.details, row.created_at, row.expires_at)
