"""What came of files that were sent and that their conversation has not been told yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from bot.documents.model import Settled, Upload
from bot.documents.store import settled, upload_table

STILL_COMING = timedelta(minutes=10)
"""An upload that began longer ago is not waited for: its news come by themselves."""

_upload = upload_table.c
_IS_UNTOLD = (_upload.outcome.is_not(None), _upload.told_at.is_(None))


def tell_news(connection: Connection, address: str, now: datetime) -> list[Settled]:
    """How the uploads of a conversation ended that it has not been told, the first sent first; from now on they are told."""
    untold = (_upload.address == address, *_IS_UNTOLD)
    rows = connection.execute(select(upload_table).where(*untold).order_by(_upload.id)).all()
    told = update(upload_table).where(_upload.id.in_([row.id for row in rows])).values(told_at=now)
    connection.execute(told)
    return [ended for row in rows if (ended := settled(connection, row)) is not None]


def mark_noted(connection: Connection, address: str, now: datetime) -> None:
    """The conversation is going to be told of all that has ended by now."""
    noted = update(upload_table).where(_upload.address == address, *_IS_UNTOLD, _upload.noted_at.is_(None))
    connection.execute(noted.values(noted_at=now))


def mark_told(connection: Connection, upload: Upload, now: datetime) -> None:
    """How it ended is told to who sent it by other means than their conversation."""
    connection.execute(update(upload_table).where(_upload.id == upload.id).values(noted_at=now, told_at=now))


def is_more_coming(connection: Connection, address: str, now: datetime) -> bool:
    """Whether other files of the conversation are on their way: what comes together is told together."""
    arriving = (_upload.address == address, _upload.outcome.is_(None), _upload.expires_at > now)
    coming = select(_upload.id).where(*arriving, _upload.created_at > now - STILL_COMING).limit(1)
    return connection.execute(coming).first() is not None


def addresses_with_news(connection: Connection) -> list[str]:
    """The conversations that nobody is going to tell of something yet."""
    unnoted = select(_upload.address).where(*_IS_UNTOLD, _upload.noted_at.is_(None)).distinct()
    return list(connection.execute(unnoted).scalars())
