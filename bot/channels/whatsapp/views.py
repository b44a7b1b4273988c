"""WhatsApp's webhook: nothing is read before its signature has been found right."""

from __future__ import annotations

import hmac

import structlog
from aiohttp import web
from prometheus_client import Counter

from bot.channels.whatsapp import transport
from bot.channels.whatsapp.account import Account
from bot.channels.whatsapp.reception import Reception
from bot.conversation.model import TurnFailed

PATH = "/webhooks/whatsapp/webhook"
LARGEST_BODY_BYTES = 3 * 1024 * 1024
"""What the platform's documentation names as the largest webhook."""

WEBHOOKS = Counter(
    "ventanilla_whatsapp_webhooks_total", "Requests to the webhook, by what became of them.", ["outcome"]
)

log = structlog.get_logger()


class WhatsAppViews:
    """`GET` is the platform's question whether we know the verify token, `POST` brings messages and statuses."""

    def __init__(self, account: Account, reception: Reception) -> None:
        self._account = account
        self._reception = reception
        self.our_number = ""
        """The number that people write to; "" until the platform has said it."""

    def routes(self) -> list[web.AbstractRouteDef]:
        """The channel's routes."""
        return [web.get(PATH, self.verify, allow_head=False), web.post(PATH, self.webhook)]

    async def verify(self, request: web.Request) -> web.Response:
        """The challenge, to whoever knows the verify token; 403 to anybody else."""
        query = request.query
        knows = hmac.compare_digest(query.get("hub.verify_token", "").encode(), self._account.verify_token.encode())
        challenge = query.get("hub.challenge", "")
        if not knows or query.get("hub.mode") != "subscribe" or not transport.IDENTIFIER.fullmatch(challenge):
            WEBHOOKS.labels("not_verified").inc()
            raise web.HTTPForbidden
        return web.Response(text=challenge)

    async def webhook(self, request: web.Request) -> web.Response:
        """200 once everything in it is stored, also for what is nothing to us; 403 without the right signature."""
        body = await _body(request)
        if not transport.is_signed(self._account.app_secret, body, request.headers.get("X-Hub-Signature-256")):
            WEBHOOKS.labels("forged").inc()
            raise web.HTTPForbidden
        try:
            update = transport.read(body, self._account.phone_number_id)
        except transport.NotReadable:
            WEBHOOKS.labels("unreadable").inc()  # the same would come again and again if it were refused
            return web.Response()
        self.our_number = update.our_number or self.our_number
        try:
            await self._reception.take(update)
        except TurnFailed:
            raise web.HTTPServiceUnavailable from None  # the platform brings it again
        WEBHOOKS.labels("taken").inc()
        return web.Response()


async def _body(request: web.Request) -> bytes:
    """No more than a webhook may have, whatever length it was announced with."""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > LARGEST_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(LARGEST_BODY_BYTES, len(body))
    return bytes(body)
