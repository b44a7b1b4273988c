"""Opening procedures, bringing them forward, and what is told of them to who is signed in and to staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot.accounts.model import NotAllowed, NotFound, Page, Viewer
from bot.accounts.service import client_of, viewer_here
from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.identity import attempts
from bot.identity.sessions import Session
from bot.procedures import store
from bot.procedures.deadlines import deadline_of, region_of, region_of_address
from bot.procedures.effects import apply_effect, has_effect
from bot.procedures.mailboxes import limits_of
from bot.procedures.mails import mail_changed, mail_opened
from bot.procedures.model import (
    LONGEST_DATUM,
    LONGEST_LOCALITY,
    Actor,
    Change,
    Datum,
    Kind,
    Procedure,
    Progress,
    State,
    check_code,
    check_follows,
)
from bot.procedures.rights import Doer, changed_by, seen_by
from bot.procedures.tracking_keys import new_key, read_key

FIRST_PAGE = Page()
MOST_KEYS_TRIED = 5


class NoKeyLeft(Exception):
    """Every key that was drawn is in use: the source of random numbers cannot be right."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is asked for. Who is signed in opens it for themselves and for the agency that they act for.

    `email` is a mailbox that was given for the answer, else the person's own serves. `needed`: the documents or data
    without which it does not begin, as codes; `data`: what was collected for staff, by code, each at most 4,000
    characters. `region` is a code such as "MD"; where only the locality is known, its region counts, and of a client
    that of its address. Raises ValueError for what is no code or too long.
    """

    kind: Kind
    address: str
    session: Session | None = None
    client_id: int | None = None
    email: str | None = None
    region: str | None = None
    locality: str | None = None
    needed: Sequence[str] = ()
    data: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in (*self.needed, *self.data):
            check_code(what)
        if any(len(value) > LONGEST_DATUM for value in self.data.values()):
            raise ValueError(f"a datum has at most {LONGEST_DATUM} characters")

    @property
    def doer(self) -> Doer:
        """Who opens it."""
        return Doer(Actor.PERSON, self.address, self.session)


def open_procedure(
    connection: Connection, area: Area, opening: Opening, now: datetime, once: str | None = None
) -> Procedure:
    """Open a procedure and mail its key and its last day to who asked; documents that are needed are waited for.

    With `once` (at most 100 characters) the same conversation opens it a single time: again it gives what is there.
    Raises NotAllowed for who may not ask that for the agency, NotFound for a client that is not the agency's, and
    ValueError for a region that is none.
    """
    check_may_open(connection, opening, now)
    found = store.opened_once(connection, opening.address, once) if once else None
    if found:
        return found
    opened, is_new = _add(connection, opening, now, once)
    if not is_new:
        return opened
    store.add_step(connection, opened.id, Change(State.OPENED), Actor.PERSON, now)
    store.add_data(connection, opened.id, opening.data)
    record(connection, now, _entry("procedure_opened", opening.doer, opened.id))
    if opening.needed:
        store.add_items(connection, opened.id, opening.needed, is_needed=True)
        opened = _step(connection, opened, Change(State.WAITING_DOCUMENTS), Actor.ASSISTANT, now)
    _mail_opened(connection, area, opened, opening, now)
    return opened


def is_copied(connection: Connection, area: Area, opening: Opening, now: datetime) -> bool:
    """Whether the copy would be mailed now: a mailbox that was typed gets only so many a day."""
    return not any(
        attempts.wait_seconds(connection, area, *pair, now) for pair in limits_of(opening.doer, opening.email).items()
    )


def change_state(
    connection: Connection,
    area: Area,
    procedure_id: int,
    change: Change,
    doer: Doer,
    now: datetime,
    *,
    is_mailed: bool = True,
) -> Procedure:
    """Bring a procedure into another state and mail the news to who opened it, unless the caller does so better.

    When staff resolve it, what was asked for happens as well (`bot.procedures.effects`). Raises NotFound where there is none
    that the doer may change, NotPossible where that state cannot follow, and CannotApply when what was asked for cannot
    be done any more, or NotAllowed where that is not for the doer to decide: then the transaction has to be rolled back.
    """
    held = _held(connection, procedure_id, doer, now)
    check_follows(held.state, change.state)
    changed = _step(connection, held, change, doer.by, now)
    record(connection, now, _entry("procedure_changed", doer, held.id))
    if is_mailed:
        mail_changed(connection, area, changed, change, now)
    if changed.state is State.RESOLVED and has_effect(changed.kind):
        if doer.by is not Actor.STAFF:
            raise NotAllowed  # nobody else has looked at the papers
        apply_effect(connection, area, changed, now)
    return changed


def add_items(
    connection: Connection,
    procedure_id: int,
    what: Sequence[str],
    doer: Doer,
    now: datetime,
    *,
    is_needed: bool = True,
) -> Progress:
    """Ask for more documents or data, as codes; what is asked for already stays as it is.

    Raises NotFound as `change_state` does, ValueError for what is no code.
    """
    for each in what:
        check_code(each)
    held = _held(connection, procedure_id, doer, now)
    store.add_items(connection, held.id, what, is_needed)
    record(connection, now, _entry("procedure_items_asked", doer, held.id))
    return _progress(connection, held.id)


def receive_item(
    connection: Connection,
    area: Area,
    procedure_id: int,
    what: str,
    document_reference: str | None,
    doer: Doer,
    now: datetime,
) -> Progress:
    """Note that a document or datum has come; when nothing needed is missing any more, the procedure goes on.

    Raises NotFound as `change_state` does, also for what was not asked for and for a procedure that is closed.
    """
    held = _held(connection, procedure_id, doer, now)
    if held.state.is_closed or not store.receive_item(connection, held.id, what, document_reference, now):
        raise NotFound
    record(connection, now, _entry("procedure_item_received", doer, held.id))
    progress = _progress(connection, held.id)
    if progress.missing or held.state is not State.WAITING_DOCUMENTS:
        return progress
    change_state(connection, area, held.id, Change(State.IN_PROGRESS), Doer(Actor.ASSISTANT, doer.address), now)
    return _progress(connection, held.id)


def procedures_of(connection: Connection, session: Session, now: datetime, page: Page = FIRST_PAGE) -> list[Procedure]:
    """What the signed-in person opened, and what was opened for the agency that they act for; open ones first, newest first."""
    return store.find(connection, page, seen_by(connection, session, now))


def status_for(connection: Connection, session: Session, key: str, now: datetime) -> Progress:
    """How far the procedure with that key is, for who is signed in; `key` as it was typed.

    Raises NotFound, also when it is somebody else's; that somebody tried is in the audit if the transaction commits.
    """
    found = find_by_key(connection, key)
    if found and store.find(connection, FIRST_PAGE, store.procedure.id == found.id, seen_by(connection, session, now)):
        return _progress(connection, found.id)
    doer = Doer(Actor.PERSON, session.address, session)
    record(connection, now, _entry("procedure_looked_up", doer, found.id if found else None, Result.REFUSED))
    raise NotFound


def find_by_key(connection: Connection, key: str) -> Procedure | None:
    """The procedure with a key as it was typed. For staff: nobody's right is asked for here."""
    read = read_key(key)
    return store.by_key(connection, read) if read else None


def check_may_open(connection: Connection, opening: Opening, now: datetime) -> None:
    """Raises NotAllowed and NotFound as `open_procedure` does."""
    viewer = _viewer(connection, opening, now)
    if viewer and opening.kind.changes_account and not viewer.may_change_account:
        raise NotAllowed
    if opening.client_id is not None:
        if viewer is None:
            raise NotFound
        client_of(connection, viewer, opening.client_id)


def _viewer(connection: Connection, opening: Opening, now: datetime) -> Viewer | None:
    session = opening.session
    return None if session is None or session.agency_id is None else viewer_here(connection, session, now)


def _add(connection: Connection, opening: Opening, now: datetime, once: str | None) -> tuple[Procedure, bool]:
    """The new procedure and True; or False and what the same `once` opened in a transaction at the same moment."""
    values = _values(opening, _region_of(connection, opening, now), now) | {"once": once}
    for _ in range(MOST_KEYS_TRIED):
        added = store.add(connection, values | {"tracking_key": new_key()})
        if added:
            return added, True
        found = store.opened_once(connection, opening.address, once) if once else None
        if found:
            return found, False
    raise NoKeyLeft


def _region_of(connection: Connection, opening: Opening, now: datetime) -> str | None:
    """The region that is said, else that of the locality, else that of the client's address."""
    region = opening.region or region_of(opening.locality or "")
    viewer = _viewer(connection, opening, now)
    if region or viewer is None or opening.client_id is None:
        return region
    return region_of_address(client_of(connection, viewer, opening.client_id).address)


def _values(opening: Opening, region: str | None, now: datetime) -> dict[str, object]:
    return {
        "kind": opening.kind,
        "state": State.OPENED,
        "address": opening.address,
        "person_id": opening.doer.person_id,
        "agency_id": opening.doer.agency_id,
        "client_id": opening.client_id,
        "email": opening.email or None,
        "opened_at": now,
        "deadline_on": deadline_of(now, region, opening.locality),
        "region": region,
        "locality": (opening.locality or "")[:LONGEST_LOCALITY] or None,
    }


def _step(connection: Connection, present: Procedure, change: Change, by: Actor, now: datetime) -> Procedure:
    store.add_step(connection, present.id, change, by, now)
    return store.set_state(connection, present.id, change, now)


def _held(connection: Connection, procedure_id: int, doer: Doer, now: datetime) -> Procedure:
    held = store.held(connection, procedure_id, *changed_by(connection, doer, now))
    if held is None:
        raise NotFound
    return held


def _progress(connection: Connection, procedure_id: int) -> Progress:
    progress = store.progress(connection, procedure_id)
    if progress is None:
        raise NotFound
    return progress


def _mail_opened(connection: Connection, area: Area, opened: Procedure, opening: Opening, now: datetime) -> None:
    limits = limits_of(opening.doer, opening.email)
    if limits and attempts.wait_or_note(connection, area, limits, now):
        return
    is_stranger = opening.session is None
    mail_opened(connection, area, opened, opening.data.get(Datum.TEXT, ""), now, is_stranger=is_stranger)


def _entry(action: str, doer: Doer, procedure_id: int | None, result: Result = Result.DONE) -> Entry:
    object_id = "" if procedure_id is None else str(procedure_id)
    return Entry(action, result, doer.address, doer.person_id, doer.agency_id, "procedure", object_id)
