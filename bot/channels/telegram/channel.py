"""The Telegram channel, put together as the settings want it. docs/adr/0022 says why it is as it is."""

from __future__ import annotations

import asyncio

import structlog
from aiohttp import web
from telegram import Bot
from telegram.error import TelegramError

from bot.channels.contract import Channel, ChannelGround
from bot.channels.telegram import transport
from bot.channels.telegram.chat_store import ChatStore
from bot.channels.telegram.client import TelegramClient, make_bot
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.views import TelegramViews
from bot.settings import BadSetting, Settings

MOST_CONNECTIONS = 40
PAUSES_SECONDS = (1, 5, 15, 60)
CODE_LINK = "https://t.me/{bot}?start={code}"

log = structlog.get_logger()


class TelegramChannel(Channel):
    """Telegram brings updates to us, or we fetch them; what is said goes through Outbound."""

    name = transport.CHANNEL
    is_remote = True

    def __init__(
        self, bot: Bot, client: TelegramClient, intake: Intake, views: TelegramViews | None, hook: tuple[str, str]
    ) -> None:
        self._bot = bot
        self._client = client
        self._intake = intake
        self._views = views
        self._hook_url, self._secret = hook
        self._polling = None if views else Polling(bot, intake)
        self._introduction: asyncio.Task[None] | None = None
        self._bot_name = ""

    def attach(self, app: web.Application) -> None:
        """The route of the webhook."""
        if self._views:
            app.add_routes(self._views.routes())

    async def start(self) -> None:
        """Tell Telegram where we are, or begin to fetch. Telegram may be away: nobody waits for it."""
        self._introduction = asyncio.create_task(self._introduce())
        if self._polling:
            self._polling.start()

    async def _introduce(self) -> None:
        for pause in (*PAUSES_SECONDS, None):
            try:
                self._bot_name = (await self._bot.get_me()).username or ""
                if self._views:
                    allowed = transport.ALLOWED_UPDATES
                    await self._bot.set_webhook(
                        self._hook_url,
                        secret_token=self._secret,
                        allowed_updates=allowed,
                        max_connections=MOST_CONNECTIONS,
                    )
                log.info("telegram is there", fetching=self._polling is not None)
            except TelegramError as error:
                log.error("telegram not told about us", problem=type(error).__name__, again_in_seconds=pause)
                await asyncio.sleep(pause or 0)
            else:
                return

    async def finish(self) -> None:
        """Take nothing more, let running turns end."""
        if self._introduction:
            self._introduction.cancel()
        if self._polling:
            await self._polling.finish()
        await self._intake.finish()

    async def close(self) -> None:
        """Nothing is sent any more."""
        await self._client.finish()

    def way_back(self, code: str) -> str:
        """Opens the bot in the person's own Telegram and sends the code from there."""
        return CODE_LINK.format(bot=self._bot_name, code=code) if self._bot_name else ""


def check(settings: Settings) -> None:
    """Telegram itself brings updates only over https. Raises BadSetting."""
    is_pushed = settings.telegram_token.get_secret_value() and settings.telegram_mode == "webhook"
    is_telegram_itself = "//api.telegram.org" in settings.telegram_api_url
    if is_pushed and is_telegram_itself and not settings.public_address.startswith("https://"):
        raise BadSetting("TELEGRAM_MODE: a webhook needs PUBLIC_URL with https://; use polling")


def make(ground: ChannelGround) -> Channel | None:
    """The channel; None without TELEGRAM_TOKEN."""
    token = ground.settings.telegram_token.get_secret_value()
    if not token:
        return None
    is_pushed = ground.settings.telegram_mode == "webhook"
    bot = make_bot(token, ground.settings.telegram_api_url)
    chats = ChatStore(ground.database, ground.pool, ground.clock)
    client = TelegramClient(bot, chats, ground.files)
    ground.outbound.serve(transport.CHANNEL, client.send)
    ground.delivery.listen(transport.CHANNEL, ground.outbound.deliver)
    intake = Intake(ground.delivery, client, chats, ground.clock, ground.take_file)
    path = f"/webhooks/telegram/{ground.area.digest('telegram path', token)[:32]}"
    secret = ground.settings.telegram_webhook_secret.get_secret_value() or ground.area.digest("telegram secret", token)
    views = TelegramViews(intake, path, secret) if is_pushed else None
    return TelegramChannel(bot, client, intake, views, (ground.area.url(path), secret))
