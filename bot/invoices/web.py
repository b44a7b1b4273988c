"""`/descargas/…`: files of invoices, for who asked for them in the chat."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.identity.browser import browser_of
from bot.invoices.downloads import MOST_FILES, MOST_ROWS, PATH, Download, Downloads, Refused, Why
from bot.pages.render import SECURITY_HEADERS, Pages

STATUS = {Why.EXPIRED: 410, Why.NOT_FOR_YOU: 403, Why.TOO_MANY: 403}
# Two hundred PDFs are seconds of work; more than this at once would slow the chat down.
MADE_AT_ONCE = 2
PIECE_BYTES = 64 * 1024
HEADERS = SECURITY_HEADERS | {"Content-Security-Policy": "sandbox; default-src 'none'"}


class DownloadViews:
    """Hands out files as attachments; what is refused gets a page that says what to do."""

    def __init__(self, downloads: Downloads, pages: Pages) -> None:
        self._downloads = downloads
        self._pages = pages
        self._room = asyncio.Semaphore(MADE_AT_ONCE)

    def routes(self) -> list[web.RouteDef]:
        """The links' address; what lies beside it gets a page too."""
        return [*self._pages.resource(PATH + "/{token}", get=self.download), self._pages.elsewhere(PATH)]

    async def download(self, request: web.Request) -> web.StreamResponse:
        """The file; 410 when the link is too old, 403 for every other refusal. HEAD only looks."""
        token, browser = request.match_info["token"], browser_of(request)
        try:
            if request.method == "HEAD":
                return _empty(*await asyncio.to_thread(self._downloads.look, token, browser))
            async with self._room:
                download = await asyncio.to_thread(self._downloads.fetch, token, browser)
        except Refused as refused:
            return self._refused(refused.why)
        with download.file:
            return await _sent(request, download)

    def _refused(self, why: Why) -> web.Response:
        name, status = "invoices/refused.html", STATUS[why]
        return self._pages.page(name, status, why=why.value, most_files=MOST_FILES, most_rows=MOST_ROWS)


def _headers(name: str, content_type: str) -> dict[str, str]:
    return HEADERS | {"Content-Type": content_type, "Content-Disposition": f'attachment; filename="{name}"'}


def _empty(name: str, content_type: str) -> web.Response:
    return web.Response(headers=_headers(name, content_type))


async def _sent(request: web.Request, download: Download) -> web.StreamResponse:
    """Piece by piece: reading may wait for the disk, so it is done beside the loop."""
    response = web.StreamResponse(headers=_headers(download.name, download.content_type))
    response.content_length = download.size
    await response.prepare(request)
    while piece := await asyncio.to_thread(download.file.read, PIECE_BYTES):
        await response.write(piece)
    await response.write_eof()
    return response
