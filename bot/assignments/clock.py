"""Closes the requests that nobody answered, and lets who asked know of answers, as long as the process lives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.assignments.answers import Answers
from bot.assignments.requests import ANSWERED
from bot.database import Database

SECONDS_BETWEEN = 600.0

log = structlog.get_logger()


class AnswerClock:
    """One task; several processes may run one each, as a request is closed once and told of once."""

    def __init__(
        self,
        answers: Answers,
        database: Database,
        wake: Callable[[str], Awaitable[None]],
        seconds: float = SECONDS_BETWEEN,
    ) -> None:
        self._answers = answers
        self._wake = wake
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answered = asyncio.Event()
        database.listen(ANSWERED, self._note_answer)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run())

    async def finish(self) -> None:
        """End; what is being closed is closed."""
        self._loop = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _note_answer(self) -> None:
        """An answer was committed, in whatever thread."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._answered.set)

    async def tick(self) -> None:
        """Close what is over."""
        try:
            await asyncio.to_thread(self._answers.expire)
        except SQLAlchemyError:
            log.exception("requests could not be closed")

    async def tell(self) -> None:
        """Let the conversations know in which it was asked."""
        try:
            addresses = await asyncio.to_thread(self._answers.announce)
        except SQLAlchemyError:
            log.exception("answers could not be told")  # the next tick finds them again
            return
        for address in addresses:
            await self._wake(address)

    async def _run(self) -> None:
        """Answers are told at once, everything else now and then."""
        while True:
            await self.tick()
            await self._tell_until(asyncio.get_running_loop().time() + self._seconds)

    async def _tell_until(self, end: float) -> None:
        while True:
            self._answered.clear()
            await self.tell()
            try:
                async with asyncio.timeout_at(end):
                    await self._answered.wait()
            except TimeoutError:
                return
