"""The part of the composition root that makes Chatwoot the other desk, where it is set."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.chatwoot.client import Access, ChatwootClient
from bot.chatwoot.handling import Handling
from bot.chatwoot.web import ChatwootWebhook
from bot.chatwoot.worker import ChatwootWorker
from bot.conversation.answering import Assistant
from bot.conversation.delivery import Delivery
from bot.customer_area import Ground
from bot.settings import BadSetting


@dataclass(frozen=True)
class ChatwootParts:
    """The worker, and the address at which Chatwoot tells us things."""

    worker: ChatwootWorker
    webhook: ChatwootWebhook

    def routes(self) -> list[web.RouteDef]:
        """None without a secret."""
        return self.webhook.routes()


def make_chatwoot(ground: Ground, assistant: Assistant, delivery: Delivery) -> ChatwootParts | None:
    """None where no Chatwoot is set. Raises BadSetting where it is set by half."""
    settings, database, clock = ground.settings, ground.database, ground.clock
    if not settings.chatwoot_url:
        return None
    token = settings.chatwoot_token.get_secret_value()
    for name, value in (("CHATWOOT_INBOX", settings.chatwoot_inbox), ("CHATWOOT_TOKEN", token)):
        if not value:
            raise BadSetting(f"{name}: Chatwoot needs it")
    client = ChatwootClient(Access(settings.chatwoot_url, settings.chatwoot_account, token, settings.chatwoot_inbox))
    handling = Handling(database, ground.area, assistant.say, clock)
    worker = ChatwootWorker(database, ground.area, client, handling, delivery, clock, client.close)
    secret = settings.chatwoot_webhook_secret.get_secret_value()
    return ChatwootParts(worker, ChatwootWebhook(database, secret, clock, worker.wake))
