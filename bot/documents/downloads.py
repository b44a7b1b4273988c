"""Links to documents: for ten minutes; one that was asked for while signed in, only in that session's browser.

The link carries what was asked for and no right: session and document are checked when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database
from bot.documents.model import Document, NotFound
from bot.documents.service import document_of, open_document
from bot.documents.storage import Storage
from bot.identity.sessions import Session, session_in_browser
from bot.identity.signed import Expired, Forged, opened, sign

LIFETIME = timedelta(minutes=10)
PURPOSE = "document"
PATH = "/documentos"


class Why(StrEnum):
    """What a person is told; "not_for_you" is all the same whether link, session, or document is wrong."""

    EXPIRED = "expired"
    NOT_FOR_YOU = "not_for_you"


class Unusable(Exception):
    """The link gives nothing."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class _Ticket:
    """What a link says; `session_id` is None where nobody was signed in."""

    reference: str
    address: str
    session_id: int | None


def link_to_document(
    connection: Connection, area: Area, address: str, session: Session | None, reference: str, now: datetime
) -> str:
    """The address at which one's own document is downloaded, once or several times. Raises NotFound for another's."""
    document_of(connection, address, session, reference)
    value = [reference, address, session.id if session else None]
    return area.url(f"{PATH}/" + sign(area, PURPOSE, value, now + LIFETIME))


class Downloads:
    """Opens links. Nothing is handed out before it is in the audit."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime], storage: Storage) -> None:
        self._database = database
        self._area = area
        self._clock = clock
        self._storage = storage

    def fetch(self, token: str, browser: str | None) -> tuple[Document, Iterator[bytes]]:
        """The document of a link and its bytes, for the value of the browser's cookie. Raises Unusable.

        Reading the bytes raises NotStored, StorageUnavailable, Tampered.
        """
        now = self._clock()
        ticket = self._ticket(token, now)
        with self._database.writing() as connection:
            document = self._opened(connection, ticket, browser, now)
        if document is None:
            raise Unusable(Why.NOT_FOR_YOU)
        return document, self._storage.open(document.storage_key)

    def look(self, token: str, browser: str | None) -> Document:
        """The document that `fetch` would give; nothing is read or written. Raises Unusable."""
        now = self._clock()
        ticket = self._ticket(token, now)
        with self._database.reading() as connection:
            try:
                return document_of(connection, *self._asking(connection, ticket, browser, now), ticket.reference)
            except NotFound:
                raise Unusable(Why.NOT_FOR_YOU) from None

    def _ticket(self, token: str, now: datetime) -> _Ticket:
        try:
            value = opened(self._area, PURPOSE, token, now)
        except Forged:
            raise Unusable(Why.NOT_FOR_YOU) from None
        except Expired:
            raise Unusable(Why.EXPIRED) from None
        return _Ticket(*value)

    def _opened(self, connection: Connection, ticket: _Ticket, browser: str | None, now: datetime) -> Document | None:
        """None where it is refused; the refusal is in the audit then, so the transaction has to be kept."""
        try:
            address, session = self._asking(connection, ticket, browser, now)
            return open_document(connection, address, session, ticket.reference, now)
        except NotFound:
            record(connection, now, Entry("document_opened", Result.REFUSED, address=ticket.address))
            return None

    def _asking(
        self, connection: Connection, ticket: _Ticket, browser: str | None, now: datetime
    ) -> tuple[str, Session | None]:
        """In whose name a link is opened. Raises NotFound outside of the session in which it was made."""
        if ticket.session_id is None:
            return ticket.address, None
        digest = self._area.digest("browser", browser or "")
        session = session_in_browser(connection, ticket.session_id, digest, now)
        if session is None:
            raise NotFound
        return ticket.address, session
