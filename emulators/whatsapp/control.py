"""How a test holds the phones: what a person writes and sees, and what goes wrong. Not a part of the Cloud API."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import deque
from dataclasses import asdict
from typing import Any

from aiohttp import web

from emulators.whatsapp.cloud import Cloud, Phone, Trouble, message_id
from emulators.whatsapp.webhooks import Webhooks, envelope, status_update, user_id

LONGEST_WAIT_SECONDS = 60.0


class Control:
    """Routes under `/control`."""

    def __init__(self, cloud: Cloud, webhooks: Webhooks) -> None:
        self._cloud = cloud
        self._webhooks = webhooks

    def routes(self) -> list[web.RouteDef]:
        """Every route."""
        return [
            web.post("/control/phones/{number}/messages", self.write),
            web.get("/control/phones/{number}", self.look),
            web.post("/control/phones/{number}", self.change),
            web.post("/control/phones/{number}/read", self.read),
            web.post("/control/trouble", self.make_trouble),
            web.post("/control/verify", self.verify),
            web.get("/control/calls", self.calls),
            web.post("/control/files", self.add_file),
        ]

    async def write(self, request: web.Request) -> web.Response:
        """A person sends something: `text`, `press` (`id`, `title`), or a whole `message`; `age_seconds`, `id`.

        Answers when the business has acknowledged it, with its status (0: nobody answered).
        """
        asked, number = await request.json(), request.match_info["number"]
        identifier, sent_at = asked.get("id") or message_id(number), time.time() - asked.get("age_seconds", 0)
        self._cloud.hear(number, identifier, sent_at)
        sender = {"from_user_id": user_id(number)} | ({"from": number} if number.isdigit() else {})
        basis = sender | {"id": identifier, "timestamp": str(int(sent_at))}
        update = envelope(
            self._cloud.account, number, {"messages": [basis | _content(asked, self._cloud.account.display_number)]}
        )
        statuses = [await self._webhooks.deliver(update) for _ in range(self._cloud.trouble.deliveries)]
        return web.json_response({"id": identifier, "status": statuses[-1]})

    async def look(self, request: web.Request) -> web.Response:
        """What a phone shows after the first `after` messages; with `wait` up to that many seconds for something new."""
        phone, after = self._cloud.phone(request.match_info["number"]), int(request.query.get("after", "0"))
        wait = min(float(request.query.get("wait", "0")), LONGEST_WAIT_SECONDS)
        await _wait_for_more(phone, after, wait)
        shown = [asdict(message) for message in phone.shown[after:]]
        return web.json_response({"shown": shown, "read": phone.read, "typing_shown": phone.typing_shown})

    async def change(self, request: web.Request) -> web.Response:
        """`silent_hours`: the person last wrote so long ago; `reachable`."""
        asked, phone = await request.json(), self._cloud.phone(request.match_info["number"])
        if "silent_hours" in asked:
            phone.heard_at = time.time() - asked["silent_hours"] * 3600
        phone.is_reachable = asked.get("reachable", phone.is_reachable)
        return web.json_response({})

    async def read(self, request: web.Request) -> web.Response:
        """The person reads everything that the phone shows."""
        number = request.match_info["number"]
        for message in self._cloud.phone(number).shown:
            message.state = "read"
            await self._webhooks.deliver(status_update(self._cloud.account, number, message.id, {"status": "read"}))
        return web.json_response({})

    async def make_trouble(self, request: web.Request) -> web.Response:
        """`percent` of calls fail with one of `kinds`; `next`: the next ones, in order; `window`, `deliveries`, `seed`."""
        asked = await request.json()
        trouble = Trouble(
            percent=float(asked.get("percent", 0)),
            kinds=tuple(asked.get("kinds", Trouble.kinds)),
            next=deque(asked.get("next", ())),
            window=asked.get("window", "status"),
            deliveries=int(asked.get("deliveries", 1)),
            seed=int(asked.get("seed", 1)),
        )
        self._cloud.set_trouble(trouble)
        return web.json_response({})

    async def verify(self, _request: web.Request) -> web.Response:
        """Ask the business for the challenge."""
        status, is_right = await self._webhooks.verify()
        return web.json_response({"status": status, "verified": is_right})

    async def calls(self, _request: web.Request) -> web.Response:
        """How many calls came, and which were refused for what they were."""
        return web.json_response({"calls": self._cloud.calls, "refused": self._cloud.refused})

    async def add_file(self, request: web.Request) -> web.Response:
        """A file that a person is going to send: `content` in base 64, `mime_type`; `url` and `size` lie about it."""
        asked = await request.json()
        file_id = self._cloud.add_file(base64.b64decode(asked["content"]), asked["mime_type"])
        self._cloud.files[file_id].url = asked.get("url", "")
        self._cloud.files[file_id].said_size = asked.get("size")
        return web.json_response({"id": file_id})


def _content(asked: dict[str, Any], display_number: str) -> dict[str, Any]:
    if "text" in asked:
        return {"type": "text", "text": {"body": asked["text"]}}
    if "press" in asked:
        kind = "list_reply" if asked.get("of_list") else "button_reply"
        context = {"from": display_number, "id": asked.get("of", "wamid.offer")}
        return {"type": "interactive", "context": context, "interactive": {"type": kind, kind: asked["press"]}}
    message: dict[str, Any] = asked["message"]
    return message


async def _wait_for_more(phone: Phone, after: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while len(phone.shown) <= after and time.monotonic() < until:
        phone.changed.clear()
        try:
            await asyncio.wait_for(phone.changed.wait(), until - time.monotonic())
        except TimeoutError:
            return
