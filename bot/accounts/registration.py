"""Was the account registered with a NIF or a CIF? Told to whoever reads the mailbox on record, and to nobody else.

Who asks learns nothing from the answer, its time or what it leaves behind: whether or not there is such an account, the
same statements run. A code is made and mails are queued; where nobody is to be written to, they are decoys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, literal, select, union_all

from bot.accounts.model import Registration, compact
from bot.accounts.store import agency_table, holds, representative_table
from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Line, Moment, in_line
from bot.identity import attempts, codes
from bot.identity.attempts import Limit
from bot.identity.persons import person_table
from bot.notifications.service import queue

PURPOSE = "registration"
TEMPLATE = "registration_code"
OF_IDENTIFIER = Limit("registration_identifier", 3, timedelta(hours=1))
OF_CONVERSATION = Limit("registration_conversation", 5, timedelta(hours=1))
OF_ALL = Limit("registration_all", 300, timedelta(hours=1))
USUAL_MAILS = 3
"""As many are queued where fewer are written to: nearly all agencies have so many representatives or fewer."""
DIGEST_CHARACTERS = 16


class Asking(StrEnum):
    """What became of a question. SENT is said to everybody, whether or not anybody was written to."""

    SENT = "sent"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Asked:
    """How a question went; a LIMITED one may be asked again after `wait_seconds`."""

    outcome: Asking
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """All that is told of an account."""

    agency_name: str
    registration: Registration


@dataclass(frozen=True, slots=True)
class Registered:
    """What a typed code was; when it was right, the account or, of who represents several agencies, the accounts."""

    outcome: codes.Outcome
    accounts: Sequence[Account] = ()


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What an identifier leads to: a representative, else an agency, else nothing. `trace` is the identifier's digest."""

    trace: str = ""
    person_id: int | None = None
    agency_id: int | None = None

    @property
    def subject(self) -> str:
        """What the code is made about."""
        return f"{self.person_id or 0}:{self.agency_id or 0}:{self.trace}"

    @classmethod
    def of(cls, subject: str) -> Self:
        """The opposite of `subject`."""
        person_id, agency_id, trace = subject.split(":")
        return cls(trace, int(person_id) or None, int(agency_id) or None)


def ask(connection: Connection, area: Area, address: str, identifier: str, now: datetime) -> Asked:
    """Mail a code to who may know what the account of an identifier was registered with.

    The NIF of a current representative is answered to that person, the identifier of an agency to all its current
    representatives. `address` is the conversation in which the code has to be typed.
    """
    value = compact(identifier)
    in_line(connection, Line.REGISTRATION)
    keys = {OF_IDENTIFIER: value, OF_CONVERSATION: address, OF_ALL: ""}
    wait_seconds = attempts.wait_or_note(connection, area, keys, now)
    found = connection.execute(_REPRESENTATIVES, {"identifier": value, "at": now}).all()
    lookup, recipients = _judged(found, area.digest("identifier", value)[:DIGEST_CHARACTERS])
    result = Result.REFUSED if wait_seconds else Result.DONE
    _record(connection, now, address, "registration_lookup", result, lookup)
    if wait_seconds:
        return Asked(Asking.LIMITED, wait_seconds)
    code = codes.make(connection, area, address, PURPOSE, lookup.subject, now)
    minutes = int(codes.LIFETIME.total_seconds()) // 60
    for recipient in [*recipients, *[""] * (USUAL_MAILS - len(recipients))]:
        queue(connection, now, recipient, TEMPLATE, {"code": code, "minutes": minutes})
    return Asked(Asking.SENT)


def check(connection: Connection, area: Area, address: str, typed: str, now: datetime) -> Registered:
    """Try a code that was typed in the conversation; the right one tells what was asked, once."""
    checked = codes.check(connection, area, address, PURPOSE, typed, now)
    lookup = _Lookup.of(checked.subject) if checked.subject else _Lookup()
    accounts = _accounts(connection, lookup, now)
    outcome = checked.outcome
    if outcome is codes.Outcome.RIGHT and not accounts:
        outcome = codes.Outcome.WRONG  # a decoy's code, which nobody was sent, can only have been guessed
    result = Result.DONE if accounts else Result.FAILED
    _record(connection, now, address, "registration_code_checked", result, lookup)
    return Registered(outcome, accounts)


def _represented() -> Select[Any]:
    """The representatives of this moment with their agencies."""
    representative, person = representative_table.c, person_table.c
    return (
        select(representative.agency_id, representative.person_id, person.email)
        .join_from(representative_table, person_table)
        .join(agency_table)
        .where(holds(representative_table, bindparam("at", type_=Moment())))
    )


_IDENTIFIER: BindParameter[str] = bindparam("identifier")
_REPRESENTATIVES = union_all(
    _represented().where(person_table.c.identifier == _IDENTIFIER).add_columns(literal(1).label("is_own")),
    _represented().where(agency_table.c.identifier == _IDENTIFIER).add_columns(literal(0).label("is_own")),
)
_ACCOUNT = select(agency_table.c.name, agency_table.c.registered_with)
_ACCOUNTS = union_all(
    _ACCOUNT.where(agency_table.c.id == bindparam("agency_id")),
    _ACCOUNT.join(representative_table)
    .where(representative_table.c.person_id == bindparam("person_id"))
    .where(holds(representative_table, bindparam("at", type_=Moment()))),
)


def _judged(found: Sequence[Row[Any]], trace: str) -> tuple[_Lookup, list[str]]:
    """What was looked up, and whom to write to: a person's own identifier leads to that person, not to colleagues."""
    own = [row for row in found if row.is_own]
    recipients = list(dict.fromkeys(row.email for row in own or found))
    if own:
        return _Lookup(trace, person_id=own[0].person_id), recipients
    return _Lookup(trace, agency_id=found[0].agency_id if found else None), recipients


def _accounts(connection: Connection, lookup: _Lookup, now: datetime) -> list[Account]:
    values = {"agency_id": lookup.agency_id or 0, "person_id": lookup.person_id or 0, "at": now}
    rows = connection.execute(_ACCOUNTS, values)
    return [Account(row.name, Registration(row.registered_with)) for row in rows]


def _record(connection: Connection, now: datetime, address: str, action: str, result: Result, lookup: _Lookup) -> None:
    record(
        connection,
        now,
        Entry(action, result, address, lookup.person_id, lookup.agency_id, "identifier", lookup.trace),
    )
