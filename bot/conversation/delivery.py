"""The asynchronous side of the router: turns run in threads, replies go to whoever listens at an address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from prometheus_client import Counter, Histogram

from bot.conversation.limits import MessageLimits
from bot.conversation.model import Incoming, Message, MessageRefused, Refusal, Reply, State
from bot.conversation.router import Router

Result = TypeVar("Result")
Deliver = Callable[[str, list[Message]], Awaitable[None]]

MESSAGES = Counter("ventanilla_messages_total", "Messages taken, by channel.", ["channel"])
REFUSED = Counter("ventanilla_messages_refused_total", "Messages not taken, by reason.", ["reason"])
TURN_SECONDS = Histogram(
    "ventanilla_turn_seconds",
    "From a message being stored to its answer being stored.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

log = structlog.get_logger()


class Delivery:
    """Takes messages from channels and brings replies back to them."""

    def __init__(self, router: Router, limits: MessageLimits, pool: ThreadPoolExecutor) -> None:
        self._router = router
        self._limits = limits
        self._pool = pool
        self._listeners: dict[str, Deliver] = {}

    def listen(self, channel: str, deliver: Deliver) -> None:
        """Bring the replies of every conversation of `channel` to `deliver` as soon as they are stored."""
        self._listeners[channel] = deliver

    async def receive(self, incoming: Incoming, remote: str | None) -> Message:
        """Store one message. Raises MessageRefused."""
        return await self._in_thread(self._receive, incoming, remote)

    def _receive(self, incoming: Incoming, remote: str | None, acknowledged: bool = True) -> Message:
        try:
            self._check_limits(incoming.address, remote)
            stored = self._router.receive(incoming, acknowledged)
        except MessageRefused as refused:
            REFUSED.labels(refused.refusal.name.lower()).inc()
            raise
        MESSAGES.labels(channel_of(incoming.address)).inc()
        return stored

    async def answer(self, address: str, arrived: Message | None = None) -> None:
        """Have everything waiting in a conversation answered and delivered."""
        await self._deliver(address, await self._in_thread(self._answer, address, arrived))

    def _answer(self, address: str, arrived: Message | None) -> list[Message]:
        if arrived is not None and arrived.state is not State.WAITING:
            return []
        with TURN_SECONDS.time():
            return self._router.answer_waiting(address, arrived)

    async def converse(self, incoming: Incoming) -> list[Message]:
        """Store one message of a trusted integration and return its answers. Raises MessageRefused."""
        replies, answers = await self._in_thread(self._converse, incoming)
        await self._deliver(incoming.address, replies)
        return answers

    def _converse(self, incoming: Incoming) -> tuple[list[Message], list[Message]]:
        """Every reply that this call brought about, and those to its own message, whoever had it answered."""
        stored = self._receive(incoming, None, acknowledged=False)
        replies = self._answer(incoming.address, stored)
        own = [reply for reply in replies if reply.answers_id == stored.id]
        return replies, own or self._router.replies_to(stored.id)

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

    async def _deliver(self, address: str, replies: list[Message]) -> None:
        deliver = self._listeners.get(channel_of(address))
        if deliver is not None and replies:
            await deliver(address, replies)

    async def _in_thread(self, function: Callable[..., Result], *values: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *values)


def channel_of(address: str) -> str:
    """The channel's name: what stands before the colon of an address."""
    return address.partition(":")[0]
