"""Brings cases and what customers write to Chatwoot, and what Chatwoot told us to the customers.

Nothing is lost in between: the transcript is what is sent from, and a row says how far. A case always stands in our own
queue too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from bot.area import SPAIN, Area
from bot.chatwoot import store
from bot.chatwoot.handling import Handled, Handling
from bot.chatwoot.model import Told
from bot.chatwoot.store import Talk
from bot.conversation import transcript
from bot.conversation.model import Author, Message
from bot.database import Database
from bot.desk import store as cases
from bot.desk.port import HandOffFailed, OtherDesk, Started, Status
from bot.identity.persons import person_by_id

SECONDS_BETWEEN_ROUNDS = 1.0
GIVE_UP_STARTING_AFTER = timedelta(minutes=1)
PAUSES_SECONDS = (1, 2, 5, 10, 20, 40, 60, 120, 180)
"""After the last of these, some seven minutes, a talk that was begun is given up too."""
LEASE = timedelta(minutes=3)
LOOKED_BACK = timedelta(hours=1)
TALKS_AT_ONCE = 16
MESSAGES_TOLD = 30
SECONDS_TO_END = 3
DESK, PAGE = "/desk", "/desk/gestion"

HAND_OFFS = Counter("ventanilla_chatwoot_total", "What was done at Chatwoot, by outcome.", ["outcome"])

Result = TypeVar("Result")
log = structlog.get_logger()
_templates = Environment(  # noqa: S701  # plain text
    loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined, trim_blocks=True
)


class Bring(Protocol):
    """How words reach a customer: `Delivery`."""

    async def push(self, address: str, messages: list[Message]) -> None:
        """Bring messages that are stored."""

    async def wake(self, address: str) -> None:
        """Let the assistant speak about an event."""


class ChatwootWorker:
    """One task that looks every second, and at once when a webhook came. Started and ended in the event loop."""

    def __init__(
        self,
        database: Database,
        area: Area,
        desk: OtherDesk,
        handling: Handling,
        bring: Bring,
        clock: Callable[[], datetime],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._area = area
        self._desk = desk
        self._handling = handling
        self._bring = bring
        self._clock = clock
        self._close = close
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._typing: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(TALKS_AT_ONCE)

    def start(self) -> None:
        """Begin; what the last stop left is done first."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def finish(self) -> None:
        """Stop; what is not done stays stored."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=SECONDS_TO_END)
        await self._close()

    async def _run(self) -> None:
        while True:
            try:
                await self.round()
            except SQLAlchemyError:
                log.exception("chatwoot round interrupted")  # the next one goes on
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), SECONDS_BETWEEN_ROUNDS)
            self._woken.clear()

    async def round(self) -> None:
        """Everything that is to be done now: first what Chatwoot told us, then what we have for it."""
        for event_id, told in await asyncio.to_thread(self._unhandled):
            await self._bring_all(await asyncio.to_thread(self._handling.handle, event_id, told))
        talks = await asyncio.to_thread(self._due)
        await asyncio.gather(*(self._serve(talk) for talk in talks))

    def _unhandled(self) -> list[tuple[int, Told]]:
        with self._database.reading() as connection:
            return list(store.unhandled(connection))

    def _due(self) -> list[Talk]:
        now = self._clock()
        with self._database.writing() as connection:
            store.add_new(connection, now - LOOKED_BACK, now)
            store.forget_events(connection, now)
            return [talk for talk in store.due(connection, now) if store.claim(connection, talk, now, now + LEASE)]

    async def _serve(self, talk: Talk) -> None:
        async with self._gate:
            try:
                await self._advance(talk)
            except HandOffFailed as failed:
                await self._put_off(talk, failed)

    async def _advance(self, talk: Talk) -> None:
        if not talk.state.is_live or talk.has_agent_of_ours:
            await self._stop(talk)
            return
        started = talk.started or await self._start(talk)
        if not talk.is_briefed:
            await self._desk.brief(started.conversation, await asyncio.to_thread(self._summary, talk))
            await self._note(talk, is_briefed=1, status=Status.ACCEPTED.value)
            HAND_OFFS.labels("accepted").inc()
        for message in await asyncio.to_thread(self._unsent, talk):
            await self._desk.message(started, await self._words(talk, message), message.id)
            await self._note(talk, sent_sequence=message.sequence, attempts=0, problem=None)
        await self._note(talk, attempts=0, problem=None, due_at=self._clock())

    async def _start(self, talk: Talk) -> Started:
        key = self._area.digest("chatwoot customer", talk.address)[:32]
        started = await self._desk.start(key, await asyncio.to_thread(self._name, talk))
        await self._note(talk, remote_id=started.conversation, customer=started.customer)
        return started

    async def _stop(self, talk: Talk) -> None:
        """What the customer wrote last is brought before the end."""
        if talk.started is not None:
            for message in await asyncio.to_thread(self._unsent, talk) if not talk.has_agent_of_ours else ():
                await self._desk.message(talk.started, await self._words(talk, message), message.id)
                await self._note(talk, sent_sequence=message.sequence)
            await self._desk.stopped(talk.started.conversation)
        await self._note(talk, status=Status.COMPLETED.value, due_at=None)
        HAND_OFFS.labels("completed").inc()

    async def _put_off(self, talk: Talk, failed: HandOffFailed) -> None:
        log.warning("chatwoot failed", case_id=talk.case_id, problem=str(failed), attempts=talk.attempts + 1)
        now = self._clock()
        too_late = talk.status is Status.ASKED and now - talk.opened_at >= GIVE_UP_STARTING_AFTER
        if failed.permanent or too_late or talk.attempts >= len(PAUSES_SECONDS):
            HAND_OFFS.labels("failed").inc()
            await self._bring_all(await asyncio.to_thread(self._handling.give_up, talk, str(failed)))
            return
        HAND_OFFS.labels("retried").inc()
        due_at = now + timedelta(seconds=PAUSES_SECONDS[talk.attempts])
        await self._note(talk, attempts=talk.attempts + 1, due_at=due_at, problem=str(failed)[:200])

    async def _bring_all(self, handled: Handled | None) -> None:
        if handled is None:
            return
        await self._bring.push(handled.address, handled.said)
        if handled.wakes:
            await self._bring.wake(handled.address)
        if handled.not_brought_in is not None:
            await self._tell_of_file(handled.not_brought_in)

    async def _tell_of_file(self, conversation: int) -> None:
        """The customer has been told; that the agent is too is worth one attempt."""
        note = _templates.get_template("file_not_brought.txt.j2").render(link=self._area.url(DESK))
        try:
            await self._desk.note(conversation, note.strip())
        except HandOffFailed as failed:
            log.warning("chatwoot not told of a file", problem=str(failed))

    async def show_typing(self, address: str, on: bool) -> None:
        """The customer of a conversation that is at Chatwoot writes, or has stopped; nobody waits for it."""
        task = asyncio.create_task(self._show_typing(address, on))
        self._typing.add(task)
        task.add_done_callback(self._typing.discard)

    async def _show_typing(self, address: str, on: bool) -> None:
        try:
            started = await asyncio.to_thread(self._attended, address)
            if started is not None:
                await self._desk.typing(started, on)
        except (HandOffFailed, SQLAlchemyError) as error:
            log.info("typing not shown at chatwoot", problem=type(error).__name__)

    def _attended(self, address: str) -> Started | None:
        with self._database.reading() as connection:
            return store.attended_at(connection, address)

    async def _words(self, talk: Talk, message: Message) -> str:
        """What is brought of a message: of a file, that there is one and where, as the interface takes none."""
        if message.attachment is None:
            return message.text
        return await asyncio.to_thread(self._file_sent, talk, message)

    def _file_sent(self, talk: Talk, message: Message) -> str:
        with self._database.reading() as connection:
            about = cases.by_id(connection, talk.case_id)
        assert about is not None
        values = {"file": message.attachment, "case": about, "link": self._area.url(f"{PAGE}/{about.procedure_id}")}
        return _templates.get_template("file_sent.txt.j2").render(values).strip()

    async def _note(self, talk: Talk, **values: object) -> None:
        await asyncio.to_thread(self._change, talk.case_id, values)

    def _change(self, case_id: int, values: dict[str, object]) -> None:
        with self._database.writing() as connection:
            store.change(connection, case_id, **values)

    def _unsent(self, talk: Talk) -> list[Message]:
        with self._database.reading() as connection:
            return store.unsent(connection, talk)

    def _name(self, talk: Talk) -> str:
        """Who has signed in is known by name, anybody else by the key of the case."""
        with self._database.reading() as connection:
            about = cases.by_id(connection, talk.case_id)
            person = person_by_id(connection, about.person_id) if about and about.person_id is not None else None
            return person.name if person else (about.tracking_key if about else "")

    def _summary(self, talk: Talk) -> str:
        with self._database.reading() as connection:
            about = cases.by_id(connection, talk.case_id)
            said = transcript.since(connection, talk.address, 0)
        told = [each for each in said if each.author is not Author.EVENT and each.sequence <= talk.sent_sequence]
        values = {"case": about, "said": told[-MESSAGES_TOLD:], "since": talk.opened_at.astimezone(SPAIN)}
        return _templates.get_template("summary.txt.j2").render(values).strip()
