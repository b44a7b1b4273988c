"""Something that has to be looked at for as long as the desk is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

SECONDS_BETWEEN_LOOKS = 1.0

log = structlog.get_logger()


class Watch:
    """Looks every second; `look` is given how many looks there were before. A database that does not answer is tried again."""

    def __init__(self, look: Callable[[int], Awaitable[None]]) -> None:
        self._look = look
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running loop."""
        self._task = asyncio.create_task(self._for_ever())

    async def finish(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _for_ever(self) -> None:
        looks = 0
        while True:
            try:
                await self._look(looks)
            except SQLAlchemyError:
                log.exception("the desk's watch goes on")
            looks += 1
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
