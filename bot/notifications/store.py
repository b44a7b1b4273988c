"""The outbox's table. A mail is claimed before it is sent, so that of several processes only one sends it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.database import Moment, identity, metadata, note
from bot.notifications.model import Details, Mail, State

mail_table = Table(
    "mail",
    metadata,
    Column("id", identity, primary_key=True),
    Column("recipient", String(254), nullable=False),
    Column("template", String(64), nullable=False),
    Column("details", JSON, nullable=False),
    Column("once", String(100)),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("next_try_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("problem", String(300)),
    UniqueConstraint("once"),
    Index(None, "state", "next_try_at"),
)

QUEUED = "mail queued"
"""What is noted with each mail, decoys too."""

mail = mail_table.c
_MAIL = select(mail.id, mail.recipient, mail.template, mail.details, mail.attempts, mail.created_at)


def add(
    connection: Connection,
    now: datetime,
    recipient: str,
    template: str,
    details: Details,
    once: str | None,
    state: State,
) -> None:
    """Store a mail, due now, unless one with the same `once` is stored already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = {
        "recipient": recipient,
        "template": template,
        "details": details,
        "once": once,
        "state": state,
        "attempts": 0,
        "created_at": now,
        "next_try_at": now,
    }
    connection.execute(dialect.insert(mail_table).on_conflict_do_nothing(index_elements=["once"]), row)
    note(connection, QUEUED)


def claim(connection: Connection, now: datetime, lease: timedelta) -> Mail | None:
    """The mail that has been due longest, taken for `lease`: for that long nobody else gets it. None: none is due."""
    due = select(mail.id, mail.next_try_at).where(mail.state == State.WAITING, mail.next_try_at <= now)
    while (found := connection.execute(due.order_by(mail.next_try_at, mail.id).limit(1)).first()) is not None:
        as_seen = (mail.id == found.id) & (mail.state == State.WAITING) & (mail.next_try_at == found.next_try_at)
        taking = update(mail_table).where(as_seen).values(next_try_at=now + lease, attempts=mail.attempts + 1)
        if connection.execute(taking).rowcount == 1:
            return _mail(connection.execute(_MAIL.where(mail.id == found.id)).one())
    return None


def note_sent(connection: Connection, mail_id: int, now: datetime) -> None:
    """It was handed over: what it told is not needed any more."""
    _note(connection, mail_id, state=State.SENT, sent_at=now, details={}, problem=None)


def note_failed(connection: Connection, mail_id: int, problem: str) -> None:
    """It is given up."""
    _note(connection, mail_id, state=State.FAILED, details={}, problem=problem)


def note_retry(connection: Connection, tried: Mail, next_try_at: datetime, problem: str) -> None:
    """It will be tried again then, unless somebody else has taken it since."""
    still_ours = update(mail_table).where(mail.id == tried.id, mail.attempts == tried.attempts)
    connection.execute(still_ours.values(next_try_at=next_try_at, problem=problem))


def waiting(connection: Connection, limit: int) -> list[Mail]:
    """The newest mails that wait, newest first."""
    found = _MAIL.where(mail.state == State.WAITING).order_by(mail.id.desc()).limit(limit)
    return [_mail(row) for row in connection.execute(found)]


def waiting_by_id(connection: Connection, mail_id: int) -> Mail | None:
    """One mail that waits."""
    row = connection.execute(_MAIL.where(mail.id == mail_id, mail.state == State.WAITING)).first()
    return None if row is None else _mail(row)


def _note(connection: Connection, mail_id: int, **values: object) -> None:
    still_open = update(mail_table).where(mail.id == mail_id, mail.state == State.WAITING)
    connection.execute(still_open.values(**values))


def _mail(row: Row[Any]) -> Mail:
    return Mail(row.id, row.recipient, row.template, row.details, row.attempts, row.created_at)
