"""What tus 1.0.0 says in headers and in statuses, and what we answer by it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from email.utils import format_datetime

import structlog
from aiohttp import ClientPayloadError, web

from bot.documents.model import (
    LARGEST_FILE_BYTES,
    BeingSettled,
    LimitReached,
    NotFound,
    Reason,
    Settled,
    Upload,
    Wanted,
    WrongOffset,
)

CONVERSATION = "X-Conversation"
DOCUMENT = "Upload-Document"
REASON = "Upload-Reason"
"""What a refusal's body says, for HEAD, which has none."""
VERSION = "1.0.0"
BODY_TYPE = "application/offset+octet-stream"
LONGEST_KEY = 40
PIECE_BYTES = 1024 * 1024
ABOUT_US = {
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,expiration,termination",
    "Tus-Max-Size": str(LARGEST_FILE_BYTES),
}
# For browsers: what a page of another site may send us, and what its script may read of our answers.
ASKED = f"{CONVERSATION}, Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset, Content-Type"
TOLD = f"Location, Tus-Resumable, Upload-Offset, Upload-Length, Upload-Expires, {DOCUMENT}, {REASON}, Retry-After"
RETRY_AFTER_SECONDS = {423: "5", 429: "600", 503: "10"}

log = structlog.get_logger()


class Answer(Exception):
    """What ends a request: a status, a word that names a text, and headers."""

    def __init__(self, status: int, error: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = headers or {}


def wanted_of(request: web.Request) -> Wanted:
    """What a client announces. Raises Answer, Refused."""
    metadata = _metadata(request.headers.get("Upload-Metadata", ""))
    size = number_of(request, "Upload-Length")
    try:
        purpose, name = metadata.get("purpose", ""), metadata.get("filename", "")
        return Wanted(purpose, name, size, metadata.get("procedure", "")[:LONGEST_KEY])
    except ValueError:
        raise Answer(400, "wrong_metadata") from None


def _metadata(header: str) -> dict[str, str]:
    values = {}
    for pair in header.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            values[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise Answer(400, "wrong_metadata") from None
    return values


def number_of(request: web.Request, header: str) -> int:
    """A header that is a number. Raises Answer."""
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 12):
        raise Answer(400, "wrong_number")
    return int(value)


async def pieces_of(request: web.Request) -> AsyncIterator[bytes]:
    """The body in pieces of about a megabyte; of one that is cut off, what had come."""
    held = bytearray()
    try:
        async for piece in request.content.iter_any():
            held += piece
            if len(held) >= PIECE_BYTES:
                yield bytes(held)
                held.clear()
    except (OSError, ClientPayloadError):
        log.info("upload cut off")
    if held:
        yield bytes(held)


def state_of(upload: Upload) -> dict[str, str]:
    """How far an upload is."""
    return {
        "Upload-Offset": str(upload.received),
        "Upload-Length": str(upload.size),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
    }


def outcome_of(settled: Settled | None) -> dict[str, str]:
    """The document that came of an upload. Raises Answer for a file that is refused."""
    if settled is None:
        return {}
    if settled.reason is not None:
        raise refusal_of(settled.reason)
    return {DOCUMENT: settled.document.reference} if settled.document else {}


def refusal_of(reason: Reason) -> Answer:
    """422 with the reason, 413 for a file that is too large: a tus client does not try these again."""
    return Answer(413 if reason is Reason.TOO_LARGE else 422, reason)


def answer_of(error: Exception) -> Answer:
    """What a service's error means to a client."""
    if isinstance(error, WrongOffset):
        return Answer(409, "wrong_offset", {"Upload-Offset": str(error.received)})
    if isinstance(error, NotFound):
        return Answer(404, "not_found")
    if isinstance(error, BeingSettled):
        return Answer(423, "being_checked")
    if isinstance(error, LimitReached):
        return Answer(429, error.limit)
    log.warning("upload cannot go on now", error=type(error).__name__)
    return Answer(503, "try_again")


def response_of(answer: Answer) -> web.Response:
    """The answer, with the time to wait where trying again may help."""
    retry = {"Retry-After": RETRY_AFTER_SECONDS[answer.status]} if answer.status in RETRY_AFTER_SECONDS else {}
    return web.json_response(
        {"error": answer.error}, status=answer.status, headers=answer.headers | retry | {REASON: answer.error}
    )
