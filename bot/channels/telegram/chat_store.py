"""What we keep of Telegram's chats, asked from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TypeVar

from bot.conversation import chats
from bot.conversation.router import Also
from bot.database import Database

Result = TypeVar("Result")


class ChatStore:
    """Names, and which message shows its buttons."""

    def __init__(self, database: Database, pool: ThreadPoolExecutor, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._pool = pool
        self._clock = clock
        self._names = chats.KnownNames()

    def noting(self, address: str, shown_name: str | None) -> AbstractContextManager[Also]:
        """As KnownNames.noting."""
        return self._names.noting(address, shown_name, self._clock())

    async def is_new(self, address: str) -> bool:
        """Whether nothing is kept of a chat yet; from now on it is."""
        return await self._in_thread(self._is_new, address)

    def _is_new(self, address: str) -> bool:
        with self._database.noting() as connection:
            known = chats.is_known(connection, address)
            if not known:
                chats.note_chat(connection, address, "", self._clock())
            return not known

    async def buttons_on(self, address: str) -> str | None:
        """The message whose buttons are shown."""
        return await self._in_thread(self._buttons_on, address)

    def _buttons_on(self, address: str) -> str | None:
        with self._database.reading() as connection:
            return chats.buttons_on(connection, address)

    async def note_buttons(self, address: str, message_id: str | None) -> None:
        """Remember which message shows its buttons."""
        await self._in_thread(self._note_buttons, address, message_id)

    def _note_buttons(self, address: str, message_id: str | None) -> None:
        with self._database.noting() as connection:
            chats.note_buttons_on(connection, address, message_id)

    async def _in_thread(self, function: Callable[..., Result], *values: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *values)
