"""What WhatsApp brings: each message is stored, then acknowledged; its answer, the typing sign and files come after that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.area import Area
from bot.channels.contract import words_of
from bot.channels.whatsapp import client as service
from bot.channels.whatsapp import store
from bot.channels.whatsapp.account import Account
from bot.channels.whatsapp.client import CallFailed, Client
from bot.channels.whatsapp.files import CLAIM, Files
from bot.channels.whatsapp.rendering import MOST_ROWS, place_of, text_payload
from bot.channels.whatsapp.sending import Records, Sending
from bot.channels.whatsapp.transport import CHANNEL, Arrived, Kind, Progress, Status, Update
from bot.conversation import choices, outbound_store, transcript
from bot.conversation.chats import KnownNames
from bot.conversation.delivery import Delivery
from bot.conversation.model import Incoming, Message, MessageRefused, State
from bot.conversation.outbound import Outbound, SendFailed
from bot.conversation.outbound_store import Undelivered
from bot.conversation.router import Also, nothing_else

AHEAD = timedelta(minutes=5)
BETWEEN_NOTICES = timedelta(minutes=1)
MOST_NOTICES_REMEMBERED = 10_000
PAUSES_FOR_OUR_NOTE_SECONDS = (0.2, 1.0, 5.0)
SECONDS_TO_END = 3
LONGEST_NUMBER = 2

LEFT_OUT = Counter("ventanilla_whatsapp_left_out_total", "Signed messages that were not taken, by reason.", ["reason"])
PROGRESS = Counter("ventanilla_whatsapp_progress_total", "What became of messages of ours.", ["progress"])

ANSWERS = {
    Kind.VOICE: "utter_sent_voice",
    Kind.VIDEO: "utter_video_not_seen",
    Kind.STICKER: "utter_sent_sticker",
    Kind.PLACE: "utter_sent_location",
    Kind.CARD: "utter_sent_contact",
    Kind.OTHER: "utter_sent_other",
    Kind.FILE: "utter_sent_file_not_taken",
}
"""What is answered to what holds no words; to files, where nobody takes them."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Tools:
    """What the reception works with. `files` is None where nobody keeps documents."""

    account: Account
    area: Area
    records: Records
    client: Client
    sending: Sending
    delivery: Delivery
    outbound: Outbound
    clock: Callable[[], datetime]
    files: Files | None = None


class Reception:
    """Takes updates. Every method is called in the event loop."""

    def __init__(self, tools: Tools) -> None:
        self._with = tools
        self._tasks: set[asyncio.Task[None]] = set()
        self._second_look: asyncio.TimerHandle | None = None
        self._names = KnownNames()
        self._noticed: dict[tuple[str, str], datetime] = {}

    async def start(self) -> None:
        """Fetch the files that the last stop left, and once more when the claim of a process that was killed has run out."""
        files = self._with.files
        if files:
            self._later(files.fetch_waiting())
            loop = asyncio.get_running_loop()
            again = CLAIM.total_seconds() + 1
            self._second_look = loop.call_later(again, lambda: self._later(files.fetch_waiting()))

    async def finish(self) -> None:
        """Let what runs end; what is stored is taken up at the next start."""
        if self._second_look:
            self._second_look.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=SECONDS_TO_END)
            for task in late:
                task.cancel()

    async def take(self, update: Update) -> None:
        """Store what one request brings; after that it may be acknowledged. Raises SQLAlchemyError, and then it may not.

        What several people write is stored side by side, what one person writes in its order.
        """
        written: dict[str, list[Arrived]] = {}
        for message in update.messages:
            written.setdefault(message.number, []).append(message)
        outcomes = await asyncio.gather(*map(self._take_messages, written.values()), return_exceptions=True)
        for failed in (outcome for outcome in outcomes if outcome):
            raise failed
        for status in update.statuses:
            PROGRESS.labels(status.progress.value).inc()
            self._later(self._note(status))

    async def _take_messages(self, messages: list[Arrived]) -> None:
        for message in messages:
            await self._take_message(message)

    async def _take_message(self, message: Arrived) -> None:
        address = store.address_of(self._with.area, message.number)
        if not await self._is_timely(address, message):
            return
        now = self._with.clock()
        try:
            with self._names.noting(address, message.name, now) as note_name:
                await self._store(address, message, self._also(address, message, note_name))
        except MessageRefused as refused:
            self._later(self._with.records.write(store.note_heard, address, message, now))
            self._later(self._notice(message.number, refused.refusal.value, self._with.delivery.refusal(refused).text))

    def _also(self, address: str, message: Arrived, note_name: Also) -> Also:
        """What is kept in one transaction with a message: that the person wrote, and what they are called."""
        now = self._with.clock()

        def also(connection: Connection) -> None:
            note_name(connection)
            store.note_heard(connection, address, message, now)

        return also

    async def _is_timely(self, address: str, message: Arrived) -> bool:
        """What is older than the limit is refused; if it never reached us, the person is asked to write it again."""
        now = self._with.clock()
        if message.sent_at > now + AHEAD:
            LEFT_OUT.labels("future").inc()
            return False
        if now - message.sent_at <= self._with.account.oldest_message:
            return True
        LEFT_OUT.labels("old").inc()
        is_known = await self._with.records.read(transcript.is_known, address, self._digest(message.message_id))
        if not is_known and now - message.sent_at < timedelta(days=1):
            response = "utter_message_too_late"
            self._later(self._notice(message.number, response, self._with.delivery.say(response).text))
        return False

    async def _store(self, address: str, message: Arrived, also: Also) -> None:
        files, channel_id = self._with.files, self._digest(message.message_id)
        if message.kind is Kind.FILE and files and message.media:
            return await self._store_file(files, address, message, also)
        if message.kind in ANSWERS:
            return await self.remark(address, channel_id, message.kind, ANSWERS[message.kind], also)
        text = await self._said(address, message)
        stored = await self._with.delivery.receive(Incoming(address, text, channel_id), None, also)
        self._later(self._answer(address, stored, message.message_id))
        return None

    async def remark(self, address: str, channel_id: str, kind: Kind, response: str, also: Also = nothing_else) -> None:
        """Store that something without words was sent, and have `response` said to it."""
        incoming = Incoming(address, words_of(CHANNEL)["sent"][kind.value], channel_id)
        stored, _ = await self._with.delivery.remark(incoming, None, response, also)
        if stored.state is State.WAITING:  # the staff have the conversation
            self._later(self._answer(address, stored, None))

    async def _store_file(self, files: Files, address: str, message: Arrived, also: Also) -> None:
        """The file is noted; what the person wrote under it is a message of its own."""
        assert message.media is not None
        row = {
            "digest": self._digest(message.message_id),
            "address": address,
            "media_id": message.media.id,
            "name": message.media.name.encode("utf-8", "ignore").decode().replace("\0", ""),
            "arrived_at": self._with.clock(),
        }
        if await self._with.records.keep(store.add_file, row, also):
            self._later(self._show_typing(message.message_id))
            self._later(files.fetch_waiting())
        if message.text.strip():
            caption = Incoming(address, message.text, self._digest(message.message_id))
            self._later(self._answer(address, await self._with.delivery.receive(caption, None), None))

    async def _said(self, address: str, message: Arrived) -> str:
        """What was written, or the title of what was chosen, whole as it was offered."""
        text = message.text.strip()
        place = place_of(message.choice) if message.choice else None
        if place:
            return await self._with.delivery.title_of(address, *place) or text
        if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
            return await self._with.records.read(choices.title_numbered, address, int(text), MOST_ROWS) or text
        return message.text

    async def _answer(self, address: str, stored: Message, message_id: str | None) -> None:
        if message_id:
            self._later(self._show_typing(message_id))
        try:
            await self._with.delivery.answer(address, stored)
        except SQLAlchemyError:
            log.exception("turn interrupted", message_id=stored.id)  # it waits; the next message or start answers it

    async def _show_typing(self, message_id: str) -> None:
        try:
            await self._with.client.show_typing(message_id)
        except CallFailed as failed:
            log.info("typing not shown", problem=str(failed))  # a nicety; the answer comes all the same

    async def _notice(self, number: str, kind: str, text: str) -> None:
        """A word that is no part of the conversation, at most one of a kind a minute for each person."""
        now, key = self._with.clock(), (store.address_of(self._with.area, number), kind)
        last = self._noticed.get(key)
        if last is not None and now - last < BETWEEN_NOTICES:
            return
        if len(self._noticed) >= MOST_NOTICES_REMEMBERED:
            self._noticed = {who: said for who, said in self._noticed.items() if now - said < BETWEEN_NOTICES}
        self._noticed[key] = now
        try:
            await self._with.client.send(number, text_payload(text))
        except CallFailed as failed:
            log.warning("notice not sent", problem=str(failed))

    async def _note(self, status: Status) -> None:
        """What became of a message of ours; the platform's word may come before our own note that it was sent."""
        digest, sent = self._digest(status.message_id), None
        for pause in (*PAUSES_FOR_OUR_NOTE_SECONDS, None):
            sent = await self._with.records.read(store.sent_to, digest)
            if sent is not None or pause is None:
                break
            await asyncio.sleep(pause)
        if sent is not None:
            now = self._with.clock()
            await self._with.records.write(store.note_progress, digest, status.progress, status.code, now)
        if status.progress is Progress.FAILED:
            log.warning("message not delivered", channel="whatsapp", code=status.code)
            if sent is not None:
                await self._note_failure(*sent, status.code)

    async def _note_failure(self, address: str, sequence: int, code: int) -> None:
        problem = f"whatsapp {code}: not delivered"
        await self._with.records.write(outbound_store.note_problem, address, problem, _why(code))
        person = await self._with.records.read(store.reachable, address)
        is_closed = code in service.OUTSIDE_WINDOW
        if not (is_closed and self._with.account.template):
            await self._with.outbound.note_refused(address, sequence)
        if is_closed and person is not None:
            await self._with.records.write(store.close_window, address)
            try:
                await self._with.sending.knock(address, person.number)
            except SendFailed as failed:
                log.warning("template not sent", problem=str(failed))

    def _digest(self, message_id: str) -> str:
        return store.digest_of(self._with.area, message_id)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("whatsapp task ended", exc_info=task.exception())


def _why(code: int) -> Undelivered:
    """What the staff is told of a message that failed after it had been taken."""
    if code in service.OUTSIDE_WINDOW:
        return Undelivered.WINDOW
    return Undelivered.UNREACHABLE if code in service.UNREACHABLE else Undelivered.NOT_TAKEN
