"""The emulator as one aiohttp application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from emulators.telegram.api import BotApi
from emulators.telegram.control import Control
from emulators.telegram.hook import Hook
from emulators.telegram.world import World

LARGEST_BODY_BYTES = 60 * 1024 * 1024


def make_app(world: World) -> web.Application:
    """Bot API, control and the task that brings updates to the webhook."""
    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    app.add_routes([*Control(world).routes(), *BotApi(world).routes()])

    async def bring(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(Hook(world).run())
        yield
        task.cancel()

    app.cleanup_ctx.append(bring)
    return app
