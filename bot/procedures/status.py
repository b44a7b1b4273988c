"""How a procedure goes, for who is not signed in: told to whoever has its key and reads the mailbox it was opened with.

As in `bot.accounts.registration`, who asks learns nothing from the answer, its time or what it leaves behind: the same
statements run whether or not there is such a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.accounts.model import compact
from bot.accounts.registration import DIGEST_CHARACTERS, Asked, Asking
from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Line, in_line
from bot.identity import attempts, codes
from bot.identity.attempts import Limit
from bot.notifications.service import queue
from bot.procedures import store
from bot.procedures.model import Progress
from bot.procedures.tracking_keys import read_key

PURPOSE = "procedure"
TEMPLATE = "registration_code"
OF_KEY = Limit("procedure_key", 3, timedelta(hours=1))
OF_CONVERSATION = Limit("procedure_conversation", 5, timedelta(hours=1))
OF_ALL = Limit("procedure_all", 300, timedelta(hours=1))
NOTHING = 0
"""The procedure id of a decoy; no row has it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a typed code was, and, when it was right, how the procedure goes."""

    outcome: codes.Outcome
    progress: Progress | None = None


def ask(connection: Connection, area: Area, address: str, key: str, now: datetime) -> Asked:
    """Mail a code to who opened the procedure with that key, as it was typed; it is typed in the conversation `address`."""
    value = read_key(key) or compact(key)
    in_line(connection, Line.PROCEDURE_STATUS)
    keys = {OF_KEY: value, OF_CONVERSATION: address, OF_ALL: ""}
    wait_seconds = attempts.wait_or_note(connection, area, keys, now)
    procedure_id, recipient = store.mailbox_by_key(connection, value) or (NOTHING, "")
    trace = area.digest("tracking key", value)[:DIGEST_CHARACTERS]
    _record(connection, now, address, "procedure_code_asked", Result.REFUSED if wait_seconds else Result.DONE, trace)
    if wait_seconds:
        return Asked(Asking.LIMITED, wait_seconds)
    code = codes.make(connection, area, address, PURPOSE, f"{procedure_id}:{trace}", now)
    minutes = int(codes.LIFETIME.total_seconds()) // 60
    queue(connection, now, recipient, TEMPLATE, {"code": code, "minutes": minutes})
    return Asked(Asking.SENT)


def check(connection: Connection, area: Area, address: str, typed: str, now: datetime) -> Told:
    """Try a code that was typed in the conversation; the right one tells how the procedure goes, once."""
    checked = codes.check(connection, area, address, PURPOSE, typed, now)
    procedure_id, _, trace = checked.subject.partition(":")
    progress = store.progress(connection, int(procedure_id or NOTHING))
    outcome = checked.outcome
    if outcome is codes.Outcome.RIGHT and progress is None:
        outcome = codes.Outcome.WRONG  # a decoy's code, which nobody was sent, can only have been guessed
    _record(connection, now, address, "procedure_code_checked", Result.DONE if progress else Result.FAILED, trace)
    return Told(outcome, progress)


def _record(connection: Connection, now: datetime, address: str, action: str, result: Result, trace: str) -> None:
    record(connection, now, Entry(action, result, address, object_kind="tracking_key", object_id=trace))
