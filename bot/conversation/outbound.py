"""Replies on their way to remote channels (Telegram, WhatsApp): in order, with retry, from wherever the last stop left them.

Nothing is copied: what is sent is read from the transcript, and a row remembers how far. A process that is killed between the
service's yes and our note of it sends that one message again; the services offer nothing against it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.conversation import outbound_store as store
from bot.conversation.model import Author, Message, channel_of
from bot.conversation.outbound_store import Undelivered
from bot.database import Database

LEASE = timedelta(minutes=2)
PAUSES_SECONDS = (1, 2, 5, 15, 60, 300, 900, 3600, 21600)
SECONDS_BETWEEN_ROUNDS = 5.0
SENDING_AT_ONCE = 64
SECONDS_TO_END = 3
LONGEST_SLEEP_SECONDS = 60.0

SENT = Counter("ventanilla_sent_total", "Attempts to send a reply, by channel and outcome.", ["channel", "outcome"])

Result = TypeVar("Result")
log = structlog.get_logger()


class SendFailed(Exception):
    """A service did not take a message. The message names the problem, without personal data.

    `permanent`: it never will, until the person writes again (blocked, gone). `skip`: only this message never will.
    `is_asked`: the person was told that something waits for them, so that nobody else has to tell them.
    `retry_after_seconds`: the service said when to try again. `why`: what the staff is told, where it is more than that.
    """

    def __init__(
        self,
        problem: str,
        *,
        permanent: bool = False,
        skip: bool = False,
        is_asked: bool = False,
        retry_after_seconds: float | None = None,
        why: Undelivered | None = None,
    ) -> None:
        super().__init__(problem)
        self.is_asked = is_asked
        self.permanent = permanent
        self.skip = skip
        self.retry_after_seconds = retry_after_seconds
        self.why = why or _why(permanent, skip)


def _why(permanent: bool, skip: bool) -> Undelivered:
    if permanent:
        return Undelivered.UNREACHABLE
    return Undelivered.NOT_TAKEN if skip else Undelivered.TRYING


Send = Callable[[str, Message], Awaitable[None]]
"""Hands one message over to the service for an address; raises SendFailed."""
Refused = Callable[[Connection, str, int, int | None, datetime], object]
"""Hears, in the transaction that notes it, that an address did not take our messages from a number on, to a last one or all."""


class Outbound:
    """One task for each conversation that is being sent to. Every method is called in the event loop."""

    def __init__(self, database: Database, pool: ThreadPoolExecutor, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._senders: dict[str, Send] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asked_again: set[str] = set()
        self._taking_up: set[asyncio.Task[None]] = set()
        self._refused: Refused = lambda *_: None
        self._gate = asyncio.Semaphore(SENDING_AT_ONCE)
        self._rounds: asyncio.Task[None] | None = None

    def serve(self, channel: str, send: Send) -> None:
        """Send the replies of a channel's conversations with `send`."""
        self._senders[channel] = send

    def on_refusal(self, refused: Refused) -> None:
        """Let `refused` hear of what a service does not take for good."""
        self._refused = refused

    async def note_refused(self, address: str, sequence: int) -> None:
        """The service says later that it did not bring the message with that number."""
        await self._in_thread(self._note_refused, address, sequence)

    def _note_refused(self, address: str, sequence: int) -> None:
        with self._database.writing() as connection:
            self._refused(connection, address, sequence, sequence, self._clock())

    async def deliver(self, address: str, _messages: Sequence[Message]) -> None:
        """Something was stored for that address: the listener that a remote channel gives to `Delivery.listen`."""
        await self._in_thread(self._ask_for, address)
        self._begin(address)

    async def hear(self, address: str, messages: Sequence[Message]) -> None:
        """A person was heard of, perhaps while the staff has the conversation and nothing is answered: what waits for them goes out."""
        if channel_of(address) in self._senders and any(each.author is Author.PERSON for each in messages):
            task = asyncio.create_task(self._take_up(address))
            self._taking_up.add(task)
            task.add_done_callback(self._taking_up.discard)

    async def _take_up(self, address: str) -> None:
        try:
            if await self._in_thread(self._is_stuck, address):
                await self.deliver(address, [])
        except SQLAlchemyError:
            log.exception("what waits is not taken up")  # the next message does it

    def _is_stuck(self, address: str) -> bool:
        with self._database.reading() as connection:
            return not store.can_reach(connection, address)

    def _ask_for(self, address: str) -> None:
        with self._database.noting() as connection:
            store.ask_for(connection, address, self._clock())

    async def start(self) -> None:
        """Begin: what the last stop left unsent goes first."""
        if not self._senders:
            return
        await self._in_thread(self._find_forgotten)
        self._rounds = asyncio.create_task(self._look_now_and_then())

    def _find_forgotten(self) -> None:
        with self._database.writing() as connection:
            store.add_forgotten(connection, list(self._senders), self._clock())

    async def finish(self) -> None:
        """Let what is being sent end; the rest stays stored and is sent after the next start."""
        if self._rounds:
            self._rounds.cancel()
        running = list(self._tasks.values())
        if running:
            _, late = await asyncio.wait(running, timeout=SECONDS_TO_END)
            for task in late:
                task.cancel()

    async def _look_now_and_then(self) -> None:
        while True:
            try:
                for address in await self._in_thread(self._due):
                    self._begin(address)
            except SQLAlchemyError:
                log.exception("outbound messages not looked for")  # the next round looks again
            await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)

    def _due(self) -> Sequence[str]:
        with self._database.reading() as connection:
            return store.due_addresses(connection, self._clock())

    def _begin(self, address: str) -> None:
        if channel_of(address) not in self._senders:
            return
        if address in self._tasks:
            self._asked_again.add(address)
            return
        task = asyncio.create_task(self._send_all(address))
        self._tasks[address] = task
        task.add_done_callback(lambda _: self._ended(address))

    def _ended(self, address: str) -> None:
        task = self._tasks.pop(address)
        if not task.cancelled() and task.exception() is not None:  # it is tried again when its lease has run out
            log.error("sending ended", channel=channel_of(address), exc_info=task.exception())
        if address in self._asked_again:
            self._asked_again.discard(address)
            self._begin(address)

    async def _send_all(self, address: str) -> None:
        try:
            async with self._gate:
                pause = await self._send_due(address)
        except SQLAlchemyError:
            log.exception("outbound message interrupted")  # its lease runs out, then a round takes it up again
            return
        if pause is not None and pause <= LONGEST_SLEEP_SECONDS:  # the rounds find the later ones
            await asyncio.sleep(pause)
            self._asked_again.add(address)

    async def _send_due(self, address: str) -> float | None:
        """Send everything that is due; the seconds to wait when the service did not take it, None when nothing is left."""
        claimed = await self._in_thread(self._claim, address)
        if claimed is None:
            return None
        sent, attempts = claimed.sent_sequence, claimed.attempts
        while True:
            for message in await self._in_thread(self._unsent, claimed, sent):
                why = None
                try:
                    await self._senders[channel_of(address)](address, message)
                except SendFailed as failed:
                    if not failed.skip:
                        return await self._in_thread(self._put_off, claimed, sent, attempts, failed)
                    self._count(address, "skipped", message, failed)
                    await self._in_thread(self._note_refused, address, message.sequence)
                    why = failed.why
                else:
                    SENT.labels(channel_of(address), "sent").inc()
                sent, attempts = message.sequence, 0
                await self._in_thread(self._note_sent, claimed, sent, why)
            if await self._in_thread(self._rest, claimed, sent):
                return None

    def _claim(self, address: str) -> store.Claimed | None:
        with self._database.noting() as connection:
            return store.claim(connection, address, self._clock(), LEASE)

    def _unsent(self, claimed: store.Claimed, sent: int) -> list[Message]:
        with self._database.reading() as connection:
            return store.unsent(connection, claimed, sent)

    def _note_sent(self, claimed: store.Claimed, sequence: int, why: Undelivered | None) -> None:
        with self._database.writing() as connection:
            store.note_sent(connection, claimed, sequence, self._clock() + LEASE, why)

    def _rest(self, claimed: store.Claimed, sent: int) -> bool:
        with self._database.noting() as connection:
            return store.rest(connection, claimed, sent)

    def _put_off(self, claimed: store.Claimed, sent: int, attempts: int, failed: SendFailed) -> float | None:
        pause = _pause(attempts, failed)
        due_at = None if pause is None else self._clock() + timedelta(seconds=pause)
        with self._database.writing() as connection:
            store.put_off(connection, claimed, due_at, str(failed), failed.why)
            if due_at is None and not failed.is_asked:
                self._refused(connection, claimed.address, sent + 1, None, self._clock())
        self._count(claimed.address, "failed" if pause is None else "retried", None, failed)
        return pause

    def _count(self, address: str, outcome: str, message: Message | None, failed: SendFailed) -> None:
        channel = channel_of(address)
        SENT.labels(channel, outcome).inc()
        number = message.id if message else None
        log.warning("reply not sent", channel=channel, outcome=outcome, message_id=number, problem=str(failed))

    async def _in_thread(self, function: Callable[..., Result], *values: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *values)


def _pause(attempts: int, failed: SendFailed) -> float | None:
    if failed.permanent:
        return None
    if failed.retry_after_seconds is not None:
        return failed.retry_after_seconds
    return float(PAUSES_SECONDS[attempts]) if attempts < len(PAUSES_SECONDS) else None
