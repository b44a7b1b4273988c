"""`/gestiones/…`: the page of a procedure, for who got its link in the chat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy import Connection

from bot.accounts.model import NotFound
from bot.area import SPAIN, Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database
from bot.documents.downloads import link_to_document
from bot.documents.model import Document
from bot.documents.model import NotFound as NoDocument
from bot.documents.service import documents_of_procedure
from bot.identity.browser import browser_of
from bot.identity.sessions import Session
from bot.identity.signed import Expired, Forged
from bot.pages.render import POLICY, Pages
from bot.procedures.checklists import Paper
from bot.procedures.links import PATH, Ticket, progress_for, ticket_of, upload_pass
from bot.procedures.model import Item, Progress
from bot.procedures.wording import kind_name, paper_named, state_name

# The page's script sends files to us, which the policy of the other pages does not let it.
HEADERS = {"Content-Security-Policy": f"{POLICY}; connect-src 'self'"}
STATUS = {"expired": 410, "not_for_you": 403}


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a paper; `link` downloads it, None when it is another person's."""

    name: str
    sent_at: datetime
    link: str | None


@dataclass(frozen=True, slots=True)
class PaperOnPage:
    """A line of the checklist."""

    paper: Paper
    received_at: datetime | None
    is_needed: bool
    files: Sequence[SentFile]


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page says. `proof` lets its uploads in."""

    progress: Progress
    papers: Sequence[PaperOnPage]
    proof: str


class ProcedureViews:
    """Shows a procedure; its papers are sent to the same address as those of the chat."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime], pages: Pages) -> None:
        self._database = database
        self._area = area
        self._clock = clock
        self._pages = pages

    def routes(self) -> list[web.RouteDef]:
        """The links' address; what lies beside it gets a page too."""
        return [*self._pages.resource(PATH + "/{token}", get=self.procedure), self._pages.elsewhere(PATH)]

    async def procedure(self, request: web.Request) -> web.Response:
        """The page; 410 when the link is too old, 403 for every other refusal."""
        token, browser = request.match_info["token"], browser_of(request)
        try:
            shown = await asyncio.to_thread(self._look, token, browser)
        except Expired:
            return self._refused("expired")
        except (Forged, NotFound):
            return self._refused("not_for_you")
        procedure = shown.progress.procedure
        today = self._clock().astimezone(SPAIN).date()
        return self._pages.page(
            "procedures/procedure.html",
            headers=HEADERS,
            shown=shown,
            procedure=procedure,
            is_late=procedure.is_late(today),
            kind_name=kind_name(procedure.kind),
            state_name=state_name,
        )

    def _look(self, token: str, browser: str | None) -> Shown:
        now = self._clock()
        ticket = ticket_of(self._area, token, now)
        with self._database.writing() as connection:
            shown = self._shown(connection, ticket, browser, now)
        if shown is None:
            raise NotFound
        return shown

    def _shown(self, connection: Connection, ticket: Ticket, browser: str | None, now: datetime) -> Shown | None:
        """None where it is refused; the refusal is in the audit then, so the transaction has to be kept."""
        number = str(ticket.procedure_id)
        try:
            progress, session = progress_for(connection, self._area, ticket, browser, now)
        except NotFound:
            refused = Entry("procedure_page", Result.REFUSED, ticket.address, None, None, "procedure", number)
            record(connection, now, refused)
            return None
        person, agency = (session.person_id, session.agency_id) if session else (None, None)
        record(
            connection, now, Entry("procedure_page", Result.DONE, ticket.address, person, agency, "procedure", number)
        )
        sent = documents_of_procedure(connection, ticket.procedure_id)
        papers = [self._paper(connection, progress, item, sent, ticket, session, now) for item in progress.items]
        return Shown(progress, papers, upload_pass(self._area, ticket.address, now))

    def _paper(
        self,
        connection: Connection,
        progress: Progress,
        item: Item,
        sent: Sequence[Document],
        ticket: Ticket,
        session: Session | None,
        now: datetime,
    ) -> PaperOnPage:
        files = [
            SentFile(each.name, each.created_at, self._link(connection, ticket, session, each, now))
            for each in sent
            if each.purpose == item.what
        ]
        return PaperOnPage(paper_named(progress.procedure.kind, item.what), item.received_at, item.is_needed, files)

    def _link(
        self, connection: Connection, ticket: Ticket, session: Session | None, document: Document, now: datetime
    ) -> str | None:
        try:
            return link_to_document(connection, self._area, ticket.address, session, document.reference, now)
        except NoDocument:
            return None

    def _refused(self, why: str) -> web.Response:
        return self._pages.page("procedures/refused.html", STATUS[why], why=why)
