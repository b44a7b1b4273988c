"""Files become papers of procedures: which procedure waits for which paper, and putting a document in its place.

A person's own procedures are those that they opened themselves for whom they act for now; who is not signed in has those
that were opened in the same conversation by nobody who was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, or_

from bot.accounts.model import NotFound, Page
from bot.area import Area
from bot.documents import service as documents
from bot.documents.model import Document
from bot.documents.model import NotFound as NoDocument
from bot.identity.sessions import Session
from bot.procedures import store
from bot.procedures.checklists import Paper
from bot.procedures.looking import changeable
from bot.procedures.model import Actor, Item, Procedure, Progress
from bot.procedures.rights import Doer, seen_by
from bot.procedures.service import find_by_key, receive_item
from bot.procedures.wording import paper_named

MORE_PAGES = timedelta(hours=1)
"""So long after a paper came, further files may be more pages of it."""
MOST_PROCEDURES = Page(limit=20)
ONE = Page(limit=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A paper of a procedure, and whether it is still missing; else it came a short while ago and may have more pages."""

    procedure: Procedure
    paper: Paper
    is_missing: bool


def own_procedures(connection: Connection, address: str, session: Session | None) -> list[Procedure]:
    """What is open of the person's own, the newest first."""
    mine = _opened_here(address) if session is None else or_(_opened_here(address), _opened_by(session))
    return store.find(connection, MOST_PROCEDURES, store.procedure.closed_at.is_(None), mine)


def places_for(connection: Connection, address: str, session: Session | None, now: datetime) -> list[Place]:
    """Where a file may belong of which nobody said what it is: what is missing first, then what came just now."""
    own = own_procedures(connection, address, session)
    found = [place for each in own for place in _places_of(connection, each, now)]
    return sorted(found, key=lambda place: not place.is_missing)


def procedure_with_key(connection: Connection, address: str, session: Session | None, key: str, now: datetime) -> int:
    """The id of an open procedure that the person may bring forward; `key` as it was typed. Raises documents' NotFound."""
    found = find_by_key(connection, key)
    if found is None or not changeable(connection, found.id, doer_of(found, address, session), now):
        raise NoDocument
    return found.id


def place_by_itself(
    connection: Connection,
    area: Area,
    address: str,
    session: Session | None,
    document: Document,
    named: int | None,
    now: datetime,
) -> Progress | None:
    """Put a new document in its place where that is clear; None where the person has to say it.

    It is clear when the file was sent for a procedure (`named`: its id) and for one of its papers, or when there is only
    one place where it can belong.
    """
    places = _named_places(connection, named, document.purpose) if named else None
    if places is None:
        places = places_for(connection, address, session, now)
    if len(places) != 1:
        return None
    try:
        return put(connection, area, address, session, [document.reference], places[0], now)
    except (NotFound, NoDocument):
        return None


def put(
    connection: Connection,
    area: Area,
    address: str,
    session: Session | None,
    references: Sequence[str],
    place: Place,
    now: datetime,
) -> Progress:
    """Put one's own documents to a procedure as one of its papers, which moves it on when it was the last one missing.

    Raises NotFound where the person may not do that to the procedure or it is closed, documents' NotFound for a document
    that is not theirs; the caller then keeps nothing of it.
    """
    procedure, code = place.procedure, place.paper.code
    doer = doer_of(procedure, address, session)
    if changeable(connection, procedure.id, doer, now) is None:
        raise NotFound
    documents.attach(connection, address, session, references, procedure.id, now, code)
    return receive_item(connection, area, procedure.id, code, references[-1], doer, now)


def progress_seen(
    connection: Connection, address: str, session: Session | None, procedure_id: int, now: datetime
) -> Progress | None:
    """How a procedure goes, for who is at an address; None for what they do not see."""
    sees = _opened_here(address)
    if session is not None:
        sees = or_(sees, seen_by(connection, session, now))
    seen = store.find(connection, ONE, store.procedure.id == procedure_id, sees)
    return store.progress(connection, procedure_id) if seen else None


def doer_of(procedure: Procedure, address: str, session: Session | None) -> Doer:
    """The person as who they are to a procedure: one that nobody signed in had opened here is theirs without a session."""
    is_opened_here = procedure.person_id is None and procedure.address == address
    return Doer(Actor.PERSON, address, None if is_opened_here else session)


def _named_places(connection: Connection, procedure_id: int, purpose: str) -> list[Place] | None:
    """The paper that was named; else the only one that is missing, or the only one there is. None: nothing is said."""
    progress = store.progress(connection, procedure_id)
    if progress is None or progress.procedure.state.is_closed:
        return None
    items = {item.what: item for item in progress.items}
    codes = [purpose] if purpose in items else progress.missing or list(items)
    if not codes:
        return None
    return [_place(progress.procedure, items[code]) for code in codes]


def _places_of(connection: Connection, procedure: Procedure, now: datetime) -> Iterator[Place]:
    for item in store.items_of(connection, procedure.id):
        came_just_now = item.document_reference and item.received_at and item.received_at > now - MORE_PAGES
        if came_just_now or (item.is_needed and item.received_at is None):
            yield _place(procedure, item)


def _place(procedure: Procedure, item: Item) -> Place:
    return Place(procedure, paper_named(procedure.kind, item.what), item.received_at is None)


def _opened_here(address: str) -> ColumnElement[bool]:
    return and_(store.procedure.address == address, store.procedure.person_id.is_(None))


def _opened_by(session: Session) -> ColumnElement[bool]:
    of_agency = store.procedure.agency_id
    return and_(
        store.procedure.person_id == session.person_id, or_(of_agency.is_(None), of_agency == session.agency_id)
    )


def unsorted(connection: Connection, address: str, session: Session | None) -> list[Document]:
    """The person's own files that wait for a procedure or for a word on what they are, the first sent first."""
    return documents.unsorted_documents(connection, address, session)
