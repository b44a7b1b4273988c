"""Forgets old questions once a day while the process runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.database import Database
from bot.unanswered.service import forget

SECONDS_BETWEEN = 24 * 3600

log = structlog.get_logger()


class Forgetting:
    """One task. `days` is how long questions are kept; 0: for good."""

    def __init__(self, database: Database, days: int, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._days = days
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin at once, then daily."""
        self._task = asyncio.create_task(self._daily())

    def finish(self) -> None:
        """Stop."""
        if self._task:
            self._task.cancel()

    async def _daily(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.run)
            except SQLAlchemyError:
                log.exception("old questions not forgotten yet")  # the next day tries again
            await asyncio.sleep(SECONDS_BETWEEN)

    def run(self) -> int:
        """Forget what is too old now; returns how many questions."""
        with self._database.writing() as connection:
            return forget(connection, self._days, self._clock())
