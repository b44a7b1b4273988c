"""`/desk/subidas/…`: files that agents send, by tus; `/desk/caso/…/documento/…`: those of a conversation, for who has it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog
from aiohttp import web

from bot.conversation.model import Message
from bot.desk.files import CaseFiles
from bot.desk.model import NoSuchCase, NotYours, StaffMember
from bot.documents.model import Document, NotFound, Settled
from bot.documents.storage import Storage
from bot.documents.tus import CONVERSATION, Answer
from bot.documents.web import UNREADABLE, Door, hand_over
from bot.pages.render import Pages

UPLOADS = "/desk/subidas/"
FILE = "/desk/caso/{id:[0-9]{1,15}}/documento/{reference:[\\w-]{1,64}}"
LONGEST_NUMBER = 15

log = structlog.get_logger()


@dataclass(frozen=True)
class CaseFilePages:
    """For members of the staff; anybody else is sent to their sign-in."""

    pages: Pages
    files: CaseFiles
    storage: Storage
    who: Callable[[web.Request], Awaitable[StaffMember | None]]
    push: Callable[[str, list[Message]], Awaitable[None]]
    sign_in_path: str

    def routes(self) -> list[web.RouteDef]:
        """The files' own address."""
        return self.pages.resource(FILE, get=self.file)

    def door(self) -> Door:
        """How agents upload: with the cookie of their session and the case's number in the header, checked every time.

        No other site's page can send that header here, as its browser asks us first and hears no.
        """
        return Door(self._uploader, lambda _request: None, self._ended, path=UPLOADS)

    async def _uploader(self, request: web.Request) -> str:
        """Raises Answer."""
        member, number = await self.who(request), request.headers.get(CONVERSATION, "")
        if member is None:
            raise Answer(401, "signed_out")
        if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER):
            raise Answer(403, "not_yours")
        try:
            return await asyncio.to_thread(self.files.uploader, member, int(number))
        except (NotYours, NoSuchCase):
            raise Answer(403, "not_yours") from None

    async def _ended(self, settled: Settled) -> None:
        address, messages = await asyncio.to_thread(self.files.said, settled)
        await self.push(address, messages)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file as an attachment; 404 for whatever is not theirs to read, 503 while it cannot be read."""
        member = await self.who(request)
        if member is None:
            raise web.HTTPSeeOther(self.sign_in_path)
        asked = (member, int(request.match_info["id"]), request.match_info["reference"])
        try:
            found = await asyncio.to_thread(self.files.read, *asked)
            return await hand_over(request, found, await asyncio.to_thread(self._content, found))
        except (NotYours, NoSuchCase, NotFound):
            return self.pages.problem(404)
        except UNREADABLE as error:
            log.exception("document cannot be read", error=type(error).__name__)
            return self.pages.problem(503)

    def _content(self, found: Document) -> Iterator[bytes]:
        return self.storage.open(found.storage_key)
