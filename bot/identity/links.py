"""One-time links that travel in a chat or in a mail: 128 random bits each, of which only a digest is stored."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Row, String, Table, insert, select, update

from bot.area import Area
from bot.database import Moment, identity, metadata

TOKEN_BYTES = 16

sign_in_link_table = Table(
    "sign_in_link",
    metadata,
    Column("id", identity, primary_key=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("address", String(200), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

password_link_table = Table(
    "password_link",
    metadata,
    Column("id", identity, primary_key=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("person_id", ForeignKey("person.id"), index=True),
    Column("sign_in_link_id", ForeignKey("sign_in_link.id"), index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)
"""`person_id` is empty where an identifier was asked for that nobody has: such a link was mailed to nobody."""


class Gone(StrEnum):
    """Why a link does nothing any more. REVOKED: whoever had it sent may not any more; CHANGED: what it would do is done or undone."""

    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CHANGED = "changed"


class LinkGone(Exception):
    """The link cannot be used; `why` says what to tell the person."""

    def __init__(self, why: Gone) -> None:
        super().__init__(why.value)
        self.why = why


def add_link(connection: Connection, area: Area, table: Table, values: dict[str, Any]) -> str:
    """Store a new link with these columns; gives the token that goes into its address (22 characters)."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connection.execute(insert(table), values | {"token_digest": area.digest(table.name, token)})
    return token


def link_of(connection: Connection, area: Area, table: Table, token: str) -> Row[Any] | None:
    """The row of a link, also of one that is gone."""
    if not token.isascii():
        return None
    digest = area.digest(table.name, token)
    return connection.execute(select(table).where(table.c.token_digest == digest)).first()


def good_link(connection: Connection, area: Area, table: Table, token: str, now: datetime) -> Row[Any]:
    """The row of a link that may still be used. Raises LinkGone."""
    return still_good(link_of(connection, area, table, token), now)


def still_good(row: Row[Any] | None, now: datetime) -> Row[Any]:
    """The row of a link or of the code that was mailed with it. Raises LinkGone."""
    if row is None:
        raise LinkGone(Gone.UNKNOWN)
    if row.used_at is not None:
        raise LinkGone(Gone.USED)
    if row.expires_at <= now:
        raise LinkGone(Gone.EXPIRED)
    return row


def use_link(connection: Connection, table: Table, link_id: int, now: datetime) -> None:
    """Use the link up. Raises LinkGone when somebody else did so first: of two tabs at once one succeeds."""
    unused = (table.c.id == link_id, table.c.used_at.is_(None))
    if connection.execute(update(table).where(*unused).values(used_at=now)).rowcount != 1:
        raise LinkGone(Gone.USED)
