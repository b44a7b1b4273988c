"""Who may see a procedure, and who may do something to it. Every query for a person stands on this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, or_

from bot.accounts.model import Viewer
from bot.accounts.service import viewer_if_any
from bot.accounts.store import clients_assigned_to
from bot.identity.sessions import Session
from bot.procedures.model import Actor
from bot.procedures.store import procedure


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something: at which conversation's `address` ("" outside of any), and who is signed in there.

    What a PERSON may do is checked here. STAFF and the ASSISTANT are believed: whoever calls has made sure.
    """

    by: Actor
    address: str = ""
    session: Session | None = None

    @property
    def person_id(self) -> int | None:
        """The person, where somebody is signed in."""
        return self.session.person_id if self.session else None

    @property
    def agency_id(self) -> int | None:
        """The agency that the person acts for."""
        return self.session.agency_id if self.session else None


def seen_by(connection: Connection, session: Session, now: datetime) -> ColumnElement[bool]:
    """What a person sees: what they opened themselves, and what was opened for the agency that they act for."""
    viewer = viewer_if_any(connection, session.person_id, session.agency_id, now)
    own = procedure.person_id == session.person_id
    return own if viewer is None else or_(own, _of_agency(viewer))


def changed_by(connection: Connection, doer: Doer, now: datetime) -> list[ColumnElement[bool]]:
    """What somebody may do something to; nothing in the list means everything.

    Who is not signed in may go on with what was opened in the same conversation by nobody who was.
    """
    if doer.by is not Actor.PERSON:
        return []
    if doer.session is None:
        return [procedure.address == doer.address, procedure.person_id.is_(None)]
    viewer = viewer_if_any(connection, doer.session.person_id, doer.session.agency_id, now)
    own = procedure.person_id == doer.session.person_id
    is_of_agency = viewer is not None and viewer.may_change and viewer.manager_id is None
    return [or_(own, _of_agency(viewer)) if viewer and is_of_agency else own]


def _of_agency(viewer: Viewer) -> ColumnElement[bool]:
    """About a client only while the viewer sees that client; a limited right sees nothing that is about no client.

    Neither does who hangs from an external manager: what the agency asks for itself is no business of another firm.
    """
    is_seen = procedure.client_id.in_(clients_assigned_to(viewer))
    is_outside = viewer.is_limited or viewer.manager_id is not None
    is_about_agency = false() if is_outside else procedure.client_id.is_(None)
    return and_(procedure.agency_id == viewer.agency_id, or_(is_seen, is_about_agency))
