"""A sign-in for a chat on somebody's phone is confirmed in that very chat, with a code that the page shows.

The page's link can be forwarded: who is sent one by a stranger would sign in the stranger's chat. So a session is opened only
when the code is written in the chat that asked for it, and whoever opened the page sees the code in a browser of their own and
writes it in a chat of their own. From another chat it opens nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, insert, select, update

from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Moment, identity, metadata
from bot.identity.sessions import DEVICE_CHARACTERS

LIFETIME = timedelta(minutes=10)
MOST_TRIES = 5
DIGITS = 6

sign_in_code_table = Table(
    "sign_in_code",
    metadata,
    Column("id", identity, primary_key=True),
    Column("address", String(200), nullable=False, index=True),
    Column("person_id", identity, ForeignKey("person.id"), nullable=False, index=True),
    Column("browser_digest", String(64)),
    Column("code_digest", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("device", String(DEVICE_CHARACTERS), nullable=False, server_default=""),
)
_code = sign_in_code_table.c


class Confirmation(StrEnum):
    """What a code that was written in a chat did there."""

    NOT_ASKED = "not_asked"
    """No sign-in waits for a code in that chat."""
    ELSEWHERE = "elsewhere"
    """A sign-in in another chat waits for this very code: somebody may be letting a stranger in."""
    WRONG = "wrong"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """With RIGHT: who is signed in now, and in which browser they proved who they are."""

    outcome: Confirmation
    person_id: int = 0
    browser_digest: str | None = None
    device: str = ""


def add_code(
    connection: Connection,
    area: Area,
    address: str,
    person_id: int,
    browser_digest: str | None,
    now: datetime,
    device: str = "",
) -> str:
    """A person has proved who they are on the page of that chat's link; gives the code that they write there."""
    cancel = update(sign_in_code_table).where(_code.address == address, _code.used_at.is_(None))
    connection.execute(cancel.values(used_at=now))
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    values = {"address": address, "person_id": person_id, "browser_digest": browser_digest, "tries": 0}
    more = {"code_digest": _digest(area, code), "expires_at": now + LIFETIME, "device": device}
    connection.execute(insert(sign_in_code_table).values(values | more))
    return code


def confirm(connection: Connection, area: Area, address: str, code: str, now: datetime) -> Confirmed:
    """Use up the code that a chat waits for. Five wrong ones end it."""
    good = (_code.used_at.is_(None), _code.expires_at > now, _code.tries < MOST_TRIES)
    waits = select(sign_in_code_table).where(_code.address == address, *good).with_for_update()
    row = connection.execute(waits).first()
    if row is not None and row.code_digest == _digest(area, code):
        connection.execute(update(sign_in_code_table).where(_code.id == row.id).values(used_at=now))
        return Confirmed(Confirmation.RIGHT, row.person_id, row.browser_digest, row.device)
    if row is not None:
        connection.execute(update(sign_in_code_table).where(_code.id == row.id).values(tries=row.tries + 1))
        record(connection, now, Entry("sign_in_confirmed", Result.FAILED, address))
        return Confirmed(Confirmation.WRONG)
    elsewhere = select(_code.id).where(_code.code_digest == _digest(area, code), *good).limit(1)
    if connection.execute(elsewhere).first() is not None:
        return Confirmed(Confirmation.ELSEWHERE)
    return Confirmed(Confirmation.NOT_ASKED)


def _digest(area: Area, code: str) -> str:
    return area.digest("sign-in code", code)
