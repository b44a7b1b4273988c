"""The REST channel's routes, and who may use them: holders of the key; without a key set, this machine only."""

from __future__ import annotations

import hmac

from aiohttp import web

from bot.channels.contract import SentFiles
from bot.channels.rest import transport
from bot.conversation.delivery import Delivery
from bot.conversation.model import MessageRefused
from bot.pages.requests import is_this_machine


class RestViews:
    """`POST /webhooks/rest/webhook` and its health check, as Rasa has them."""

    def __init__(self, delivery: Delivery, api_key: str, files: SentFiles | None = None) -> None:
        self._delivery = delivery
        self._files = files
        self._api_key = api_key

    def routes(self) -> list[web.RouteDef]:
        """The channel's routes."""
        return [
            web.get("/webhooks/rest/", self.health),
            web.post("/webhooks/rest/webhook", self.webhook),
            web.post("/webhooks/rest/file", self.file),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """Rasa's own check of the channel."""
        return web.json_response({"status": "ok"})

    async def webhook(self, request: web.Request) -> web.Response:
        """Answer one message. 400 for a wrong shape, 401 without the key; a message not taken is told in the answer."""
        if not self._may_use(request):
            return web.json_response({"error": "send the key: Authorization: Bearer …"}, status=401)
        try:
            message = transport.read(await request.read())
        except transport.BadRequest as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(await self._answer(message))

    async def file(self, request: web.Request) -> web.Response:
        """A link of ten minutes to the file of a message, made anew each time. 404 where there is none for who is there now."""
        if not self._may_use(request):
            return web.json_response({"error": "send the key: Authorization: Bearer …"}, status=401)
        try:
            wanted = transport.read_file_wanted(await request.read())
        except transport.BadRequest as error:
            return web.json_response({"error": str(error)}, status=400)
        found = await self._delivery.attachment_at(wanted.address, wanted.sequence)
        url = await self._files.link(wanted.address, found.reference) if found and self._files else None
        if url is None:
            return web.json_response({"error": self._delivery.say("utter_file_out_of_reach").text}, status=404)
        return web.json_response({"url": url})

    async def _answer(self, message: transport.RestMessage) -> list[dict[str, object]]:
        try:
            return transport.answer(message.sender, await self._delivery.converse(message.incoming))
        except MessageRefused as refused:
            return transport.notice(message.sender, self._delivery.refusal(refused).text)

    def _may_use(self, request: web.Request) -> bool:
        if not self._api_key:
            return is_this_machine(request)
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), self._api_key.encode())
