"""Links to the page of a procedure: for an hour, and where somebody was signed in only in that session's browser.

The link carries what was asked for and no right: session and procedure are checked when it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.accounts.model import NotFound
from bot.area import Area
from bot.identity.sessions import Session, session_in_browser
from bot.identity.signed import opened, sign, unsign
from bot.procedures.model import Progress
from bot.procedures.papers import progress_seen

LIFETIME = timedelta(hours=1)
PATH = "/gestiones"
_PAGE, _PASS = "procedure page", "procedure uploads"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link says; `session_id` is None where nobody was signed in."""

    procedure_id: int
    address: str
    session_id: int | None


def link_to_procedure(area: Area, address: str, session: Session | None, procedure_id: int, now: datetime) -> str:
    """The address of the procedure's page, for who is at an address; what they see there is checked when it is opened."""
    value = [procedure_id, address, session.id if session else None]
    return area.url(f"{PATH}/" + sign(area, _PAGE, value, now + LIFETIME))


def ticket_of(area: Area, token: str, now: datetime) -> Ticket:
    """What a link says. Raises Forged, Expired."""
    return Ticket(*opened(area, _PAGE, token, now))


def progress_for(
    connection: Connection, area: Area, ticket: Ticket, browser: str | None, now: datetime
) -> tuple[Progress, Session | None]:
    """How the procedure of a link goes, and who looks.

    Raises NotFound outside of the session in which it was made, and for what that person does not see.
    """
    session = None
    if ticket.session_id is not None:
        session = session_in_browser(connection, ticket.session_id, area.digest("browser", browser or ""), now)
        if session is None:
            raise NotFound
    progress = progress_seen(connection, ticket.address, session, ticket.procedure_id, now)
    if progress is None:
        raise NotFound
    return progress, session


def upload_pass(area: Area, address: str, now: datetime) -> str:
    """What the page shows with its uploads in place of the chat's session id."""
    return sign(area, _PASS, address, now + LIFETIME)


def address_of_pass(area: Area, shown: str, now: datetime) -> str | None:
    """The conversation in whose name a page may upload; None for what is no pass of ours or too old."""
    address = unsign(area, _PASS, shown, now)
    return address if isinstance(address, str) else None
