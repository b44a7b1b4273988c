"""The REST channel is always there; without a key only for this machine."""

from __future__ import annotations

from aiohttp import web

from bot.channels.contract import Channel, ChannelGround
from bot.channels.rest.views import RestViews


class RestChannel(Channel):
    """Its caller waits for the answer, so nothing is sent."""

    name = "rest"

    def __init__(self, views: RestViews) -> None:
        self._views = views

    def attach(self, app: web.Application) -> None:
        """Rasa's routes."""
        app.add_routes(self._views.routes())


def make(ground: ChannelGround) -> Channel:
    """The channel as the settings want it."""
    return RestChannel(RestViews(ground.delivery, ground.settings.rest_api_key.get_secret_value(), ground.files))
