"""The REST channel's routes, and who may use them: holders of the key; without a key set, this machine only."""

from __future__ import annotations

import hmac
import ipaddress

from aiohttp import web

from bot.channels.rest import transport
from bot.conversation.delivery import Delivery
from bot.conversation.model import MessageRefused

PROXY_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class RestViews:
    """`POST /webhooks/rest/webhook` and its health check, as Rasa has them."""

    def __init__(self, delivery: Delivery, api_key: str) -> None:
        self._delivery = delivery
        self._api_key = api_key

    def routes(self) -> list[web.RouteDef]:
        """The channel's routes."""
        return [web.get("/webhooks/rest/", self.health), web.post("/webhooks/rest/webhook", self.webhook)]

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


def is_this_machine(request: web.Request) -> bool:
    """Whether the request comes from this machine itself and not from a proxy that stands on it."""
    if request.remote is None or any(header in request.headers for header in PROXY_HEADERS):
        return False
    return ipaddress.ip_address(request.remote).is_loopback
