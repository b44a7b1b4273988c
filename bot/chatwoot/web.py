"""`POST /webhooks/chatwoot`: the signature first, then stored, then acknowledged; handled afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from bot.chatwoot import store
from bot.chatwoot.model import Told, read_event
from bot.chatwoot.signature import is_signed
from bot.database import Database

PATH = "/webhooks/chatwoot"


class ChatwootWebhook:
    """Takes what Chatwoot tells. `wake` has it handled at once."""

    def __init__(
        self, database: Database, secret: str, clock: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self._wake = wake

    def routes(self) -> list[web.RouteDef]:
        """None without a secret: anybody could speak for our staff."""
        return [web.post(PATH, self.receive)] if self._secret else []

    async def receive(self, request: web.Request) -> web.Response:
        """200 once it is on the disk, also for what is none of our business. 401: not signed by our Chatwoot."""
        body, timestamp = await request.read(), request.headers.get("X-Chatwoot-Timestamp", "")
        signature = request.headers.get("X-Chatwoot-Signature", "")
        if not is_signed(self._secret, timestamp, signature, body, self._clock()):
            raise web.HTTPUnauthorized
        try:
            told = read_event(json.loads(body), timestamp)
        except (ValueError, RecursionError):
            raise web.HTTPBadRequest from None
        if told is not None:
            await asyncio.to_thread(self._keep, told)
            self._wake()
        return web.json_response({"status": "ok"})

    def _keep(self, told: Told) -> None:
        with self._database.writing() as connection:
            store.keep_event(connection, told, self._clock())
