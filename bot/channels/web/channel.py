"""The web chat: Rasa's Socket.IO protocol."""

from __future__ import annotations

from collections.abc import Callable

import socketio
from aiohttp import web

from bot.channels.contract import Channel, ChannelGround
from bot.channels.web.events import WebChat
from bot.channels.web.sessions import Sessions
from bot.channels.web.views import WebViews

LARGEST_MESSAGE_BYTES = 1_000_000


class WebChannel(Channel):
    """Its messages come over open sockets."""

    name = "web"

    def __init__(self, server: socketio.AsyncServer, chat: WebChat, views: WebViews) -> None:
        self.server = server
        self.chat = chat
        self._views = views

    def attach(self, app: web.Application) -> None:
        """The sockets, and the page with the widget."""
        self.server.attach(app)
        app.add_routes(self._views.routes())

    async def finish(self) -> None:
        """Let running turns end."""
        await self.chat.finish()


def make(ground: ChannelGround) -> Channel:
    """The channel; with Redis its sockets may be open at any of several processes."""
    settings = ground.settings
    manager = socketio.AsyncRedisManager(settings.redis_url) if settings.redis_url else None
    server = socketio.AsyncServer(
        async_mode="aiohttp",
        client_manager=manager,
        cors_allowed_origins=_allowed_origin(settings.embed_origins),
        max_http_buffer_size=LARGEST_MESSAGE_BYTES,
        logger=False,
        engineio_logger=False,
    )
    chat = WebChat(server, Sessions(ground.area.secret), ground.delivery, settings.behind_proxy, ground.files)
    return WebChannel(server, chat, WebViews(ground.company))


def _allowed_origin(embed_origins: tuple[str, ...]) -> Callable[[str, dict[str, str]], bool]:
    """Our own pages, whatever name they are reached by, and the origins that the operator lists."""

    def is_allowed(origin: str, environ: dict[str, str]) -> bool:
        own = {f"http://{environ.get('HTTP_HOST')}", f"https://{environ.get('HTTP_HOST')}"}
        return origin in own or origin in embed_origins

    return is_allowed
