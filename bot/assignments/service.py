"""What an agency does about its clients in the chat: asking for one, hearing the answer, giving one up.

Whoever asks learns nothing from the answer, its time or what it leaves behind: whether or not there is such a client, a
procedure is opened, a request is kept and a mail is queued; where nobody is to be written to, it is a decoy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from bot.accounts.model import NotAllowed, NotFound, Viewer
from bot.accounts.service import agency_of, representatives_of, viewer_here, viewer_if_any
from bot.area import Area
from bot.assignments import store
from bot.assignments.model import Answer, Problem, Refused, Wanted, problem_of_wanted
from bot.assignments.store import request, request_table
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Line, in_line
from bot.identity import attempts
from bot.identity.attempts import Limit
from bot.identity.links import add_link
from bot.identity.sessions import Session
from bot.notifications.service import queue
from bot.procedures.model import Kind, Procedure
from bot.procedures.service import Opening, open_procedure
from bot.procedures.store import procedure_table
from bot.procedures.tracking_keys import new_key

REQUEST_LIFETIME = timedelta(days=7)
# A stranger's client must not be mailed without end, whoever asks.
OF_CLIENT = Limit("assignment_client", 3, timedelta(days=1))
OF_AGENCY = Limit("assignment_agency", 200, timedelta(days=1))
PAGE = "/asignacion"


@dataclass(frozen=True, slots=True)
class News:
    """An answer that a conversation has not heard of: of which procedure, and the client's name, "" where it did not come."""

    agency_id: int
    tracking_key: str
    client: str
    answer: Answer


def check_wanted(connection: Connection, viewer: Viewer, wanted: Wanted, now: datetime) -> Problem | None:
    """What speaks against asking for a client; whether there is such a client, and which it is, plays no part."""
    changer = changer_of(connection, viewer, now)
    if changer is None:
        return Problem.NOT_ALLOWED
    wanted = wanted.tidy()
    if problem := problem_of_wanted(wanted):
        return problem
    is_own = store.has_client(connection, changer.agency_id, wanted.identifier, now)
    return Problem.ALREADY_YOURS if is_own else None


def ask(connection: Connection, area: Area, session: Session, wanted: Wanted, now: datetime) -> Procedure:
    """Open the procedure and mail the client, if there is one. Raises NotAllowed or Refused."""
    in_line(connection, Line.CONTACTS)
    viewer = viewer_here(connection, session, now)
    check(connection, viewer, session.address, "assignment_asked", "", check_wanted(connection, viewer, wanted, now))
    wanted = wanted.tidy()
    keys = {OF_CLIENT: wanted.identifier, OF_AGENCY: str(viewer.agency_id)}
    is_limited = attempts.wait_or_note(connection, area, keys, now)
    found = store.wanted_client(connection, wanted)
    limit = Problem.LIMITED if is_limited else None
    check(connection, viewer, session.address, "assignment_asked", "", limit)
    procedure = open_procedure(connection, area, Opening(Kind.CLIENT_ASSIGNMENT, session.address, session), now)
    times = {"created_at": now, "expires_at": now + REQUEST_LIFETIME}
    whose = {"procedure_id": procedure.id, "agency_id": viewer.agency_id, "person_id": viewer.person_id}
    client = {"client_id": found.client_id if found else None, "address": session.address}
    code = new_key()
    values = times | whose | client | {"code_digest": code_digest(area, code)}
    link = area.url(f"{PAGE}/{add_link(connection, area, request_table, values)}")
    details = {
        "agency": agency_of(connection, viewer).name,
        "client": found.name if found else "",
        "link": link,
        "code": code,
        "until": (now + REQUEST_LIFETIME).isoformat(),
    }
    queue(connection, now, found.email if found else "", "assignment_asked", details)
    note(connection, viewer, session.address, "assignment_asked", str(procedure.id))
    return procedure


def code_digest(area: Area, code: str) -> str:
    """What is stored of the code that goes into the client's mail, which it may type into the chat instead of following the link."""
    return area.digest("assignment code", code)


def check_end(connection: Connection, viewer: Viewer, client_id: int, now: datetime) -> Problem | None:
    """What speaks against an agency giving up a client. Another agency's client is as unknown as none."""
    changer = changer_of(connection, viewer, now)
    if changer is None:
        return Problem.NOT_ALLOWED
    found = store.current_assignment(connection, changer.agency_id, client_id, now)
    return Problem.NOT_YOURS if found is None else None


def end(connection: Connection, viewer: Viewer, client_id: int, address: str, now: datetime) -> str:
    """Give up a client, tell it and the representatives; gives its name. Raises NotAllowed or Refused."""
    in_line(connection, Line.CONTACTS)
    action = "assignment_ended"
    check(connection, viewer, address, action, str(client_id), check_end(connection, viewer, client_id, now))
    held = store.current_assignment(connection, viewer.agency_id, client_id, now)
    assert held is not None, "it was there a moment ago, and nobody else changes it"
    store.end(connection, held, now)
    name = tell_of_end(connection, viewer, client_id, now, by_agency=True)
    note(connection, viewer, address, action, str(client_id))
    return name


def tell_of_end(connection: Connection, viewer: Viewer, client_id: int, now: datetime, *, by_agency: bool) -> str:
    """Mail the client and the agency's representatives that an assignment has ended; gives the client's name."""
    client = store.mailbox_of(connection, client_id)
    agency = agency_of(connection, viewer).name
    details = {"agency": agency, "client": client.name, "by_agency": by_agency}
    queue(connection, now, client.email, "assignment_withdrawn_client", details)
    for representative in representatives_of(connection, viewer):
        queue(connection, now, representative.email, "assignment_ended", details)
    return client.name


def news_for(connection: Connection, address: str, now: datetime) -> Sequence[News]:
    """The answers that a conversation has not heard of, the oldest first; from now on it has."""
    untold = (request.address == address, request.answer.is_not(None), request.told_at.is_(None))
    query = (
        select(request.agency_id, request.client_id, request.answer, procedure_table.c.tracking_key)
        .join_from(request_table, procedure_table)
        .where(*untold)
        .order_by(request.used_at, request.id)
    )
    found = [
        News(row.agency_id, row.tracking_key, name_told(connection, row.client_id, row.answer), Answer(row.answer))
        for row in connection.execute(query)
    ]
    store.mark_told(connection, address, now)
    return found


def name_told(connection: Connection, client_id: int | None, answer: str) -> str:
    """The client's name for who asked, who learns it from the client's own answer only."""
    has_answered = client_id is not None and answer != Answer.EXPIRED
    return store.mailbox_of(connection, client_id).name if has_answered and client_id is not None else ""


def changer_of(connection: Connection, viewer: Viewer, now: datetime) -> Viewer | None:
    """The viewer with the right of this moment, if it is one to change which clients the agency has."""
    changer = viewer_if_any(connection, viewer.person_id, viewer.agency_id, now)
    return changer if changer and changer.may_change_account else None


def check(
    connection: Connection, viewer: Viewer, address: str, action: str, object_id: str, problem: Problem | None
) -> None:
    """Note a refusal and raise it: NotAllowed, NotFound or Refused."""
    if problem is None:
        return
    note(connection, viewer, address, action, object_id, Result.REFUSED)
    if problem is Problem.NOT_ALLOWED:
        raise NotAllowed
    if problem is Problem.NOT_YOURS:
        raise NotFound
    raise Refused(problem)


def note(
    connection: Connection,
    viewer: Viewer,
    address: str,
    action: str,
    object_id: str,
    result: Result = Result.DONE,
) -> None:
    """Write the audit: of a request the procedure, so that it does not say whether there is such a client."""
    kind = "procedure" if action == "assignment_asked" else "client"
    entry = Entry(action, result, address, viewer.person_id, viewer.agency_id, kind, object_id)
    record(connection, viewer.at, entry)
