"""Webhooks as the platform sends them: one JSON body, signed over its bytes, repeated until somebody says 200."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from hashlib import sha256
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from emulators.whatsapp.cloud import Account

PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for these bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def user_id(number: str) -> str:
    """The platform's own id of a person, which it sends along with the number, or instead of one that is hidden."""
    return f"ES.{int(sha256(number.encode()).hexdigest()[:15], 16)}" if number.isdigit() else number


def envelope(account: Account, number: str, values: dict[str, Any]) -> dict[str, Any]:
    """A whole update with messages or statuses in it."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": account.display_number, "phone_number_id": account.phone_number_id},
    }
    person = {"profile": {"name": "Persona de prueba"}, "user_id": user_id(number)}
    value["contacts"] = [person | ({"wa_id": number} if number.isdigit() else {})]
    change = {"field": "messages", "value": value | values}
    return {"object": "whatsapp_business_account", "entry": [{"id": account.business_id, "changes": [change]}]}


def status_update(account: Account, number: str, identifier: str, what: dict[str, Any]) -> dict[str, Any]:
    """What became of a message of the business."""
    status: dict[str, Any] = {"id": identifier, "timestamp": str(int(time.time())), "recipient_id": number}
    if what["status"] != "failed":
        status["conversation"] = {"id": sha256(number.encode()).hexdigest()[:32], "origin": {"type": "service"}}
        status["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "service"}
    return envelope(account, number, {"statuses": [status | what]})


class Webhooks:
    """Sends updates to one address."""

    def __init__(self, account: Account, url: str) -> None:
        self.url = url
        self._account = account
        self._session: ClientSession | None = None
        self._tasks: set[asyncio.Task[int]] = set()

    def open(self) -> None:
        """Before the first update, in the event loop."""
        self._session = ClientSession(timeout=ClientTimeout(total=20))

    async def close(self) -> None:
        """Give up what is still being repeated."""
        for task in self._tasks:
            task.cancel()
        if self._session is not None:
            await self._session.close()

    def later(self, update: dict[str, Any]) -> None:
        """Send without anybody waiting for it, repeated as the platform does."""
        task = asyncio.create_task(self.deliver(update))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def deliver(self, update: dict[str, Any]) -> int:
        """Send until it is acknowledged; the last status, 0 where nobody answered."""
        body, status = json.dumps(update, ensure_ascii=False).encode(), 0
        for pause in (*PAUSES_SECONDS, None):
            status = await self.post(body, {"X-Hub-Signature-256": signature(self._account.app_secret, body)})
            if status == 200 or pause is None:
                break
            await asyncio.sleep(pause)
        return status

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Send these bytes once, with these headers."""
        assert self._session is not None
        try:
            types = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
            async with self._session.post(self.url, data=body, headers=types | headers) as response:
                return response.status
        except (ClientError, TimeoutError, OSError):
            return 0

    async def verify(self) -> tuple[int, bool]:
        """Ask as the platform does when the address is entered: status, and whether the challenge came back."""
        assert self._session is not None
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": self._account.verify_token}
        async with self._session.get(self.url, params=asked) as response:
            return response.status, await response.text() == asked["hub.challenge"]
