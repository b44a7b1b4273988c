"""A Chatwoot in a thread: takes the five calls, remembers them, tells agents' words by signed webhooks, and can be down."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from aiohttp import web

from bot.chatwoot.signature import signed
from tests.browser.server import free_port

SECRET = "a secret of the tests"
INBOX, TOKEN, ACCOUNT = "inbox-of-tests", "token-of-tests", 1


@dataclass
class FakeChatwoot:
    """`status` other than 200 answers every call; `hangs` lets them wait for ever."""

    status: int = 200
    hangs: bool = False
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._ids = iter(range(501, 10_000))
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._runner: web.AppRunner | None = None

    def start(self) -> None:
        self._runner = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    async def _start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        return runner

    def stop(self) -> None:
        if self._runner:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        if self.hangs:
            await asyncio.sleep(60)
        if self.status != 200:
            return web.Response(status=self.status)
        if request.headers.get("api_access_token") != TOKEN:
            return web.Response(status=401)
        path, body = request.path, await request.json()
        self.calls.append((path, body))
        if path.endswith("/contacts"):
            return web.json_response({"id": 1, "source_id": f"source-{body['identifier'][:8]}"})
        if path.endswith("/conversations"):
            return web.json_response({"id": next(self._ids)})
        return web.json_response({"id": 9})

    def written(self) -> list[str]:
        """What customers wrote, in the order in which it came."""
        return [body["content"] for path, body in self.calls if "/public/" in path and path.endswith("/messages")]

    def notes(self) -> list[str]:
        return [body["content"] for _, body in self.calls if body.get("private")]

    def statuses(self) -> list[str]:
        return [body["status"] for path, body in self.calls if path.endswith("/toggle_status")]


def message_created(message_id: int, remote: int, text: str, **changed: Any) -> dict[str, Any]:
    """What Chatwoot tells when an agent has written."""
    sender = {"id": 7, "name": "Nuria Sanz", "available_name": "Nuria", "type": "user"}
    told: dict[str, Any] = {
        "event": "message_created",
        "id": message_id,
        "content": text,
        "message_type": "outgoing",
        "private": False,
    }
    return told | {"sender": sender, "conversation": {"id": remote}, "account": {"id": ACCOUNT}} | changed


def resolved(conversation: int) -> dict[str, Any]:
    return {"event": "conversation_status_changed", "id": conversation, "status": "resolved"}


def tell(url: str, payload: object, secret: str = SECRET, age: int = 0, raw: bytes | None = None) -> int:
    """Send a webhook; the status of the answer."""
    body, timestamp = raw or json.dumps(payload).encode(), str(int(time.time()) - age)
    headers = {"X-Chatwoot-Timestamp": timestamp, "X-Chatwoot-Signature": signed(secret, timestamp, body)}
    try:
        with urlopen(Request(f"{url}/webhooks/chatwoot", body, headers), timeout=20) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code
