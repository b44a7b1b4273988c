"""Sessions of the conversations: who is signed in at an address, since when, and for which agency they act."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Row,
    String,
    Table,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from bot.audit.model import Entry
from bot.audit.service import record
from bot.database import Moment, identity, metadata

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)
MOST_CHATS = 5
TOUCHED_AFTER = timedelta(seconds=30)
DEVICE_CHARACTERS = 60

session_table = Table(
    "session",
    metadata,
    Column("id", identity, primary_key=True),
    Column("address", String(200), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("agency_id", identity, ForeignKey("agency.id")),
    Column("browser_digest", String(64), index=True),
    Column("signed_in_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("device", String(DEVICE_CHARACTERS), nullable=False, server_default=""),
    Column("closed", String(16)),
    Index("ix_session_address_id", "address", "id"),
    Index(
        "uq_session_address_live",
        "address",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
"""`device` names the browser in which the person proved who they are. `closed` says who ended it before its time."""

_session = session_table.c
_later = session_table.alias("later")
_IS_NEWEST_THERE = ~exists().where(_later.c.address == _session.address, _later.c.id > _session.id)


class Closed(StrEnum):
    """Who ended a session, which cuts the tie between the person and that chat; one that ran out leaves it."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    """From another device, or by a new password: the chat itself has not heard of it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in at a conversation's address. It says who they are; what they may do is asked for elsewhere."""

    id: int
    address: str
    person_id: int
    agency_id: int | None
    signed_in_at: datetime
    seen_at: datetime
    device: str = ""

    @property
    def ends_at(self) -> datetime:
        """The moment from which it is no longer good unless the person is seen again before."""
        return min(self.seen_at + IDLE, self.signed_in_at + LONGEST)


_OPEN = select(session_table).where(_session.ended_at.is_(None))
_OPEN_AT = _OPEN.where(_session.address == bindparam("at_address"))


def open_session(
    connection: Connection,
    address: str,
    person_id: int,
    browser_digest: str | None,
    now: datetime,
    device: str = "",
) -> Session:
    """Sign a person in at an address, for no agency yet. A session that was open there ends."""
    _end(connection, now, _session.address == address)
    values = {"address": address, "person_id": person_id, "signed_in_at": now, "seen_at": now, "device": device}
    opened = insert(session_table).values(values | {"browser_digest": browser_digest}).returning(_session.id)
    return Session(connection.execute(opened).scalar_one(), address, person_id, None, now, now, device)


def session_of(connection: Connection, address: str, now: datetime) -> Session | None:
    """The live session at an address: seen within 15 minutes, signed in within 8 hours.

    It counts as seen now, and one that is over is marked as ended: the transaction has to be one that writes.
    """
    row = connection.execute(_OPEN_AT, {"at_address": address}).first()
    if row is None:
        return None
    session = _from(row)
    if session.ends_at <= now:
        _end(connection, session.ends_at, _session.id == session.id)
        return None
    return _seen(connection, session, now)


def are_over(now: datetime) -> ColumnElement[bool]:
    """Sessions in which nobody is signed in any more, marked as ended or not yet."""
    return or_(_session.ended_at.is_not(None), _session.seen_at <= now - IDLE, _session.signed_in_at <= now - LONGEST)


def session_by_id(connection: Connection, session_id: int, now: datetime) -> Session | None:
    """The live session with that id; it does not count as seen by this."""
    row = connection.execute(_OPEN.where(_session.id == session_id)).first()
    return None if row is None else _live(_from(row), now)


def session_in_browser(connection: Connection, session_id: int, browser_digest: str, now: datetime) -> Session | None:
    """The live session with that id if it was opened in that browser."""
    if browser_of(connection, session_id) != browser_digest:
        return None
    return session_by_id(connection, session_id, now)


def newest_session_in_browser(connection: Connection, browser_digest: str, now: datetime) -> Session | None:
    """The session that was opened last in that browser of those that nobody ended, if it is live."""
    opened_here = _OPEN.where(_session.browser_digest == browser_digest).order_by(_session.id.desc()).limit(1)
    row = connection.execute(opened_here).first()
    return None if row is None else _live(_from(row), now)


def browser_of(connection: Connection, session_id: int) -> str | None:
    """The digest of the browser in which a session was opened; None where there was none."""
    return connection.execute(select(_session.browser_digest).where(_session.id == session_id)).scalar_one_or_none()


def sessions_of_person(connection: Connection, person_id: int, now: datetime) -> list[Session]:
    """The live sessions of a person, the oldest first."""
    rows = connection.execute(_OPEN.where(_session.person_id == person_id).order_by(_session.id))
    return [session for session in map(_from, rows) if session.ends_at > now]


def last_sessions_of(connection: Connection, person_id: int, since: datetime) -> list[Session]:
    """A person's last session in each conversation where nobody closed it and nobody else came after; seen after `since`.

    They may have run out: then the chat is still the person's, though nobody is signed in there. The one seen last first.
    """
    own = select(session_table).where(_session.person_id == person_id, _session.closed.is_(None), _IS_NEWEST_THERE)
    rows = connection.execute(own.where(_session.seen_at > since).order_by(_session.seen_at.desc(), _session.id.desc()))
    return [_from(row) for row in rows]


def last_chats_of(connection: Connection, person_id: int, since: datetime) -> list[str]:
    """The conversations of `last_sessions_of`, the one used last first, a few at most."""
    return [session.address for session in last_sessions_of(connection, person_id, since)[:MOST_CHATS]]


def last_person_at(connection: Connection, address: str, since: datetime) -> int | None:
    """Whose chat an address is: who was signed in last, if they were seen there after `since` and nobody closed it."""
    row = _last_at(connection, address)
    return row.person_id if row is not None and row.closed is None and row.seen_at > since else None


def was_closed_elsewhere(connection: Connection, address: str) -> bool:
    """Whether the last session of a conversation was ended from another device."""
    row = _last_at(connection, address)
    return row is not None and row.closed == Closed.ELSEWHERE


def close_elsewhere(connection: Connection, session: Session, now: datetime) -> bool:
    """A person ends one of their own sessions from another device; False when somebody did before."""
    if not _close(connection, now, Closed.ELSEWHERE, _session.id == session.id):
        return False
    ended = Entry(
        "sign_out_elsewhere", address=session.address, person_id=session.person_id, agency_id=session.agency_id
    )
    record(connection, now, ended)
    return True


def choose_agency(connection: Connection, session: Session, agency_id: int) -> Session:
    """Act for that agency from now on. The caller has checked that the person may."""
    connection.execute(update(session_table).where(_session.id == session.id).values(agency_id=agency_id))
    return replace(session, agency_id=agency_id)


def end_session(connection: Connection, address: str, now: datetime) -> bool:
    """Sign out at an address; False when nobody was signed in there."""
    session = session_of(connection, address, now)
    if session is None:
        return False
    _close(connection, now, Closed.HERE, _session.id == session.id)
    record(
        connection, now, Entry("sign_out", address=address, person_id=session.person_id, agency_id=session.agency_id)
    )
    return True


def end_sessions_of_person(connection: Connection, person_id: int, now: datetime) -> int:
    """End every session of a person, and the tie to every chat; gives how many sessions were live."""
    live = len(sessions_of_person(connection, person_id, now))
    _close(connection, now, Closed.ELSEWHERE, _session.person_id == person_id)
    return live


def _end(connection: Connection, at: datetime, which: ColumnElement[bool]) -> None:
    connection.execute(update(session_table).where(_session.ended_at.is_(None), which).values(ended_at=at))


def _close(connection: Connection, now: datetime, how: Closed, which: ColumnElement[bool]) -> int:
    """End for good, also what has run out; one that was closed stays as it is. Gives how many were closed."""
    ended_at = func.coalesce(_session.ended_at, literal(now, Moment()))
    closing = update(session_table).where(_session.closed.is_(None), which)
    return connection.execute(closing.values(closed=how.value, ended_at=ended_at)).rowcount


def _last_at(connection: Connection, address: str) -> Row[Any] | None:
    at = select(_session.person_id, _session.seen_at, _session.closed).where(_session.address == address)
    return connection.execute(at.order_by(_session.id.desc()).limit(1)).first()


def _seen(connection: Connection, session: Session, now: datetime) -> Session:
    if now - session.seen_at <= TOUCHED_AFTER:
        return session
    connection.execute(update(session_table).where(_session.id == session.id).values(seen_at=now))
    return replace(session, seen_at=now)


def _live(session: Session, now: datetime) -> Session | None:
    return session if now < session.ends_at else None


def _from(row: Row[Any]) -> Session:
    return Session(row.id, row.address, row.person_id, row.agency_id, row.signed_in_at, row.seen_at, row.device)
