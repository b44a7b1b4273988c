"""A request that waits for the client's answer: opened by whoever shows to be the client, and settled once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.accounts.model import Viewer
from bot.accounts.service import agency_of, viewer_if_any
from bot.accounts.store import agency_by_id
from bot.area import Area
from bot.assignments import store
from bot.assignments.model import Answer
from bot.assignments.service import name_told
from bot.assignments.store import Mailbox, request, request_table, withdrawal_table
from bot.audit.model import Entry
from bot.audit.service import record
from bot.database import note
from bot.identity.links import Gone, LinkGone, add_link, still_good
from bot.identity.persons import person_by_id
from bot.notifications.service import queue
from bot.procedures.model import Actor, Change, State
from bot.procedures.rights import Doer
from bot.procedures.service import change_state
from bot.procedures.store import procedure_table

WITHDRAWAL_LIFETIME = timedelta(days=10 * 366)
"""As long as anybody keeps a mail: a permission must not outlive the way to take it back."""
WITHDRAW_PAGE = "/retirar"
ANSWERED = "assignment answered"
"""What a commit with an answer is noted as."""
_STATES = {
    Answer.ACCEPTED: State.RESOLVED,
    Answer.REFUSED: State.REJECTED,
    Answer.EXPIRED: State.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What a client is asked: which agency wants to manage its contracts, and who asked in its name."""

    request_id: int
    agency_name: str
    client_name: str
    asked_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that may be answered, and the right that who asked has now."""

    row: Row[Any]
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Decider:
    """Where the client answers, and who is signed in there: of a page and of a code it is not known who."""

    address: str = ""
    person_id: int | None = None


def opened(connection: Connection, row: Row[Any] | None, now: datetime) -> Opened:
    """Of a request's row, if it may still be answered. Raises LinkGone."""
    row = still_good(row, now)
    if row.client_id is None:  # nobody was sent this link
        raise LinkGone(Gone.UNKNOWN)
    viewer = viewer_if_any(connection, row.person_id, row.agency_id, now)
    if viewer is None or not viewer.may_change_account:
        raise LinkGone(Gone.REVOKED)
    return Opened(row, viewer)


def asking_of(connection: Connection, found: Opened) -> Asking:
    """What the client is asked."""
    row, person = found.row, person_by_id(connection, found.row.person_id)
    client = store.mailbox_of(connection, row.client_id).name
    agency = agency_of(connection, found.viewer).name
    return Asking(row.id, agency, client, person.name if person else "", row.expires_at)


def answer(connection: Connection, area: Area, found: Opened, given: Answer, decider: Decider, now: datetime) -> Asking:
    """Settle what was opened in this transaction, in the line of contacts. Raises LinkGone when it was answered meanwhile."""
    asking = asking_of(connection, found)
    if not settle(connection, area, found.row, given, decider, now):
        raise LinkGone(Gone.USED)
    if given is Answer.ACCEPTED:
        _begin(connection, area, found, now)
        for other in _same(connection, found.row):
            settle(connection, area, other, given, decider, now)
    return asking


def settle(connection: Connection, area: Area, row: Row[Any], given: Answer, decider: Decider, now: datetime) -> bool:
    """Close the request and its procedure, and mail who asked; False: it was closed. Its conversation is told afterwards."""
    if not store.set_answer(connection, row.id, given, now):
        return False
    _close_procedure(connection, area, row, given, now)
    _mail_answer(connection, row, given, now)
    object_id = str(row.client_id or "")
    done = Entry(f"assignment_{given}", agency_id=row.agency_id, object_kind="client", object_id=object_id)
    record(connection, now, replace(done, address=decider.address, person_id=decider.person_id))
    note(connection, ANSWERED)
    return True


def _begin(connection: Connection, area: Area, found: Opened, now: datetime) -> None:
    """The agency manages the client, who gets a receipt with a link to take that back."""
    row = found.row
    held = store.current_assignment(connection, row.agency_id, row.client_id, now)
    begun = held or store.begin(connection, row.agency_id, row.client_id, now)
    values = {"assignment_id": begun, "created_at": now, "expires_at": now + WITHDRAWAL_LIFETIME}
    token = add_link(connection, area, withdrawal_table, values)
    client: Mailbox = store.mailbox_of(connection, row.client_id)
    link = {"link": area.url(f"{WITHDRAW_PAGE}/{token}")}
    told = {"agency": agency_of(connection, found.viewer).name, "client": client.name}
    queue(connection, now, client.email, "assignment_accepted", told | link)


def _same(connection: Connection, row: Row[Any]) -> list[Row[Any]]:
    """Other requests of the agency for the client, which the same yes answers."""
    same = (request.agency_id == row.agency_id, request.client_id == row.client_id, request.id != row.id)
    return list(connection.execute(select(request_table).where(*same, request.used_at.is_(None))))


def _close_procedure(connection: Connection, area: Area, row: Row[Any], given: Answer, now: datetime) -> None:
    """Staff may have closed it before."""
    own = procedure_table.c
    closed_at = connection.execute(select(own.closed_at).where(own.id == row.procedure_id)).scalar_one()
    if closed_at is None:
        change = Change(_STATES[given], f"client_{given}")
        change_state(
            connection, area, row.procedure_id, change, Doer(Actor.ASSISTANT, row.address), now, is_mailed=False
        )


def _mail_answer(connection: Connection, row: Row[Any], given: Answer, now: datetime) -> None:
    person = person_by_id(connection, row.person_id)
    agency = agency_by_id(connection, row.agency_id)
    own = procedure_table.c
    key = connection.execute(select(own.tracking_key).where(own.id == row.procedure_id)).scalar_one()
    details = {
        "client": name_told(connection, row.client_id, given),
        "agency": agency.name if agency else "",
        "answer": given.value,
        "tracking_key": key,
    }
    queue(connection, now, person.email if person else "", "assignment_answered", details)
