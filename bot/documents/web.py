"""`/subidas/…`: files in pieces, by the core of tus 1.0.0 and its creation, expiration and termination; `/documentos/…`: downloads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import structlog
from aiohttp import web

from bot.documents.checker import CheckUnavailable
from bot.documents.downloads import PATH, Downloads, Unusable, Why
from bot.documents.model import BeingSettled, Document, LimitReached, NotFound, Refused, Settled, WrongOffset
from bot.documents.sealing import Tampered
from bot.documents.storage import NotStored, StorageUnavailable
from bot.documents.tus import (
    ABOUT_US,
    ASKED,
    BODY_TYPE,
    TOLD,
    VERSION,
    Answer,
    answer_of,
    number_of,
    outcome_of,
    pieces_of,
    refusal_of,
    response_of,
    state_of,
    wanted_of,
)
from bot.documents.uploads import Uploads
from bot.identity.browser import browser_of
from bot.pages.render import SECURITY_HEADERS, Pages

UPLOADS = "/subidas/"
THREADS = 4
STATUS = {Why.EXPIRED: 410, Why.NOT_FOR_YOU: 403}
HEADERS = SECURITY_HEADERS | {"Content-Security-Policy": "sandbox; default-src 'none'"}
UNREADABLE = (NotStored, StorageUnavailable, Tampered)
# What the services raise where a client is told something other than that we failed.
TOLD_TO_CLIENTS = (NotFound, WrongOffset, LimitReached, BeingSettled, StorageUnavailable, CheckUnavailable)

Result = TypeVar("Result")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Door:
    """How requests come in.

    `address_of`: in whose name a request uploads, which it proves with its header `X-Conversation`, None when it proves
    nothing; `remote_of`: the network address behind it; `ended`: has what came of an upload brought to people;
    `origins`: other sites whose pages have our chat in them; `path`: where the uploads are.
    """

    address_of: Callable[[web.Request], Awaitable[str | None]]
    remote_of: Callable[[web.Request], str | None]
    ended: Callable[[Settled], Awaitable[None]]
    origins: tuple[str, ...] = ()
    path: str = UPLOADS


class UploadViews:
    """What a tus client speaks to. Its files are checked in threads of its own, so that no turn waits for them."""

    def __init__(self, uploads: Uploads, door: Door, clock: Callable[[], datetime]) -> None:
        self._uploads = uploads
        self._door = door
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="documents")

    def routes(self) -> list[web.RouteDef]:
        """The protocol's five methods."""
        all_of_them, one = self._door.path, self._door.path + "{reference}"
        return [
            web.options(all_of_them, self._guarded(self.options)),
            web.options(one, self._guarded(self.options)),
            web.post(all_of_them, self._guarded(self.create)),
            web.head(one, self._guarded(self.offset)),
            web.patch(one, self._guarded(self.append)),
            web.delete(one, self._guarded(self.cancel)),
        ]

    def close(self) -> None:
        """Let what runs end; checks were broken off before."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def options(self, _request: web.Request) -> web.Response:
        """What we speak; also what a browser asks before it lets another site's page speak to us."""
        return web.Response(status=204, headers=ABOUT_US)

    async def create(self, request: web.Request) -> web.Response:
        """201 with the address of a new upload.

        `Upload-Metadata` holds `filename` and `purpose`, and `procedure` (a tracking key) if it is for a certain one.
        """
        address = await self._address(request)
        try:
            wanted = wanted_of(request)
        except Refused as refused:
            raise refusal_of(refused.reason) from None
        upload = await self._run(self._uploads.begin, address, wanted, self._door.remote_of(request), self._clock())
        return web.Response(status=201, headers={"Location": self._door.path + upload.reference} | state_of(upload))

    async def offset(self, request: web.Request) -> web.Response:
        """How many bytes have arrived. A whole file whose check was cut off is checked now."""
        address, reference = await self._address(request), request.match_info["reference"]
        upload, settled = await self._run(self._uploads.look, address, reference, self._clock())
        if settled is None and upload.is_complete:
            settled = await self._finish(address, reference)
        return web.Response(status=200, headers=state_of(upload) | outcome_of(settled))

    async def append(self, request: web.Request) -> web.Response:
        """204 with the new offset. What arrived before a cut stays; with the last byte the file is checked."""
        address, reference = await self._address(request), request.match_info["reference"]
        if request.content_type != BODY_TYPE:
            raise Answer(415, "wrong_type")
        upload, settled = await self._run(self._uploads.look, address, reference, self._clock())
        if number_of(request, "Upload-Offset") != upload.received or settled is not None:
            raise WrongOffset(upload.received)
        async for piece in pieces_of(request):
            upload = await self._run(self._uploads.append, address, reference, upload.received, piece, self._clock())
        settled = await self._finish(address, reference) if upload.is_complete else None
        return web.Response(status=204, headers=state_of(upload) | outcome_of(settled))

    async def cancel(self, request: web.Request) -> web.Response:
        """204: the upload is gone. 404 where there is none that still arrives."""
        address, reference = await self._address(request), request.match_info["reference"]
        await self._run(self._uploads.cancel, address, reference, self._clock())
        return web.Response(status=204)

    async def _finish(self, address: str, reference: str) -> Settled:
        settled = await self._run(self._uploads.finish, address, reference, self._clock())
        await self._door.ended(settled)
        return settled

    async def _address(self, request: web.Request) -> str:
        if request.headers.get("Tus-Resumable") != VERSION:
            raise Answer(412, "wrong_version", {"Tus-Version": VERSION})
        address = await self._door.address_of(request)
        if address is None:
            raise Answer(401, "no_conversation")
        return address

    async def _run(self, call: Callable[..., Result], *values: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(call, *values))

    def _guarded(self, handler: Handler) -> Handler:
        async def guard(request: web.Request) -> web.StreamResponse:
            try:
                response = await handler(request)
            except Answer as answer:
                response = response_of(answer)
            except TOLD_TO_CLIENTS as error:
                response = response_of(answer_of(error))
            response.headers.update({"Tus-Resumable": VERSION, "Cache-Control": "no-store"} | self._sharing(request))
            return response

        return guard

    def _sharing(self, request: web.Request) -> dict[str, str]:
        origin = request.headers.get("Origin", "")
        if origin not in self._door.origins:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "POST, HEAD, PATCH, DELETE",
            "Access-Control-Allow-Headers": ASKED,
            "Access-Control-Expose-Headers": TOLD,
            "Vary": "Origin",
        }


class DocumentViews:
    """Hands documents out, as attachments only: no browser shows one as a page of ours."""

    def __init__(self, downloads: Downloads, pages: Pages) -> None:
        self._downloads = downloads
        self._pages = pages

    def routes(self) -> list[web.RouteDef]:
        """The links' address; what lies beside it gets a page too."""
        return [*self._pages.resource(PATH + "/{token}", get=self.download), self._pages.elsewhere(PATH)]

    async def download(self, request: web.Request) -> web.StreamResponse:
        """The document; 410 when the link is too old, 403 for every other refusal, 503 while it cannot be read.

        HEAD only looks: it says that there is something, and nothing is opened or written.
        """
        token, browser = request.match_info["token"], browser_of(request)
        try:
            if request.method == "HEAD":
                return web.Response(headers=_headers(await asyncio.to_thread(self._downloads.look, token, browser)))
            document, content = await asyncio.to_thread(self._downloads.fetch, token, browser)
            return await hand_over(request, document, content)
        except Unusable as unusable:
            return self._refused(unusable.why, STATUS[unusable.why])
        except UNREADABLE as error:
            log.exception("document cannot be read", error=type(error).__name__)
            return self._refused("unavailable", 503)

    def _refused(self, why: str, status: int) -> web.Response:
        return self._pages.page("documents/refused.html", status, why=str(why))


async def hand_over(request: web.Request, document: Document, content: Iterator[bytes]) -> web.StreamResponse:
    """A document as an attachment. Raises NotStored, StorageUnavailable, Tampered before anything is sent."""
    return await _sent(request, document, await asyncio.to_thread(next, content, b""), content)


async def _sent(request: web.Request, document: Document, first: bytes, rest: Iterator[bytes]) -> web.StreamResponse:
    """Piece by piece. If the storage fails on the way the connection is cut: half a file must not look like a whole one."""
    response = web.StreamResponse(headers=_headers(document))
    response.content_length = document.size
    await response.prepare(request)
    try:
        await _write(response, first, rest)
    except UNREADABLE as error:
        log.exception("document cannot be read to its end", error=type(error).__name__)
        _cut(request)
    else:
        await response.write_eof()
    return response


async def _write(response: web.StreamResponse, first: bytes, rest: Iterator[bytes]) -> None:
    piece = first
    while piece:
        await response.write(piece)
        piece = await asyncio.to_thread(next, rest, b"")


def _cut(request: web.Request) -> None:
    """A page that says what happened would go into the file: its head has been sent."""
    if request.transport is not None:
        request.transport.close()


def _headers(document: Document) -> dict[str, str]:
    plain = document.name.encode("ascii", "replace").decode().replace("?", "_")
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(document.name, safe='')}"
    return HEADERS | {"Content-Type": document.media_type, "Content-Disposition": named}
