"""Replies on their way to a phone: rendered, in parts, within the 24 hours in which WhatsApp lets us write freely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection

from bot.area import Area
from bot.channels.contract import SentFiles, content_to_send
from bot.channels.whatsapp import client as service
from bot.channels.whatsapp import store
from bot.channels.whatsapp.account import Account
from bot.channels.whatsapp.client import CallFailed, Client
from bot.channels.whatsapp.rendering import Payload, Words, file_payload, payloads, template_payload
from bot.conversation.model import Message
from bot.conversation.outbound import SendFailed
from bot.conversation.outbound_store import Undelivered
from bot.database import Database

WINDOW = timedelta(hours=24)
CLOSED = "the person last wrote more than 24 hours ago"

Values = ParamSpec("Values")
Result = TypeVar("Result")
log = structlog.get_logger()


class Records:
    """The channel's tables, read and written in the threads that run turns."""

    def __init__(self, database: Database, pool: ThreadPoolExecutor) -> None:
        self._database = database
        self._pool = pool

    async def write(
        self, function: Callable[Concatenate[Connection, Values], Result], *values: Values.args, **named: Values.kwargs
    ) -> Result:
        """Call a function of the store in a transaction of its own."""

        def work() -> Result:
            with self._database.noting() as connection:
                return function(connection, *values, **named)

        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def keep(
        self, function: Callable[Concatenate[Connection, Values], Result], *values: Values.args, **named: Values.kwargs
    ) -> Result:
        """As `write`, of what is acknowledged: it is safe on the disk."""

        def work() -> Result:
            with self._database.writing() as connection:
                return function(connection, *values, **named)

        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def read(
        self, function: Callable[Concatenate[Connection, Values], Result], *values: Values.args, **named: Values.kwargs
    ) -> Result:
        """Call a reading function in a transaction of its own."""

        def work() -> Result:
            with self._database.reading() as connection:
                return function(connection, *values, **named)

        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


class Sending:
    """Sends one message at a time for a conversation; what was taken of a message is not sent again."""

    def __init__(
        self,
        account: Account,
        client: Client,
        records: Records,
        area: Area,
        words: Words,
        clock: Callable[[], datetime],
        files: SentFiles | None = None,
    ) -> None:
        self._files = files
        self._media_ids: dict[int, str] = {}
        self._account = account
        self._client = client
        self._records = records
        self._area = area
        self._words = words
        self._clock = clock

    async def send(self, address: str, message: Message) -> None:
        """Hand one message of ours over. Raises SendFailed."""
        person = await self._records.read(store.reachable, address)
        if person is None:
            raise SendFailed("the number was erased", permanent=True)
        if person.heard_at is None or self._clock() - person.heard_at >= WINDOW:
            await self.knock(address, person.number)
            raise self._closed()
        try:
            await self._send_parts(person.number, await self._payloads(address, message), message)
        except CallFailed as failed:
            if failed.code in service.OUTSIDE_WINDOW:
                await self._records.write(store.close_window, address)
                await self.knock(address, person.number)
                raise self._closed() from None
            meaning = _meaning(failed)
            if meaning.skip or meaning.permanent:
                self._media_ids.pop(message.id, None)
            raise meaning from None

    def _closed(self) -> SendFailed:
        return SendFailed(CLOSED, permanent=True, is_asked=bool(self._account.template), why=Undelivered.WINDOW)

    async def _payloads(self, address: str, message: Message) -> list[Payload]:
        """What to send. A file is given to the service once, however often sending it fails while the process lives."""
        file = message.attachment
        if file is None:
            return payloads(message, self._words)
        if message.id not in self._media_ids:
            content = await content_to_send(self._files, address, file)
            self._media_ids[message.id] = await self._client.upload(content, file.name, file.media_type)
        return [file_payload(message, file, self._media_ids[message.id])]

    async def _send_parts(self, number: str, made: list[Payload], message: Message) -> None:
        taken = await self._records.read(store.sent_parts, message.id)
        for part, payload in enumerate(made):
            if part not in taken:
                message_id = await self._client.send(number, payload)
                digest = store.digest_of(self._area, message_id)
                await self._records.write(store.add_sent, message.id, part, digest, self._clock())
        self._media_ids.pop(message.id, None)

    async def knock(self, address: str, number: str) -> None:
        """Ask the person once, with a template, to write; what waits for them is sent when they do. Raises SendFailed."""
        if not self._account.template or not await self._records.write(store.may_knock, address, self._clock()):
            return
        payload = template_payload(self._account.template, self._account.template_language)
        try:
            await self._client.send(number, payload)
        except CallFailed as failed:
            await self._records.write(store.forget_knock, address)
            log.warning("template not sent", code=failed.code, status=failed.status)
            if failed.is_passing or failed.is_expired:
                raise _meaning(failed) from None
            raise SendFailed(f"template refused ({failed.code})", permanent=True) from None


def _meaning(failed: CallFailed) -> SendFailed:
    """What the service's error means for what waits to be sent."""
    problem = str(failed)
    if failed.is_expired:
        return SendFailed(problem, retry_after_seconds=service.PAUSE_OF_EXPIRED_SECONDS)
    if failed.code in service.UNREACHABLE:
        return SendFailed(problem, permanent=True)
    if failed.code in service.LIMITED or failed.status == 429:
        pause = failed.retry_after_seconds or service.LIMITED.get(failed.code)
        return SendFailed(problem, retry_after_seconds=pause)
    if failed.is_passing:
        return SendFailed(problem, retry_after_seconds=failed.retry_after_seconds)
    return SendFailed(problem, skip=True)
