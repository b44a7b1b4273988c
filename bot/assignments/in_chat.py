"""The client's answer in the chat: opened by the code of its mail, or by a client who is signed in; applied after a yes.

An identifier proves nothing: whoever authorizes a colleague writes one down. So who is signed in is the client only where the
mailbox on record is the same as well, to which the password was once mailed; for everybody else, and for all companies, the code is
what shows it. Who typed a code may accept in that conversation and for as long as an operation waits, nowhere else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.area import Area
from bot.assignments import requests, store
from bot.assignments.model import Answer
from bot.assignments.requests import Asking, Decider
from bot.assignments.service import code_digest
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Line, in_line
from bot.identity import attempts
from bot.identity.attempts import Limit
from bot.identity.links import Gone, LinkGone
from bot.identity.sessions import Session

CODES = Limit("assignment_code", 10, timedelta(hours=1))
"""Wrong codes of one conversation; there are 46 random bits in each."""


def by_code(connection: Connection, area: Area, address: str, code: str, now: datetime) -> Asking:
    """What the client of a mailed code is asked. Raises LinkGone; UNKNOWN also after too many that were none."""
    in_line(connection, Line.ATTEMPTS)
    if attempts.wait_seconds(connection, area, CODES, address, now):
        raise LinkGone(Gone.UNKNOWN)
    row = store.request_by_code(connection, code_digest(area, code))
    if row is None or row.client_id is None:
        attempts.note(connection, area, CODES.kind, address, now)
        raise LinkGone(Gone.UNKNOWN)
    try:
        asking = requests.asking_of(connection, requests.opened(connection, row, now))
    except LinkGone:
        _record_code(connection, address, row.agency_id, row.client_id, Result.REFUSED, now)
        raise
    _record_code(connection, address, row.agency_id, row.client_id, Result.DONE, now)
    return asking


def waiting_for(connection: Connection, session: Session, now: datetime) -> list[Asking]:
    """What waits for the answer of who is signed in, the oldest first."""
    found: list[Asking] = []
    for row in store.requests_to(connection, session.person_id, now):
        try:
            found.append(requests.asking_of(connection, requests.opened(connection, row, now)))
        except LinkGone:
            continue
    return found


def accept(
    connection: Connection, area: Area, request_id: int, address: str, session: Session | None, now: datetime
) -> Asking:
    """Accept what was shown and confirmed. With a session, it has to be the client's. Raises LinkGone."""
    in_line(connection, Line.CONTACTS)
    if session is not None and not store.is_asked(connection, session.person_id, request_id):
        raise LinkGone(Gone.UNKNOWN)
    found = requests.opened(connection, store.request_by_id(connection, request_id), now)
    decider = Decider(address, session.person_id if session else None)
    return requests.answer(connection, area, found, Answer.ACCEPTED, decider, now)


def _record_code(
    connection: Connection, address: str, agency_id: int, client_id: int, result: Result, now: datetime
) -> None:
    entry = Entry("assignment_code_given", result, address, None, agency_id, "client", str(client_id))
    record(connection, now, entry)
