"""What a page may believe of a request: where it comes from, and the form in it."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl

from aiohttp import web
from yarl import URL

PROXY_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
FORM_TYPE = "application/x-www-form-urlencoded"
LARGEST_FORM_BYTES = 16_384
MOST_FIELDS = 50


class BadForm(Exception):
    """A request that is no form of ours; `status` is what to answer: 400, 403, 413 or 415."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def remote_of(request: web.Request, behind_proxy: bool) -> str | None:
    """The client's network address: the one that our own proxy adds last, else the connection's."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if behind_proxy and forwarded else request.remote


def is_this_machine(request: web.Request) -> bool:
    """Whether the request comes from this machine itself and not from a proxy that stands on it."""
    if request.remote is None or any(header in request.headers for header in PROXY_HEADERS):
        return False
    return ipaddress.ip_address(request.remote).is_loopback


async def form_of(request: web.Request, public_url: str) -> dict[str, str]:
    """The fields of a form that one of our own pages sent; of a field that comes twice, the last.

    Raises BadForm when it comes from elsewhere, is of another type, larger than 16 kB, or cannot be read.
    """
    if not is_own_form(request, public_url):
        raise BadForm(403)
    if request.content_type != FORM_TYPE:
        raise BadForm(415)
    return _fields(await _body(request))


def is_own_form(request: web.Request, public_url: str) -> bool:
    """Whether the browser says that a page of our own origin sends this; one that says nothing is not believed."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == str(URL(public_url).origin())


async def _body(request: web.Request) -> bytes:
    """Read no more than a form may have, whatever length it was announced with."""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > LARGEST_FORM_BYTES:
            raise BadForm(413)
    return bytes(body)


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadForm(400) from None
    if any("\0" in value for _, value in pairs):  # PostgreSQL stores no text with it
        raise BadForm(400)
    return dict(pairs)
