"""The worker that empties the outbox: one thread of its own, as many processes as there are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter

from bot.database import Database
from bot.notifications import store
from bot.notifications.model import Mail, Undeliverable

SECONDS_BETWEEN_ROUNDS = 5.0
SECONDS_AFTER_WAKING = 0.3
"""Whoever had a mail queued has the answer by then: a mail that is really sent does not make the answer later than a decoy."""
SECONDS_TO_END = 5.0
LEASE = timedelta(minutes=10)  # longer than a mail takes with a slow server
RUN_OUT = "what it brings has run out"

MAILS = Counter("ventanilla_mails_total", "Attempts to send a mail, by outcome: sent, retried, failed.", ["outcome"])

log = structlog.get_logger()


class Outbox:
    """Sends what is due every few seconds, and at once when woken.

    `deliver` hands one mail over and raises Undeliverable; it is called outside of any transaction. A process that is
    killed between the server's yes and our note of it leaves a mail that is sent again when its lease has run out.
    """

    def __init__(self, database: Database, deliver: Callable[[Mail], None], clock: Callable[[], datetime]) -> None:
        self._database = database
        self._deliver = deliver
        self._clock = clock
        self._woken = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        database.listen(store.QUEUED, self.wake)

    def start(self) -> None:
        """Begin to send, in a thread of its own."""
        self._thread.start()

    def wake(self) -> None:
        """Look into the outbox in a moment; any thread may call it. A commit that queued a mail does."""
        self._woken.set()

    def finish(self) -> None:
        """Take no more mails; wait a few seconds for the one that is being sent. Blocks: call it in a thread."""
        self._ending = True
        self._woken.set()
        self._thread.join(SECONDS_TO_END)

    def _work(self) -> None:
        while not self._ending:
            self._woken.clear()
            try:
                self.send_due()
            except Exception:  # a worker that ended here would keep every later mail without a word
                log.exception("outbox failed")
            if self._woken.wait(SECONDS_BETWEEN_ROUNDS) and not self._ending:
                time.sleep(SECONDS_AFTER_WAKING)

    def send_due(self) -> None:
        """Try every mail that is due, one after the other; stop early when the server takes none."""
        while not self._ending:
            with self._database.noting() as connection:
                mail = store.claim(connection, self._clock(), LEASE)
            if mail is None or not self._send(mail):
                return

    def _send(self, mail: Mail) -> bool:
        """Whether another mail is worth an attempt."""
        if mail.useless_from is not None and self._clock() >= mail.useless_from:
            self._fail(mail, RUN_OUT)
            return True
        try:
            self._deliver(mail)
        except Undeliverable as error:
            self._put_off(mail, error)
            return not error.server_down
        except Exception as error:  # noqa: BLE001 - one mail that nobody foresaw must not stand before all the others
            self._put_off(mail, Undeliverable(type(error).__name__))
            return True
        with self._database.writing() as connection:
            store.note_sent(connection, mail.id, self._clock())
        MAILS.labels("sent").inc()
        return True

    def _put_off(self, mail: Mail, error: Undeliverable) -> None:
        next_try_at = None if error.permanent else mail.next_try(self._clock())
        if next_try_at is None:
            self._fail(mail, str(error))
            return
        with self._database.writing() as connection:
            store.note_retry(connection, mail, next_try_at, str(error))
        MAILS.labels("retried").inc()
        say = log.warning if error.server_down else log.info
        say("mail put off", mail_id=mail.id, template=mail.template, attempts=mail.attempts, problem=str(error))

    def _fail(self, mail: Mail, problem: str) -> None:
        with self._database.writing() as connection:
            store.note_failed(connection, mail.id, problem)
        MAILS.labels("failed").inc()
        log.warning("mail failed", mail_id=mail.id, template=mail.template, attempts=mail.attempts, problem=problem)
