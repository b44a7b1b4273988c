"""Erases old conversations once a day while the process runs; several processes may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.database import Database
from bot.retention.model import Erased
from bot.retention.service import erase_old

SECONDS_BETWEEN = 24 * 3600
SECONDS_FOR_OTHERS = 0.05
"""After each short transaction: whoever waits to write goes first."""

log = structlog.get_logger()


class Retention:
    """One task. `days` is how long a conversation is kept after its last message; 0: for good."""

    def __init__(self, database: Database, days: int, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._days = days
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin at once, then daily."""
        self._task = asyncio.create_task(self._daily())

    async def finish(self) -> None:
        """Begin nothing more. What is half done goes on another day."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _daily(self) -> None:
        while True:
            try:
                await self.run()
            except SQLAlchemyError:
                log.exception("old conversations not erased yet")  # the next day tries again
            await asyncio.sleep(SECONDS_BETWEEN)

    async def run(self) -> int:
        """Erase what is too old now; returns how many conversations."""
        steps, number = erase_old(self._database, self._days, self._clock()), 0
        while (step := await asyncio.to_thread(_next, steps)) is not None:
            number += isinstance(step, Erased) and step.is_all
            await asyncio.sleep(SECONDS_FOR_OTHERS)
        log.info("old conversations erased", number=number)
        return number


def _next(steps: Iterator[object]) -> object | None:
    return next(steps, None)
