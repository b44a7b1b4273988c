"""The Cloud API as we call it: send, mark as read, fetch a file. One error class, with what the caller has to know."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, FormData
from yarl import URL

from bot.channels.whatsapp.account import Account

SECONDS_FOR_A_CALL = 20
SECONDS_FOR_A_FILE = 120
SECONDS_FOR_AN_UPLOAD = 60
LARGEST_ANSWER_BYTES = 100_000
PIECE_BYTES = 64 * 1024
FILE_HOSTS = ("lookaside.fbsbx.com", "graph.facebook.com")

EXPIRED = (0, 3, 10, 190, *range(200, 300), 131005, 131031, 131045, 368)
"""Token, rights or account: nothing is sent until somebody of the company has put it right."""
LIMITED = {4: 60.0, 80007: 60.0, 130429: 5.0, 131048: 300.0, 131056: 6.0, 133016: 300.0}
OUTSIDE_WINDOW = (470, 131047)
UNREACHABLE = (131021, 131026, 131030, 131050)
BUSY = (1, 2, 131000, 131016, 131057, 133004)
PAUSE_OF_EXPIRED_SECONDS = 300.0

log = structlog.get_logger()


class CallFailed(Exception):
    """The service did not do it. `code` is its own number, 0 where it gave none; `status` is 0 where it was not reached."""

    def __init__(self, status: int, code: int, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"whatsapp {code or status or 'not reached'}")
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds

    @property
    def is_expired(self) -> bool:
        """Whether the token or the account is refused."""
        return self.code in EXPIRED and self.status in (400, 401, 403)

    @property
    def is_passing(self) -> bool:
        """Whether the same call may succeed later."""
        known = self.code in BUSY or self.code in LIMITED
        return known or self.status in (0, 408, 429) or self.status >= 500


class FileRefused(Exception):
    """A file that is never fetched: gone, too large, or somewhere that it must not be fetched from."""

    def __init__(self, reason: str, *, is_too_large: bool = False) -> None:
        super().__init__(reason)
        self.is_too_large = is_too_large


class Client:
    """Calls for one number. `open` before the first call, in the event loop; `close` at the end."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._session: ClientSession | None = None
        self._is_refused = False

    def open(self) -> None:
        """Begin a session of kept connections."""
        self._session = ClientSession(
            headers={"Authorization": f"Bearer {self._account.token}"},
            timeout=ClientTimeout(total=SECONDS_FOR_A_CALL),
            trust_env=True,
        )

    async def close(self) -> None:
        """End the session."""
        if self._session is not None:
            await self._session.close()

    async def send(self, number: str, payload: dict[str, Any]) -> str:
        """Send one message to a number, or to a person who hides it; gives the service's id of it. Raises CallFailed."""
        name = "to" if number.isdigit() else "recipient"
        recipient = {"messaging_product": "whatsapp", "recipient_type": "individual", name: number}
        answer = await self._post("messages", recipient | payload)
        messages = answer.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else None
        if not isinstance(first, dict) or not isinstance(first.get("id"), str):
            raise CallFailed(0, 0)
        return str(first["id"])

    async def upload(self, content: bytes, name: str, media_type: str) -> str:
        """Give the service a file that a message will bring; gives its id there. Raises CallFailed."""
        form = FormData({"messaging_product": "whatsapp", "type": media_type})
        form.add_field("file", content, filename=name, content_type=media_type)
        url = self._account.api_url / self._account.phone_number_id / "media"
        timeout = ClientTimeout(total=SECONDS_FOR_AN_UPLOAD)
        async with self._called("POST", url, data=form, timeout=timeout) as response:
            media_id = (await _object(response)).get("id")
        if not isinstance(media_id, str):
            raise CallFailed(0, 0)
        return media_id

    async def show_typing(self, message_id: str) -> None:
        """Mark a message as read and show that an answer is being written. Raises CallFailed."""
        read = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        await self._post("messages", read | {"typing_indicator": {"type": "text"}})

    async def file(self, media_id: str, largest_bytes: int) -> tuple[bytes, str]:
        """The bytes of a file and its media type. Raises CallFailed, FileRefused."""
        found = await self._get(self._account.api_url / media_id)
        url, media_type, size = found.get("url"), found.get("mime_type"), found.get("file_size")
        if not isinstance(url, str) or not self._may_fetch(url):
            raise FileRefused("not at the service's own address")
        if isinstance(size, int | str) and str(size).isdigit() and int(size) > largest_bytes:
            raise FileRefused("too large", is_too_large=True)
        return await self._fetch(URL(url), largest_bytes), media_type if isinstance(media_type, str) else ""

    def _may_fetch(self, address: str) -> bool:
        """The token goes along, so only to the service itself."""
        try:
            url = URL(address)
            return url.origin() == self._account.api_url.origin() or (
                url.scheme == "https" and url.port == 443 and url.host in FILE_HOSTS
            )
        except ValueError:
            return False

    async def _fetch(self, url: URL, largest_bytes: int) -> bytes:
        content = bytearray()
        async with self._called("GET", url, timeout=ClientTimeout(total=SECONDS_FOR_A_FILE)) as response:
            async for piece in response.content.iter_chunked(PIECE_BYTES):
                content += piece
                if len(content) > largest_bytes:
                    raise FileRefused("too large", is_too_large=True)
        return bytes(content)

    async def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        url = self._account.api_url / self._account.phone_number_id / what
        async with self._called("POST", url, json=body) as response:
            return await _object(response)

    async def _get(self, url: URL) -> dict[str, Any]:
        async with self._called("GET", url) as response:
            return await _object(response)

    @asynccontextmanager
    async def _called(self, method: str, url: URL, **values: Any) -> AsyncIterator[ClientResponse]:
        if self._session is None or self._session.closed:
            raise CallFailed(0, 0)
        try:
            async with self._session.request(method, url, allow_redirects=False, **values) as response:
                if response.status != 200:
                    raise await self._failure(response)
                self._is_refused = False
                yield response
        except (TimeoutError, ClientError, OSError):
            raise CallFailed(0, 0) from None

    async def _failure(self, response: ClientResponse) -> CallFailed:
        try:
            error = (await _object(response)).get("error")
        except CallFailed:
            error = None
        code = error.get("code") if isinstance(error, dict) else 0
        failed = CallFailed(response.status, code if type(code) is int else 0, _retry_after(response))
        if failed.is_expired and not self._is_refused:
            self._is_refused = True  # said once: every message that waits would say it again
            log.error("whatsapp refuses our token or account", code=failed.code, setting="WHATSAPP_TOKEN")
        return failed


async def _object(response: ClientResponse) -> dict[str, Any]:
    body = bytearray()
    async for piece in response.content.iter_chunked(PIECE_BYTES):
        body += piece
        if len(body) > LARGEST_ANSWER_BYTES:
            raise CallFailed(response.status, 0)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise CallFailed(response.status, 0) from None
    return data if isinstance(data, dict) else {}


def _retry_after(response: ClientResponse) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() and int(value) <= 86400 else None
