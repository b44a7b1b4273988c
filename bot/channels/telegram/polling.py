"""Fetching updates, for machines that Telegram cannot reach: one request hangs there until there is something."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot
from telegram.error import InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram import transport
from bot.channels.telegram.client import seconds_of
from bot.channels.telegram.intake import Intake

SECONDS_TO_WAIT_THERE = 25
PAUSES_SECONDS = (0.5, 1, 2, 5, 15, 30)

log = structlog.get_logger()


class Polling:
    """One task. An update is confirmed to Telegram, with the next request, only after it was stored."""

    def __init__(self, bot: Bot, intake: Intake) -> None:
        self._bot = bot
        self._intake = intake
        self._next = 0
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to fetch."""
        self._task = asyncio.create_task(self._fetch_for_ever())

    async def finish(self) -> None:
        """Fetch nothing more."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _fetch_for_ever(self) -> None:
        is_ready = False
        while True:
            try:
                if not is_ready:
                    await self._bot.delete_webhook()
                    is_ready = True
                await self._fetch()
                self._failures = 0
            except (TelegramError, SQLAlchemyError) as error:
                is_ready = False
                await asyncio.sleep(self._pause(error))

    def _pause(self, error: Exception) -> float:
        self._failures += 1
        say = log.error if isinstance(error, InvalidToken) else log.warning
        say("updates not fetched", problem=type(error).__name__)
        if isinstance(error, RetryAfter):
            return seconds_of(error)
        return PAUSES_SECONDS[min(self._failures, len(PAUSES_SECONDS)) - 1]

    async def _fetch(self) -> None:
        asked = {"offset": self._next, "timeout": SECONDS_TO_WAIT_THERE, "allowed_updates": transport.ALLOWED_UPDATES}
        updates: Any = await self._bot.do_api_request(
            "getUpdates", api_kwargs=asked, read_timeout=SECONDS_TO_WAIT_THERE + 10
        )
        for update in updates if isinstance(updates, list) else []:
            number, event = transport.read_update(update)
            await self._intake.take(event)
            if number is not None:
                self._next = max(self._next, number + 1)
