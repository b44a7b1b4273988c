"""Telling what is due: said by the assistant itself in the conversation, and sent like any reply."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, TypeVar

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, Row
from sqlalchemy.exc import SQLAlchemyError

from bot.area import SPAIN
from bot.database import Database
from bot.notices import store
from bot.notices.model import Kind, Mailing, State, is_quiet, told_from
from bot.notices.service import chats_of, mail_instead

SECONDS_BETWEEN_ROUNDS = 5.0

NOTICES = Counter("ventanilla_notices_total", "Notices, by what became of them.", ["outcome"])

Said = list[Any]
Say = Callable[[Connection, str, str, dict[str, Any]], Said]
"""Says a response in a conversation within a transaction; what was said, nothing where it must not be."""
Push = Callable[[str, Said], Awaitable[None]]
"""Brings what was said to who listens there."""
CanReach = Callable[[Connection, str], bool]
"""Whether a chat takes what is sent to it."""
Look = Callable[[Connection, datetime], bool]
"""Looks for one thing to tell; whether there may be more to look for."""
Refresh = Callable[[Connection, Kind, int, dict[str, Any], datetime], dict[str, Any] | None]
"""What a notice of that kind says to that person now; None: nothing any more. Rights are asked for here, at the last moment."""
EndQuiet = Callable[[], Awaitable[None]]
"""Has the news told that waited for the morning in their conversations."""
Result = TypeVar("Result")

log = structlog.get_logger()


async def _nothing() -> None:
    """There are none."""


class Notices:
    """One task for the process; several processes share the work."""

    def __init__(
        self,
        database: Database,
        pool: ThreadPoolExecutor,
        clock: Callable[[], datetime],
        say: Say,
        push: Push,
        can_reach: CanReach,
        look: Look = lambda _connection, _now: False,
        refresh: Refresh = lambda _connection, _kind, _person_id, details, _now: details,
        end_quiet: EndQuiet = _nothing,
    ) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._say = say
        self._push = push
        self._can_reach = can_reach
        self._look = look
        self._refresh = refresh
        self._end_quiet = end_quiet
        self._rounds: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look for what is due from now on."""
        self._rounds = asyncio.create_task(self._look_now_and_then())

    async def finish(self) -> None:
        """Look no more."""
        if self._rounds:
            self._rounds.cancel()
            await asyncio.wait([self._rounds])

    async def _look_now_and_then(self) -> None:
        while True:
            try:
                await self.tell_due()
            except SQLAlchemyError:
                log.exception("notices not told")  # the next round tells them
            await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)

    async def tell_due(self) -> None:
        """Look for what there is to tell, and tell everything that is due."""
        await self._end_quiet()
        while await self._in_thread(self._look_next):
            continue
        while (told := await self._in_thread(self._tell_next)) is not None:
            address, said = told
            if said:
                await self._push(address, said)

    def _look_next(self) -> bool:
        with self._database.writing() as connection:
            return self._look(connection, self._clock())

    def _tell_next(self) -> tuple[str, Said] | None:
        """Settle the next notice; where it was said and what, ("", []) where nowhere. None: nothing is due."""
        now = self._clock()
        with self._database.writing() as connection:
            notice = store.next_due(connection, now)
            if notice is None:
                return None
            if is_quiet(now, SPAIN):
                store.put_off(connection, notice.id, told_from(now, SPAIN))
                return "", []
            state, address, said = self._settle(connection, notice, now)
        NOTICES.labels(state.value).inc()
        return address, said

    def _settle(self, connection: Connection, notice: Row[Any], now: datetime) -> tuple[State, str, Said]:
        kind = Kind(notice.kind)
        details = self._refresh(connection, kind, notice.person_id, notice.details, now)
        if details is None:
            store.settle(connection, notice.id, State.DROPPED, now)
            return State.DROPPED, "", []
        mail = _mail(notice, details)
        address, said = self._tell(connection, kind, notice.person_id, details, now)
        if not said:
            mail_instead(connection, mail, now)
        state = State.TOLD if said else State.MAILED if mail else State.DROPPED
        where = {"address": address, "sequence": said[-1].sequence} if said else {}
        store.settle(connection, notice.id, state, now, mail=asdict(mail) if mail else None, **where)
        return state, address, said

    def _tell(
        self, connection: Connection, kind: Kind, person_id: int, details: dict[str, Any], now: datetime
    ) -> tuple[str, Said]:
        if not store.wants(connection, person_id):
            return "", []
        chats = chats_of(connection, person_id, now, kind)
        address = next((chat for chat in chats if self._can_reach(connection, chat)), "")
        said = self._say(connection, address, f"utter_notice_{kind}", details) if address else []
        return address, said

    async def _in_thread(self, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)


def _mail(notice: Row[Any], details: dict[str, Any]) -> Mailing | None:
    """The mail with what is known now; it is kept for a chat that refuses the notice later."""
    if notice.mail is None:
        return None
    mail = Mailing(**notice.mail)
    return replace(mail, details=mail.details | details)
