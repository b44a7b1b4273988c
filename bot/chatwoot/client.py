"""Chatwoot's HTTP interface, of which five calls are needed (its contract 4.7): API channel and agent bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.desk.port import HandOffFailed, Started

SECONDS_FOR_AN_ANSWER = 10
TRY_AGAIN = frozenset({408, 425, 429})
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Access:
    """Where Chatwoot is and how it knows us. `inbox` is the identifier of the API channel, `token` that of its agent bot."""

    url: str
    account: int
    token: str
    inbox: str


class ChatwootClient:
    """One Chatwoot account. Made in the event loop and closed with it."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None

    async def start(self, key: str, name: str) -> Started:
        """A contact of the API channel and a conversation of it."""
        contact = await self._post(self._public("contacts"), {"identifier": key, "name": name})
        source = _text(contact, "source_id")
        opened = await self._post(self._public(f"contacts/{source}/conversations"), {})
        return Started(_number(opened, "id"), source)

    async def brief(self, conversation: int, summary: str) -> None:
        """A private note, then out of the bot's hands: `open` is what its agents see."""
        await self.note(conversation, summary)
        await self._post(self._account(conversation, "toggle_status"), {"status": "open"})

    async def note(self, conversation: int, text: str) -> None:
        """A private note: what only its agents see."""
        note = {"content": text, "message_type": "outgoing", "private": True}
        await self._post(self._account(conversation, "messages"), note)

    async def typing(self, started: Started, on: bool) -> None:
        """The customer writes, or has stopped."""
        status = "on" if on else "off"
        path = f"contacts/{started.customer}/conversations/{started.conversation}/toggle_typing?typing_status={status}"
        await self._post(self._public(path), {"typing_status": status})

    async def message(self, started: Started, text: str, message_id: int) -> None:
        """What the customer wrote; `echo_id` comes back to us with it."""
        path = f"contacts/{started.customer}/conversations/{started.conversation}/messages"
        await self._post(self._public(path), {"content": text, "echo_id": str(message_id)})

    async def stopped(self, conversation: int) -> None:
        """Resolved on our side."""
        await self._post(self._account(conversation, "toggle_status"), {"status": "resolved"})

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _public(self, path: str) -> str:
        return f"/public/api/v1/inboxes/{self._access.inbox}/{path}"

    def _account(self, conversation: int, path: str) -> str:
        return f"/api/v1/accounts/{self._access.account}/conversations/{conversation}/{path}"

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=SECONDS_FOR_AN_ANSWER)
            self._session = aiohttp.ClientSession(timeout=timeout, headers={"api_access_token": self._access.token})
        try:
            async with self._session.post(self._access.url + path, json=body, allow_redirects=False) as response:
                if response.status >= 300:
                    raise HandOffFailed(f"status {response.status}", permanent=_is_permanent(response.status))
                read = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise HandOffFailed(type(error).__name__) from error
        return read if isinstance(read, dict) else {}


def _is_permanent(status: int) -> bool:
    return status < SERVER_ERROR and status not in TRY_AGAIN


def _text(read: dict[str, Any], name: str) -> str:
    value = read.get(name)
    if not isinstance(value, str) or not value or "/" in value:
        raise HandOffFailed(f"answer without {name}")
    return value


def _number(read: dict[str, Any], name: str) -> int:
    value = read.get(name)
    if not isinstance(value, int | float):
        raise HandOffFailed(f"answer without {name}")
    return int(value)
