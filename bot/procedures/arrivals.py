"""What happens when a file has come: it goes to its place, and the conversation is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.area import Area
from bot.database import Database
from bot.documents.model import Document, Settled, Upload
from bot.documents.news import addresses_with_news, is_more_coming, mark_noted
from bot.identity.sessions import Session, session_of
from bot.procedures.papers import place_by_itself

DOCUMENTS_ARRIVED = "/documents_arrived"

NoteEvent = Callable[[Connection, str, str], None]
"""Stores an event in the conversation at an address, within a transaction, unless the same one is waiting there."""


ShowToStaff = Callable[[Connection, Document, datetime], None]
"""Shows a file that was kept to whoever of the staff has its conversation, within a transaction."""


def nobody_sees(_connection: Connection, _document: Document, _now: datetime) -> None:
    """Where there is no staff."""


@dataclass(frozen=True)
class Arrivals:
    """Called inside the transaction in which an upload ends."""

    area: Area
    clock: Callable[[], datetime]
    note_event: NoteEvent
    show_to_staff: ShowToStaff = nobody_sees

    def settle(self, connection: Connection, settled: Settled) -> None:
        """Put a kept document in its place; have the conversation told, at once or with the last file of several."""
        now, address = self.clock(), settled.upload.address
        if settled.document is not None:
            self._place(connection, settled, now)
            self.show_to_staff(connection, settled.document, now)
        if not is_more_coming(connection, address, now):
            self._note(connection, address, now)

    def _note(self, connection: Connection, address: str, now: datetime) -> None:
        mark_noted(connection, address, now)
        self.note_event(connection, address, DOCUMENTS_ARRIVED)

    def _place(self, connection: Connection, settled: Settled, now: datetime) -> None:
        """What was sent signed in is placed while that person is still there: later, when they are back."""
        upload, document = settled.upload, settled.document
        session = session_of(connection, upload.address, now)
        if document is not None and _is_still_there(upload, session):
            place_by_itself(connection, self.area, upload.address, session, document, upload.procedure_id, now)

    def remind(self, database: Database) -> list[str]:
        """Note what conversations have not been told; gives those that have to be woken. Runs a transaction of its own."""
        with database.writing() as connection:
            addresses = addresses_with_news(connection)
            for address in addresses:
                self._note(connection, address, self.clock())
        return addresses


def _is_still_there(upload: Upload, session: Session | None) -> bool:
    if upload.person_id is None:
        return True
    return session is not None and (session.person_id, session.agency_id) == (upload.person_id, upload.agency_id)
