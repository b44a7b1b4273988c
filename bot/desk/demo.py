"""Invented staff for the demo world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import select

from bot.database import Database, Line, in_line
from bot.desk.model import Role
from bot.desk.staff import NewAccount, add, everybody
from bot.desk.tables import staff
from bot.identity.passwords import hash_password

PASSWORD = "mostrador-azul-31"  # noqa: S105  # printed at the start of the demo, for invented people only
ACCOUNTS = (
    NewAccount("laura", "Laura Gil", Role.AGENT),
    NewAccount("andres", "Andrés Mora", Role.AGENT, "altas"),
    NewAccount("carmen", "Carmen Vidal", Role.SUPERVISOR),
)


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """Somebody to be at the desk."""

    account: NewAccount

    def __str__(self) -> str:
        return f"{self.account.name}, desk /desk, login {self.account.login}, password {PASSWORD} ({self.account.role})"


def ensure_demo_staff(database: Database, now: datetime) -> Sequence[DemoStaff]:
    """Add the invented staff where there is no staff at all; those of them who are there."""
    with database.reading() as connection:
        is_empty = connection.execute(select(staff.id).limit(1)).first() is None
    hashed = _password_hash() if is_empty else ""  # before the transaction, in which nothing slow may happen
    with database.writing() as connection:
        in_line(connection, Line.DEMO)
        if is_empty and not everybody(connection):
            for account in ACCOUNTS:
                add(connection, account, hashed, now)
        known = {member.login for member in everybody(connection)}
    return [DemoStaff(account) for account in ACCOUNTS if account.login in known]


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)
