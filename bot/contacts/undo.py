"""Links mailed to the representatives that take a change of contacts back: shown first, done once, within a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from bot.accounts.model import NotFound, Viewer
from bot.accounts.service import agency_of, viewer_if_any
from bot.area import Area
from bot.contacts.act import Act
from bot.contacts.model import Change, Contact, Held, State, Terms
from bot.contacts.store import undo_link_table
from bot.database import Database, Line, in_line
from bot.identity.links import Gone, LinkGone, good_link, use_link

ACTION = "contact_change_undone"


@dataclass(frozen=True, slots=True)
class Undoing:
    """What a link takes back: the `change` of a contact of the agency, who is `contact` now."""

    change: Change
    contact: Contact
    agency_name: str


@dataclass(frozen=True, slots=True)
class _Open:
    """A link that may be used: the representative's act, the contact's right as it is, and as it was before."""

    link_id: int
    act: Act
    change: Change
    held: Held
    former: Terms | None

    def undoing(self) -> Undoing:
        agency = agency_of(self.act.connection, self.act.viewer)
        return Undoing(self.change, self.held.contact(self.act.now), agency.name)


class UndoLinks:
    """What the pages call. Each call makes its own short transaction."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._area = area
        self._clock = clock

    def look(self, token: str) -> Undoing:
        """What the link would take back. Raises LinkGone."""
        with self._database.reading() as connection:
            return _open(connection, self._area, token, self._clock()).undoing()

    def undo(self, token: str) -> Undoing:
        """Take it back. Raises LinkGone."""
        with self._database.writing() as connection:
            return undo(connection, self._area, token, self._clock())


def undo(connection: Connection, area: Area, token: str, now: datetime) -> Undoing:
    """Take back what the link was mailed for, as the representative to whom it was mailed. Raises LinkGone.

    What was added ends whatever became of it since; another change only while things are as it left them.
    """
    in_line(connection, Line.CONTACTS)
    found = _open(connection, area, token, now)
    undoing = found.undoing()
    use_link(connection, undo_link_table, found.link_id, now)
    _take_back(found.act, found.held, found.former)
    found.act.note(ACTION, found.held.person.id)
    return undoing


def _take_back(act: Act, held: Held, former: Terms | None) -> None:
    if former is None:
        below = act.end(held)
        act.tell_holders(Change.REMOVED, act.held(held.person.id), held.terms, below)
        return
    restored = act.begin_again(held, former)
    if held.state(act.now) is State.ENDED:
        act.invite(restored)
        act.tell_holders(Change.ADDED, restored)
    else:
        act.tell_holders(Change.CHANGED, restored, held.terms)


def _open(connection: Connection, area: Area, token: str, now: datetime) -> _Open:
    link = good_link(connection, area, undo_link_table, token, now)
    act = Act(connection, area, _representative(connection, link, now), "", now)
    change, former = Change(link.what["change"]), link.what["former"]
    found = _Open(link.id, act, change, _held(act, link), former and Terms.of(former))
    if not _still(found, link.what["access_id"]):
        raise LinkGone(Gone.CHANGED)
    return found


def _representative(connection: Connection, link: Row[Any], now: datetime) -> Viewer:
    """To whom the link was mailed, if they still represent the agency."""
    viewer = viewer_if_any(connection, link.person_id, link.agency_id, now)
    if viewer is None or viewer.access_id is not None:
        raise LinkGone(Gone.REVOKED)
    return viewer


def _held(act: Act, link: Row[Any]) -> Held:
    try:
        held = act.held(link.what["contact_id"])
    except NotFound:
        raise LinkGone(Gone.CHANGED) from None
    if held.access_id is None:  # a representative by now, whose right is no contact's any more
        raise LinkGone(Gone.CHANGED)
    return held


def _still(found: _Open, access_id: int) -> bool:
    """Whether there is still something to take back."""
    is_over = found.held.state(found.act.now) is State.ENDED
    if found.change is Change.ADDED:
        return not is_over
    until = found.former.valid_until if found.former else None
    in_time = until is None or until > found.act.now
    return (
        in_time
        and found.held.manager_holds
        and found.held.access_id == access_id
        and is_over is (found.change is Change.REMOVED)
    )
