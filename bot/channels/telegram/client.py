"""Calls of Telegram's Bot API, and which of its refusals mean what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from datetime import timedelta
from typing import Any

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.contract import SentFiles, content_to_send
from bot.channels.telegram import transport
from bot.channels.telegram.chat_store import ChatStore
from bot.channels.telegram.rendering import Call, calls, caption
from bot.conversation.model import Attachment, Message
from bot.conversation.outbound import SENDING_AT_ONCE, SendFailed

SECONDS_FOR_A_CALL = 10.0
SECONDS_FOR_A_FILE = 60.0
SECONDS_FOR_A_FILE_TO_BE_TAKEN = 30.0
GONE = ("chat not found", "user is deactivated", "bot was blocked", "bot can't initiate", "peer_id_invalid")
BAD_MARKS = "can't parse entities"

log = structlog.get_logger()


class FileTooLarge(Exception):
    """Telegram does not give it to bots."""


def make_bot(token: str, api_url: str) -> Bot:
    """The library's client; nothing is asked of Telegram yet."""
    request = HTTPXRequest(SENDING_AT_ONCE + 16, SECONDS_FOR_A_CALL, SECONDS_FOR_A_CALL, SECONDS_FOR_A_CALL, 60.0)
    base = api_url.rstrip("/")
    return Bot(token, f"{base}/bot", f"{base}/file/bot", request=request, get_updates_request=HTTPXRequest(2))


class TelegramClient:
    """Sends, and remembers in the chat's row which message shows its buttons."""

    def __init__(self, bot: Bot, chats: ChatStore, files: SentFiles | None = None) -> None:
        self._files = files
        self._bot = bot
        self._chats = chats
        self._pieces_sent: dict[int, int] = {}
        self._later: set[asyncio.Task[Any]] = set()

    async def send(self, address: str, message: Message) -> None:
        """Send one of our messages; after a failure in the middle it goes on with the next piece. Raises SendFailed."""
        if message.attachment is not None:
            await self._send_file(address, message, message.attachment)
            return
        made = calls(message)
        for number in range(self._pieces_sent.get(message.id, 0), len(made)):
            try:
                await self._send_call(address, made[number])
            except TelegramError as error:
                failed = failure_of(error)
                if failed.permanent or failed.skip:
                    self._pieces_sent.pop(message.id, None)
                raise failed from None
            self._pieces_sent[message.id] = number + 1
        self._pieces_sent.pop(message.id, None)

    async def _send_file(self, address: str, message: Message, file: Attachment) -> None:
        """As a document also where it is a photograph: Telegram would make that smaller. Who sent it stands below."""
        content = await content_to_send(self._files, address, file)
        try:
            await self._bot.send_document(
                transport.chat_id_of(address),
                content,
                caption=caption(message),
                parse_mode=ParseMode.HTML,
                filename=file.name,
                disable_content_type_detection=True,
                write_timeout=SECONDS_FOR_A_FILE,
                read_timeout=SECONDS_FOR_A_FILE_TO_BE_TAKEN,
            )
        except TelegramError as error:
            raise failure_of(error) from None

    async def _send_call(self, address: str, call: Call) -> None:
        if call.keyboard:
            await self._take_old_buttons(address)
        chat_id, buttons = transport.chat_id_of(address), _markup(call)
        preview = LinkPreviewOptions(is_disabled=True)
        try:
            sent = await self._bot.send_message(
                chat_id, call.html, ParseMode.HTML, reply_markup=buttons, link_preview_options=preview
            )
        except BadRequest as error:
            if BAD_MARKS not in error.message.lower():
                raise
            log.error("reply with bad marks", problem=error.message)
            sent = await self._bot.send_message(chat_id, call.plain, reply_markup=buttons, link_preview_options=preview)
        if call.keyboard:
            await self._chats.note_buttons(address, str(sent.message_id))

    async def _take_old_buttons(self, address: str) -> None:
        shown = await self._chats.buttons_on(address)
        if shown:
            await self.take_buttons(address, int(shown))

    async def take_buttons(self, address: str, message_id: int) -> None:
        """Take the buttons of a message away; that they stay would be no harm, so a failure is none."""
        chat_id = transport.chat_id_of(address)
        await _tried(self._bot.edit_message_reply_markup(chat_id, message_id, reply_markup=None))

    async def answer_press(self, query_id: str) -> None:
        """Tell Telegram that a button was heard: its clock under the finger ends."""
        await _tried(self._bot.answer_callback_query(query_id))

    async def type(self, address: str) -> None:
        """Show for some seconds that an answer is being written."""
        await _tried(self._bot.send_chat_action(transport.chat_id_of(address), ChatAction.TYPING))

    async def say(self, address: str, text: str) -> None:
        """Say something that is no part of the conversation; if it fails, it is not said."""
        await _tried(self._bot.send_message(transport.chat_id_of(address), text))

    async def fetch(self, file_id: str) -> bytes:
        """The content of a file. Raises FileTooLarge, and TelegramError."""
        try:
            file = await self._bot.get_file(file_id)
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise FileTooLarge from None
            raise
        return bytes(await file.download_as_bytearray(read_timeout=SECONDS_FOR_A_FILE))

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something happen that nobody waits for."""
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def finish(self) -> None:
        """Let what is being called end, then close the connections."""
        if self._later:
            await asyncio.wait(self._later, timeout=2)
        for request in self._bot._request:  # the library's own `shutdown` wants an `initialize`, which asks Telegram
            await request.shutdown()


def _markup(call: Call) -> InlineKeyboardMarkup | None:
    if not call.keyboard:
        return None
    rows = [[InlineKeyboardButton(title, callback_data=data) for title, data in row] for row in call.keyboard]
    return InlineKeyboardMarkup(rows)


async def _tried(call: Awaitable[object]) -> None:
    try:
        await call
    except TelegramError as error:
        log.info("telegram call not done", problem=type(error).__name__)


def failure_of(error: TelegramError) -> SendFailed:
    """What a refusal means for the message: try again, never again, or leave this one out."""
    if isinstance(error, RetryAfter):
        return SendFailed("too many", retry_after_seconds=seconds_of(error))
    if isinstance(error, Forbidden | ChatMigrated) or any(words in error.message.lower() for words in GONE):
        return SendFailed("the person cannot be reached there", permanent=True)
    if isinstance(error, BadRequest):
        return SendFailed(f"not taken: {error.message[:150]}", skip=True)
    if isinstance(error, InvalidToken):
        return SendFailed("TELEGRAM_TOKEN is not valid")
    return SendFailed("network" if isinstance(error, NetworkError) else type(error).__name__)


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram wants us to wait."""
    waits = error.retry_after
    return waits.total_seconds() if isinstance(waits, timedelta) else float(waits)
