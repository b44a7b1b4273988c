"""`/desk/gestion/…`: what staff see of a procedure, its papers, and what they do with it. Plain pages with forms."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy import Connection

from bot.accounts.model import NotFound
from bot.area import SPAIN
from bot.database import Database
from bot.desk.model import StaffMember
from bot.desk.shown import procedure_states
from bot.documents.model import Document
from bot.documents.model import NotFound as NoDocument
from bot.documents.service import document_for_staff, documents_of_procedure
from bot.documents.storage import Storage
from bot.documents.web import UNREADABLE, hand_over
from bot.pages.render import Handler, Pages
from bot.pages.requests import form_of
from bot.procedures.checklists import papers_of
from bot.procedures.desk import ProcedureDesk
from bot.procedures.effects import CannotApply
from bot.procedures.model import NEXT, Change, NotPossible, Procedure, State
from bot.procedures.wording import kind_name, paper_title

PATH = "/desk/gestion"
OTHER_PAPER = "other_paper"

WhoIsThere = Callable[[web.Request], Awaitable[StaffMember | None]]
AskedFor = Callable[[Connection, int], object | None]
"""Whom a procedure is about, where it is about somebody; None otherwise."""
log = structlog.get_logger()


@dataclass(frozen=True)
class ProcedurePages:
    """For members of the staff; anybody else is sent to their sign-in. Every look and every download is in the audit."""

    pages: Pages
    public_url: str
    database: Database
    desk: ProcedureDesk
    storage: Storage
    asked_for: AskedFor
    who: WhoIsThere
    wake: Callable[[str], Awaitable[None]]
    clock: Callable[[], datetime]
    sign_in_path: str

    def routes(self) -> list[web.RouteDef]:
        """The page, and the documents on it."""
        one = PATH + "/{id:[0-9]{1,15}}"
        return [
            *self.pages.resource(one, get=self._for_staff(self.show), post=self._for_staff(self.act)),
            *self.pages.resource(one + "/documento/{reference:[\\w-]{1,64}}", get=self._for_staff(self.document)),
        ]

    def _for_staff(self, handler: Callable[[web.Request, StaffMember], Awaitable[web.StreamResponse]]) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            member = await self.who(request)
            if member is None:
                raise web.HTTPSeeOther(self.sign_in_path)
            try:
                return await handler(request, member)
            except (NotFound, NoDocument):
                return self.pages.problem(404)

        return checked

    async def show(self, request: web.Request, member: StaffMember) -> web.StreamResponse:
        """The whole of it."""
        return await self._page(_id(request), member)

    async def act(self, request: web.Request, member: StaffMember) -> web.StreamResponse:
        """Change its state, ask for a paper, or tell the person something. 422 with a word where that cannot be."""
        form = await form_of(request, self.public_url)
        try:
            changed = await asyncio.to_thread(self._do, _id(request), member, form)
        except (NotPossible, CannotApply, ValueError) as refused:
            return await self._page(_id(request), member, problem=_problem(refused), status=422)
        await self.wake(changed.address)
        raise web.HTTPSeeOther(f"{PATH}/{changed.id}")

    async def document(self, request: web.Request, member: StaffMember) -> web.StreamResponse:
        """One of its papers as an attachment; 503 while it cannot be read."""
        found = await asyncio.to_thread(self._document, _id(request), request.match_info["reference"], member)
        try:
            return await hand_over(request, found, await asyncio.to_thread(self._content, found))
        except UNREADABLE as error:
            log.exception("document cannot be read", error=type(error).__name__)
            return self.pages.problem(503)

    async def _page(
        self, procedure_id: int, member: StaffMember, problem: str = "", status: int = 200
    ) -> web.StreamResponse:
        values = await asyncio.to_thread(self._shown, procedure_id, member)
        return self.pages.page("desk/procedure.html", status, problem=problem, member=member, **values)

    def _shown(self, procedure_id: int, member: StaffMember) -> dict[str, Any]:
        now = self.clock()
        with self.database.writing() as connection:
            file = self.desk.look(connection, procedure_id, now, _name_in_audit(member))
            documents = documents_of_procedure(connection, procedure_id)
            about = self.asked_for(connection, procedure_id)
        shown = file.progress.procedure
        return {
            "progress": file.progress,
            "procedure": shown,
            "data": file.data,
            "documents": documents,
            "about": about,
            "kind_name": kind_name(shown.kind),
            "papers": {item.what: paper_title(shown.kind, item.what) for item in file.progress.items},
            "may_be_asked": [(paper.code, paper.title) for paper in papers_of(shown.kind)],
            "next_states": [state.value for state in State if state in NEXT[shown.state]],
            "states": procedure_states(),
            "is_late": shown.is_late(now.astimezone(SPAIN).date()),
        }

    def _do(self, procedure_id: int, member: StaffMember, form: dict[str, str]) -> Procedure:
        """Raises NotFound, NotPossible, CannotApply, ValueError; then nothing is stored."""
        now, staff, note = self.clock(), _name_in_audit(member), form.get("note", "").strip()
        with self.database.writing() as connection:
            if form.get("act") == "paper":
                paper = form.get("paper") or OTHER_PAPER
                return self.desk.ask_for_paper(connection, procedure_id, paper, note, now, staff)
            if form.get("act") == "note":
                if not note:
                    raise ValueError("a note without words")
                return self.desk.note(connection, procedure_id, note, now, staff)
            change = Change(State(form.get("state", "")), note=note)
            return self.desk.change(connection, procedure_id, change, now, staff)

    def _document(self, procedure_id: int, reference: str, member: StaffMember) -> Document:
        with self.database.writing() as connection:
            return document_for_staff(connection, procedure_id, reference, _name_in_audit(member), self.clock())

    def _content(self, found: Document) -> Iterator[bytes]:
        return self.storage.open(found.storage_key)


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


def _name_in_audit(member: StaffMember) -> str:
    return f"staff:{member.id}"


def _problem(refused: Exception) -> str:
    if isinstance(refused, CannotApply):
        return "cannot_apply"
    return "not_possible" if isinstance(refused, NotPossible) else "bad_words"
