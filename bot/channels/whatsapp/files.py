"""Files that persons send: fetched from the service and handed to whoever keeps documents, also after a stop in between."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.contract import TakeFile
from bot.channels.whatsapp import store
from bot.channels.whatsapp.client import CallFailed, Client, FileRefused
from bot.channels.whatsapp.sending import Records

LARGEST_BYTES = 20 * 1024 * 1024
PAUSES_SECONDS = (1.0, 5.0, 30.0)
KEPT = timedelta(days=1)
CLAIM = timedelta(minutes=10)
"""Longer than all attempts at a file take; a process that was killed while it fetched one leaves it claimed so long."""
MOST_AT_ONCE = 4

log = structlog.get_logger()


Tell = Callable[[str, str, str], Awaitable[None]]
"""Say a response in a conversation: its address, an id that makes it happen once, and the response's name."""


class Files:
    """Fetches files one after the other for each conversation, a few conversations at once."""

    def __init__(
        self, client: Client, records: Records, take_file: TakeFile, tell: Tell, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._records = records
        self._take_file = take_file
        self._tell = tell
        self._clock = clock
        self._gate = asyncio.Semaphore(MOST_AT_ONCE)

    async def fetch_waiting(self) -> None:
        """Fetch everything that waits and that nobody is fetching, here or in another process."""
        now = self._clock()
        claimed = await self._records.write(store.claim_files, now, now + CLAIM)
        await asyncio.gather(*(self._fetch(file) for file in claimed))

    async def _fetch(self, file: store.Waiting) -> None:
        try:
            async with self._gate:
                await self._fetch_with_patience(file)
        except SQLAlchemyError:
            log.exception("file interrupted")  # it waits; the next file or start after its claim takes it up again

    async def _fetch_with_patience(self, file: store.Waiting) -> None:
        for pause in (*PAUSES_SECONDS, None):
            try:
                content, media_type = await self._client.file(file.media_id, LARGEST_BYTES)
            except FileRefused as refused:
                log.warning("file refused", reason=str(refused))
                return await self._finish(
                    file, "utter_file_too_large" if refused.is_too_large else "utter_sent_file_failed"
                )
            except CallFailed as failed:
                if pause is None or not (failed.is_passing or failed.is_expired):
                    log.warning("file not fetched", problem=str(failed))
                    return await self._finish(file, "utter_sent_file_failed")
                await asyncio.sleep(pause)
            else:
                name = file.name or _name_for(media_type)
                return await self._finish(file, await self._take_file(file.address, name, content))
        return None

    async def _finish(self, file: store.Waiting, response: str) -> None:
        """Say how it went; nothing where that is stored in the conversation already."""
        if response:
            await self._tell(file.address, f"file {file.id}", response)
        now = self._clock()
        await self._records.write(store.end_file, file.id, now, now - KEPT)


def _name_for(media_type: str) -> str:
    """Photographs come without a name."""
    return f"whatsapp{mimetypes.guess_extension(media_type.partition(';')[0].strip()) or ''}"
