"""The asynchronous side of the router: turns run in threads, replies go to whoever listens at an address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy.exc import SQLAlchemyError

from bot.conversation.limits import MessageLimits
from bot.conversation.model import Attachment, Incoming, Message, MessageRefused, Refusal, Reply, State, channel_of
from bot.conversation.router import Also, Router, nothing_else

Result = TypeVar("Result")
Deliver = Callable[[str, list[Message]], Awaitable[None]]

MESSAGES = Counter("ventanilla_messages_total", "Messages taken, by channel.", ["channel"])
REFUSED = Counter("ventanilla_messages_refused_total", "Messages not taken, by reason.", ["reason"])
TURN_SECONDS = Histogram(
    "ventanilla_turn_seconds",
    "From a message being stored to its answer being stored.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

SECONDS_TO_END = 3

log = structlog.get_logger()


class Delivery:
    """Takes messages from channels and brings replies back to them.

    Turns run in `pool`. With a `storing` pool of its own what arrives is stored at once, however many turns stand in line.
    """

    def __init__(
        self,
        router: Router,
        limits: MessageLimits,
        pool: ThreadPoolExecutor,
        storing: ThreadPoolExecutor | None = None,
    ) -> None:
        self._router = router
        self._limits = limits
        self._pool = pool
        self._storing = storing or pool
        self._listeners: dict[str, Deliver] = {}
        self._observers: list[Deliver] = []
        self._woken: set[asyncio.Task[None]] = set()

    def listen(self, channel: str, deliver: Deliver) -> None:
        """Bring the replies of every conversation of `channel` to `deliver` as soon as they are stored."""
        self._listeners[channel] = deliver

    def observe(self, observer: Deliver) -> None:
        """Tell `observer` everything that is said in any conversation, by either side, as soon as it is stored."""
        self._observers.append(observer)

    async def _tell_observers(self, address: str, messages: list[Message]) -> None:
        for observer in self._observers if messages else ():
            await observer(address, messages)

    async def receive(self, incoming: Incoming, remote: str | None, also: Also = nothing_else) -> Message:
        """Store one message, and `also` in the same transaction. Raises MessageRefused, and then neither."""
        stored = await self._at_once(self._receive, incoming, remote, True, also)
        await self._tell_observers(incoming.address, [stored])
        return stored

    def _receive(
        self, incoming: Incoming, remote: str | None, acknowledged: bool = True, also: Also = nothing_else
    ) -> Message:
        try:
            self._check_limits(incoming.address, remote)
            stored = self._router.receive(incoming, acknowledged, also)
        except MessageRefused as refused:
            REFUSED.labels(refused.refusal.name.lower()).inc()
            raise
        MESSAGES.labels(channel_of(incoming.address)).inc()
        return stored

    async def answer(self, address: str, arrived: Message | None = None) -> None:
        """Have everything waiting in a conversation answered and delivered."""
        await self._deliver(address, await self._in_thread(self._answer, address, arrived))

    async def wake(self, address: str) -> None:
        """Have an event answered that was stored in a conversation; nobody waits for it."""
        self._soon(self.answer(address))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something happen that nobody waits for."""
        task = asyncio.create_task(self._tried(work))
        self._woken.add(task)
        task.add_done_callback(self._woken.discard)

    async def end_quiet(self) -> None:
        """Tell the news that waited for the morning, where it has come."""
        for address in await self._in_thread(self._router.end_quiet):
            await self.wake(address)

    async def _tried(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except SQLAlchemyError:
            log.exception("not answered or not sent yet")  # it is stored; the next message or start takes it up

    async def finish(self) -> None:
        """Let what was woken end; what is not finished stays stored and is resumed at the next start."""
        if self._woken:
            await asyncio.wait(self._woken, timeout=SECONDS_TO_END)

    def _answer(self, address: str, arrived: Message | None) -> list[Message]:
        if arrived is not None and arrived.state is not State.WAITING:
            return []
        with TURN_SECONDS.time():
            return self._router.answer_waiting(address, arrived)

    async def converse(self, incoming: Incoming) -> list[Message]:
        """Store one message of a trusted integration and return its answers. Raises MessageRefused."""
        stored, replies, answers = await self._in_thread(self._converse, incoming)
        await self._tell_observers(incoming.address, [stored])
        await self._deliver(incoming.address, replies)
        return answers

    def _converse(self, incoming: Incoming) -> tuple[Message, list[Message], list[Message]]:
        """The stored message, every reply that this call brought about, and those to its own message, whoever had it answered.

        A caller who cannot be written to also hears now what the assistant said by itself in between.
        """
        stored = self._receive(incoming, None, acknowledged=False)
        replies = self._answer(incoming.address, stored)
        own = [reply for reply in replies if reply.answers_id == stored.id] or self._router.replies_to(stored.id)
        announced = self._router.announced_before(incoming.address, stored, own[0] if own else None)
        return stored, replies, announced + own

    async def open(self, address: str, remote: str | None) -> None:
        """Welcome a person who opened a chat; the welcome is delivered like any reply. Raises MessageRefused."""
        await self._deliver(address, await self._in_thread(self._open, address, remote))

    def _open(self, address: str, remote: str | None) -> list[Message]:
        self._check_limits(address, remote)
        return self._router.open(address)

    def _check_limits(self, address: str, remote: str | None) -> None:
        if not self._limits.allow(address, remote):
            raise MessageRefused(Refusal.TOO_MANY)

    async def since(self, address: str, after: int) -> list[Message]:
        """Everything said after sequence number `after`."""
        return await self._in_thread(self._router.since, address, after)

    async def remark(
        self, incoming: Incoming, remote: str | None, response: str, also: Also = nothing_else
    ) -> tuple[Message, bool]:
        """Store something that is no text, described in words, and have `response` said to it; whether it was new.

        In a conversation of the staff it is left waiting: `answer` brings it to them. `also` is as in `receive`.
        Whoever brought it need not wait until the response is on its way. Raises MessageRefused and TurnFailed.
        """
        stored, replies, is_new = await self._at_once(self._remark, incoming, remote, response, also)
        await self._tell_observers(incoming.address, [stored] if is_new else [])
        self._soon(self._deliver(incoming.address, replies))
        return stored, is_new

    def _remark(
        self, incoming: Incoming, remote: str | None, response: str, also: Also
    ) -> tuple[Message, list[Message], bool]:
        try:
            self._check_limits(incoming.address, remote)
            stored, replies, is_new = self._router.remark(incoming, response, also)
        except MessageRefused as refused:
            REFUSED.labels(refused.refusal.name.lower()).inc()
            raise
        MESSAGES.labels(channel_of(incoming.address)).inc()
        return stored, replies, is_new

    async def announce(self, address: str, response: str, **values: object) -> None:
        """Say something by itself; nothing where the staff have the conversation."""
        await self._deliver(address, await self._in_thread(self._announce, address, response, values))

    def _announce(self, address: str, response: str, values: dict[str, object]) -> list[Message]:
        return self._router.announce_now(address, response, **values)

    async def title_of(self, address: str, sequence: int, index: int) -> str | None:
        """The title of a button that one of our messages there offered; None where there is none."""
        return await self._at_once(self._router.title_of, address, sequence, index)

    async def attachment_at(self, address: str, sequence: int) -> Attachment | None:
        """The file of one message of a conversation; None where it has none."""
        return await self._at_once(self._router.attachment_at, address, sequence)

    def say(self, response: str, **values: object) -> Reply:
        """One response by name, outside any conversation."""
        return self._router.say(response, **values)

    def refusal(self, refused: MessageRefused) -> Reply:
        """What to tell a person whose message was not taken."""
        return self._router.refusal(refused)

    def apology(self) -> Reply:
        """What to tell a person whose message is stored but cannot be answered now."""
        return self._router.apology()

    async def resume(self) -> None:
        """Finish the turns that the last stop cut off."""
        addresses = await self._in_thread(self._router.unanswered)
        for address in addresses:
            await self.answer(address)
        if addresses:
            log.info("turns resumed", conversations=len(addresses))

    async def push(self, address: str, messages: list[Message]) -> None:
        """Bring messages that are stored already, such as those of the staff, to whoever listens at an address."""
        await self._deliver(address, messages)

    async def _deliver(self, address: str, replies: list[Message]) -> None:
        deliver = self._listeners.get(channel_of(address))
        if deliver is not None and replies:
            await deliver(address, replies)
        await self._tell_observers(address, replies)

    async def _at_once(self, function: Callable[..., Result], *values: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._storing, function, *values)

    async def _in_thread(self, function: Callable[..., Result], *values: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *values)
