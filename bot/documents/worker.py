"""The worker that looks after documents from time to time: one thread of its own in every process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.documents.upkeep import Upkeep

SECONDS_BETWEEN_ROUNDS = 20.0
SECONDS_TO_END = 5.0
SWEPT_EVERY = timedelta(minutes=10)

log = structlog.get_logger()


class DocumentWorker:
    """Sweeps every ten minutes; every round it scans what waits for the scanner and calls `remind` and `finish_checks`.

    `remind` has conversations told what came of their files where other files kept the news waiting; `finish_checks` makes
    checks that were cut off.
    """

    def __init__(
        self,
        upkeep: Upkeep,
        remind: Callable[[], None],
        clock: Callable[[], datetime],
        finish_checks: Callable[[], None] = lambda: None,
    ) -> None:
        self._upkeep = upkeep
        self._remind = remind
        self._finish_checks = finish_checks
        self._clock = clock
        self._swept_at: datetime | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="document upkeep", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def finish(self) -> None:
        """Begin nothing more; wait a few seconds for what runs. Blocks: call it in a thread."""
        self._ending.set()
        self._thread.join(SECONDS_TO_END)

    def _work(self) -> None:
        while not self._ending.wait(SECONDS_BETWEEN_ROUNDS):
            self.run_once()

    def run_once(self) -> None:
        """One round. What fails is tried again in the next one."""
        for work in (self._remind, self._sweep, self._scan, self._finish_checks):
            try:
                work()
            except Exception:  # a worker that ended here would keep files and news for ever without a word
                log.exception("upkeep of documents failed", work=work.__name__)

    def _sweep(self) -> None:
        now = self._clock()
        if self._swept_at is None or now - self._swept_at >= SWEPT_EVERY:
            self._upkeep.sweep(now)
            self._swept_at = now

    def _scan(self) -> None:
        self._upkeep.scan_waiting(self._clock())
