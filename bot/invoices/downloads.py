"""Links to files of invoices: for ten minutes, for one session, and only in the browser in which it was opened.

The link carries what was asked for and no right: session, right and invoices are checked when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import IO, Any

from sqlalchemy import Connection

from bot.accounts.model import NotAllowed, NotFound, Viewer
from bot.accounts.service import viewer_of
from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database
from bot.identity.sessions import Session, session_by_id, session_in_browser
from bot.identity.signed import Expired, Forged, opened, sign
from bot.invoices.files import InvoiceFiles, file_name
from bot.invoices.filters_json import from_json, to_json
from bot.invoices.model import Filters, Invoice, Order
from bot.invoices.service import first_invoices_of, invoices_with_ids
from bot.invoices.wording import texts

LIFETIME = timedelta(minutes=10)
MOST_FILES = 200
"""In one archive."""
MOST_ROWS = 10_000
"""In one spreadsheet."""
LONGEST_URL = 1500
PURPOSE = "download"
ORDER, LIMIT = "order", "limit"
PATH = "/descargas"


class Kind(StrEnum):
    """What is downloaded."""

    INVOICE = "invoice"
    ARCHIVE = "archive"
    SHEET = "sheet"


TYPES = {
    Kind.INVOICE: "application/pdf",
    Kind.ARCHIVE: "application/zip",
    Kind.SHEET: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST = {Kind.INVOICE: 1, Kind.ARCHIVE: MOST_FILES, Kind.SHEET: MOST_ROWS}


class Why(StrEnum):
    """What a person is told; "not_for_you" is all the same whether the link, the session, the right or the invoice is wrong."""

    EXPIRED = "expired"
    NOT_FOR_YOU = "not_for_you"
    TOO_MANY = "too_many"


class Refused(Exception):
    """The link gives nothing; `entry` is what the audit says of it, None where the link was none of ours or had expired."""

    def __init__(self, why: Why, entry: Entry | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Download:
    """A file to hand out: its name (ASCII), its media type, its size in bytes, and itself open at its beginning."""

    name: str
    content_type: str
    size: int
    file: IO[bytes]


@dataclass(frozen=True, slots=True)
class Which:
    """Of the invoices asked for, in which order a file has them, and how many from the first on; None: all."""

    order: Order = Order.URGENCY
    limit: int | None = None


EVERY_ONE = Which()


@dataclass(frozen=True, slots=True)
class _Ticket:
    """What a link says: ids of invoices, or filters as JSON, with order and number where they are not the usual ones."""

    kind: Kind
    session_id: int
    agency_id: int
    wanted: Any


@dataclass(frozen=True, slots=True)
class _Granted:
    """A ticket whose session and right are good, with the invoices that it gives."""

    ticket: _Ticket
    session: Session
    invoices: list[Invoice]

    @property
    def name(self) -> str:
        """The name of the file."""
        if self.ticket.kind is Kind.INVOICE:
            return file_name(self.invoices[0])
        return str(texts()["file_names"][self.ticket.kind])


def link_to_invoice(area: Area, viewer: Viewer, session_id: int, invoice_id: int) -> str:
    """The address of the PDF of an invoice."""
    return _link(area, viewer, _Ticket(Kind.INVOICE, session_id, viewer.agency_id, [invoice_id]))


def link_to_archive(
    area: Area, viewer: Viewer, session_id: int, wanted: Filters | Sequence[int], which: Which = EVERY_ONE
) -> str:
    """The address of a ZIP with the PDFs of these invoices, or of those asked for, at most MOST_FILES."""
    what = _which(wanted, which) if isinstance(wanted, Filters) else list(wanted)
    return _link(area, viewer, _Ticket(Kind.ARCHIVE, session_id, viewer.agency_id, what))


def link_to_sheet(area: Area, viewer: Viewer, session_id: int, filters: Filters, which: Which = EVERY_ONE) -> str:
    """The address of a spreadsheet of the invoices asked for, at most MOST_ROWS."""
    return _link(area, viewer, _Ticket(Kind.SHEET, session_id, viewer.agency_id, _which(filters, which)))


def _which(filters: Filters, which: Which) -> dict[str, Any]:
    order = {} if which.order is Order.URGENCY else {ORDER: which.order.value}
    return to_json(filters) | order | ({LIMIT: which.limit} if which.limit else {})


def _link(area: Area, viewer: Viewer, ticket: _Ticket) -> str:
    """Raises ValueError for an address that mail and chat programs would cut."""
    value = [ticket.kind, ticket.session_id, ticket.agency_id, ticket.wanted]
    url = area.url(f"{PATH}/" + sign(area, PURPOSE, value, viewer.at + LIFETIME))
    if len(url) >= LONGEST_URL:
        raise ValueError(f"a link to so many invoices would be longer than {LONGEST_URL} characters")
    return url


class Downloads:
    """Opens links. Nothing is made before everything is checked, and nothing is handed out before it is in the audit."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime], files: InvoiceFiles) -> None:
        self._database = database
        self._area = area
        self._clock = clock
        self._files = files

    def fetch(self, token: str, browser: str | None) -> Download:
        """The file of a link, for the value of the browser's cookie. The caller closes it. Raises Refused."""
        now = self._clock()
        try:
            granted = self._granted(token, browser, now)
        except Refused as refused:
            if refused.entry is not None:
                self._record(now, [refused.entry])
            raise
        with ExitStack() as undo:
            file = undo.enter_context(self._made(granted, now))
            download = Download(granted.name, TYPES[granted.ticket.kind], _size(file), file)
            self._record(now, _entries(granted))
            undo.pop_all()
        return download

    def look(self, token: str, browser: str | None) -> tuple[str, str]:
        """Name and media type of what `fetch` would give; nothing is made or written. Raises Refused."""
        granted = self._granted(token, browser, self._clock())
        return granted.name, TYPES[granted.ticket.kind]

    def _granted(self, token: str, browser: str | None, now: datetime) -> _Granted:
        ticket = self._ticket(token, now)
        with self._database.reading() as connection:
            session = session_by_id(connection, ticket.session_id, now)
            here = self._is_here(connection, session, browser, now)
            try:
                if session is None or not here:
                    raise NotAllowed
                viewer = viewer_of(connection, session.person_id, ticket.agency_id, now)
                return _Granted(ticket, session, _invoices(connection, viewer, ticket))
            except (NotAllowed, NotFound):
                raise Refused(Why.NOT_FOR_YOU, _refusal(ticket, session, here)) from None
            except _TooMany:
                raise Refused(Why.TOO_MANY, _refusal(ticket, session, here)) from None

    def _ticket(self, token: str, now: datetime) -> _Ticket:
        try:
            value = opened(self._area, PURPOSE, token, now)
        except Forged:
            raise Refused(Why.NOT_FOR_YOU) from None
        except Expired:
            raise Refused(Why.EXPIRED) from None
        kind, session_id, agency_id, wanted = value
        return _Ticket(Kind(kind), session_id, agency_id, wanted)

    def _is_here(self, connection: Connection, session: Session | None, browser: str | None, now: datetime) -> bool:
        if session is None or browser is None:
            return False
        digest = self._area.digest("browser", browser)
        return session_in_browser(connection, session.id, digest, now) is not None

    def _made(self, granted: _Granted, now: datetime) -> IO[bytes]:
        if granted.ticket.kind is Kind.INVOICE:
            return self._files.pdf(granted.invoices[0])
        if granted.ticket.kind is Kind.ARCHIVE:
            return self._files.archive(granted.invoices)
        return self._files.sheet(granted.invoices, now)

    def _record(self, now: datetime, entries: Sequence[Entry]) -> None:
        with self._database.writing() as connection:
            for entry in entries:
                record(connection, now, entry)


class _TooMany(Exception):
    """More invoices are asked for than one file takes."""


def _invoices(connection: Connection, viewer: Viewer, ticket: _Ticket) -> list[Invoice]:
    """Raises NotFound where there is nothing for a PDF or an archive, and _TooMany."""
    most = MOST[ticket.kind]
    if isinstance(ticket.wanted, dict):
        filters = {name: value for name, value in ticket.wanted.items() if name not in (ORDER, LIMIT)}
        order, limit = Order(ticket.wanted.get(ORDER, Order.URGENCY)), ticket.wanted.get(LIMIT) or most + 1
        found = first_invoices_of(connection, viewer, from_json(filters), min(limit, most + 1), order)
    else:
        found = invoices_with_ids(connection, viewer, ticket.wanted)
    if len(found) > most:
        raise _TooMany
    if not found and ticket.kind is not Kind.SHEET:
        raise NotFound
    return found


def _entries(granted: _Granted) -> list[Entry]:
    """One for each invoice that leaves as a PDF: who had it is asked by invoice. A list leaves as one."""
    done = Entry(
        "invoice_downloaded",
        address=granted.session.address,
        person_id=granted.session.person_id,
        agency_id=granted.ticket.agency_id,
        object_kind="invoice",
    )
    if granted.ticket.kind is Kind.SHEET:
        number = str(len(granted.invoices))
        return [replace(done, action="invoice_list_downloaded", object_kind="invoices", object_id=number)]
    return [replace(done, object_id=str(invoice.id)) for invoice in granted.invoices]


def _refusal(ticket: _Ticket, session: Session | None, here: bool) -> Entry:
    """The person is named only where it was their browser."""
    is_list = ticket.kind is Kind.SHEET
    return Entry(
        "invoice_list_downloaded" if is_list else "invoice_downloaded",
        Result.REFUSED,
        address=session.address if session else "",
        person_id=session.person_id if session and here else None,
        agency_id=ticket.agency_id,
        object_kind="invoice" if ticket.kind is Kind.INVOICE else "invoices",
        object_id=str(ticket.wanted[0]) if ticket.kind is Kind.INVOICE else "",
    )


def _size(file: IO[bytes]) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size
