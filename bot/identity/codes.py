"""Codes of six digits that are mailed and typed into the conversation that asked for them, to show who reads that mailbox."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Any

from sqlalchemy import Column, Connection, Row, SmallInteger, String, Table, insert, select, update

from bot.area import Area
from bot.database import Moment, identity, metadata

LIFETIME = timedelta(minutes=10)
MOST_FAILURES = 5
_SEPARATORS = re.compile(r"[\s.\-]+")

code_table = Table(
    "mailed_code",
    metadata,
    Column("id", identity, primary_key=True),
    Column("address", String(200), nullable=False, index=True),
    Column("purpose", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("code_digest", String(64), nullable=False),
    Column("failures", SmallInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)
_code = code_table.c


class Outcome(StrEnum):
    """What a typed code was."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    NONE = "none"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Checked:
    """`subject` is what the code was made about; only a right code tells it."""

    outcome: Outcome
    subject: str = ""


def make(connection: Connection, area: Area, address: str, purpose: str, subject: str, now: datetime) -> str:
    """A new code for that conversation and purpose, good for 10 minutes; an earlier one is worth nothing any more."""
    code = f"{secrets.randbelow(10**6):06}"
    values = {"address": address, "purpose": purpose, "subject": subject, "failures": 0}
    times = {"created_at": now, "expires_at": now + LIFETIME}
    connection.execute(insert(code_table), values | times | {"code_digest": _digest(area, address, purpose, code)})
    return code


def check(connection: Connection, area: Area, address: str, purpose: str, typed: str, now: datetime) -> Checked:
    """Try a code, blanks and dashes allowed; a right one is used up, the fifth wrong one was the last try."""
    row = _newest(connection, address, purpose)
    if row is None or row.used_at is not None:
        return Checked(Outcome.NONE)
    if row.failures >= MOST_FAILURES:
        return Checked(Outcome.TOO_MANY)
    if row.expires_at <= now:
        return Checked(Outcome.EXPIRED)
    if not compare_digest(row.code_digest, _digest(area, address, purpose, _SEPARATORS.sub("", typed))):
        _change(connection, row, failures=row.failures + 1)
        return Checked(Outcome.WRONG)
    _change(connection, row, used_at=now)
    return Checked(Outcome.RIGHT, row.subject)


def _newest(connection: Connection, address: str, purpose: str) -> Row[Any] | None:
    """Held until the transaction ends: tries at the same moment come one after the other."""
    own = select(code_table).where(_code.address == address, _code.purpose == purpose)
    return connection.execute(own.order_by(_code.id.desc()).limit(1).with_for_update()).first()


def _change(connection: Connection, row: Row[Any], **values: Any) -> None:
    connection.execute(update(code_table).where(_code.id == row.id).values(**values))


def _digest(area: Area, address: str, purpose: str, code: str) -> str:
    # A text with half a character, as only a forged request has, must not end in an error.
    return area.digest("mailed code", f"{address}\0{purpose}\0{code.encode(errors='replace').decode()}")
