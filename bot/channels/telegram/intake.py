"""What comes from Telegram on its way into the conversation: stored before anybody is told that it was taken, then answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError

from bot.channels.contract import TakeFile
from bot.channels.telegram import transport
from bot.channels.telegram.chat_store import ChatStore
from bot.channels.telegram.client import FileTooLarge, TelegramClient
from bot.channels.telegram.transport import Elsewhere, Event, File, NoText, Pressed, Said
from bot.conversation.delivery import Delivery
from bot.conversation.model import Incoming, Message, MessageRefused, State, TurnFailed

SECONDS_BEFORE_TYPING = 0.4
SECONDS_TO_END = 3
LATE_SECONDS = 25 * 3600
"""Telegram keeps an update for 24 hours; one hour more for clocks."""
KINDS_WITH_OWN_ANSWER = frozenset({"voice", "audio", "sticker", "location", "contact"})

UPDATES = Counter("ventanilla_telegram_updates_total", "Updates of Telegram, by what became of them.", ["outcome"])

log = structlog.get_logger()


class Intake:
    """One for the process, whether updates are brought or fetched."""

    def __init__(
        self,
        delivery: Delivery,
        client: TelegramClient,
        chats: ChatStore,
        clock: Callable[[], datetime],
        take_file: TakeFile | None = None,
    ) -> None:
        self._delivery = delivery
        self._client = client
        self._chats = chats
        self._clock = clock
        self._take_file = take_file
        self._turns: set[asyncio.Task[None]] = set()

    async def take(self, event: Event | None) -> None:
        """Store what an update means; its answer comes by itself. Raises SQLAlchemyError: then it was not taken."""
        if self._is_recorded(event):
            UPDATES.labels("old").inc()
            return
        UPDATES.labels("ignored" if event is None else type(event).__name__.lower()).inc()
        try:
            if isinstance(event, Said):
                await self._said(event)
            elif isinstance(event, Pressed):
                await self._pressed(event)
            elif isinstance(event, File):
                await self._file(event)
            elif isinstance(event, NoText):
                await self._no_text(event)
            elif isinstance(event, Elsewhere):
                await self._elsewhere(event)
        except TurnFailed:
            log.exception("update not answered")

    def _is_recorded(self, event: Event | None) -> bool:
        """Whether it is older than what Telegram itself still brings, however long we were away."""
        sent_at = event.sent_at if isinstance(event, (Said, File, NoText)) else None
        return sent_at is not None and self._clock().timestamp() - sent_at > LATE_SECONDS

    async def _said(self, event: Said) -> None:
        await self._receive(event.incoming, event.shown_name)

    async def _receive(self, incoming: Incoming, shown_name: str | None = None) -> None:
        try:
            with self._chats.noting(incoming.address, shown_name) as also:
                stored = await self._delivery.receive(incoming, incoming.address, also)
        except MessageRefused as refused:
            self._client.soon(self._client.say(incoming.address, self._delivery.refusal(refused).text))
            return
        self._answer(incoming.address, stored)

    def _answer(self, address: str, stored: Message) -> None:
        if stored.state is State.WAITING:
            self._begin(self._turn(address, stored))

    async def _turn(self, address: str, stored: Message) -> None:
        typing = asyncio.create_task(self._type_if_slow(address))
        try:
            await self._delivery.answer(address, stored)
        except SQLAlchemyError:
            log.exception("turn interrupted", message_id=stored.id)  # it waits; the next message or start answers it
        finally:
            typing.cancel()

    async def _type_if_slow(self, address: str) -> None:
        await asyncio.sleep(SECONDS_BEFORE_TYPING)
        await self._client.type(address)

    async def _pressed(self, event: Pressed) -> None:
        self._client.soon(self._client.answer_press(event.query_id))
        title = await self._delivery.title_of(event.address, event.sequence, event.index)
        if event.message_id is not None:
            self._client.soon(self._client.take_buttons(event.address, event.message_id))
        if title is not None:
            await self._receive(Incoming(event.address, title, event.channel_message_id))

    async def _no_text(self, event: NoText) -> None:
        kind = event.kind if event.kind in KINDS_WITH_OWN_ANSWER else "other"
        await self._remark(event, f"utter_sent_{kind}")

    async def _remark(self, event: File | NoText, response: str) -> bool:
        """Whether it was taken for the first time."""
        incoming = event.incoming
        try:
            with self._chats.noting(incoming.address, event.shown_name) as also:
                stored, is_new = await self._delivery.remark(incoming, incoming.address, response, also)
        except MessageRefused as refused:
            self._client.soon(self._client.say(incoming.address, self._delivery.refusal(refused).text))
            return False
        self._answer(incoming.address, stored)
        return is_new

    async def _file(self, event: File) -> None:
        if self._take_file is None:
            is_new = await self._remark(event, "utter_sent_file_not_taken")
        elif event.size > transport.LARGEST_FILE_BYTES:
            is_new = await self._remark(event, "utter_sent_file_too_large")
        else:
            is_new = await self._remark(event, "utter_sent_file")
            if is_new:
                self._begin(self._fetch(event, self._take_file))
        if is_new and event.caption.strip():
            number = f"{event.incoming.channel_message_id} caption"
            await self._receive(Incoming(event.incoming.address, event.caption, number))

    async def _fetch(self, event: File, take_file: TakeFile) -> None:
        address = event.incoming.address
        try:
            response = await take_file(address, event.name, await self._client.fetch(event.file_id))
        except FileTooLarge:
            response = "utter_sent_file_too_large"
        except (TelegramError, SQLAlchemyError) as error:
            log.warning("file not fetched", problem=type(error).__name__)
            response = "utter_sent_file_failed"
        if response:
            await self._delivery.announce(address, response)

    async def _elsewhere(self, event: Elsewhere) -> None:
        """Once in each group: that we talk with one person only."""
        if await self._chats.is_new(event.address):
            self._client.soon(self._client.say(event.address, self._delivery.say("utter_only_in_private").text))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._turns.add(task)
        task.add_done_callback(self._turns.discard)

    async def finish(self) -> None:
        """Let the running turns end; what is not finished stays stored and is resumed at the next start."""
        if self._turns:
            await asyncio.wait(self._turns, timeout=SECONDS_TO_END)
