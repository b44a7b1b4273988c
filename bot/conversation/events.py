"""What is noted in conversations without anybody writing: what a person did elsewhere, and news by others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from bot.conversation import transcript
from bot.database import Database

QuietUntil = Callable[[str, datetime], datetime | None]
"""Until when nobody is to be written to at an address who has not written first; None: at once."""


class EventNotes:
    """Events wait like messages; the turn that follows speaks about them."""

    def __init__(self, database: Database, clock: Callable[[], datetime], quiet_until: QuietUntil) -> None:
        self._database = database
        self._clock = clock
        self._quiet_until = quiet_until

    def note_event(self, connection: Connection, address: str, event: str) -> None:
        """Store what the person has just done (an intent, `/signed_in`) within the caller's transaction; `answer_waiting` answers it."""
        opened = transcript.open_conversation(connection, address, self._clock())
        transcript.add_event(connection, opened, event, self._clock())

    def note_news(self, connection: Connection, address: str, event: str) -> None:
        """As `note_event`, of something that others did: it is told by day, or before the next answer."""
        now = self._clock()
        opened = transcript.open_conversation(connection, address, now)
        transcript.add_event(connection, opened, event, now)
        transcript.keep_quiet(connection, opened, self._quiet_until(address, now))

    def end_quiet(self) -> list[str]:
        """The conversations whose news waited for the morning that has come."""
        with self._database.writing() as connection:
            return transcript.end_quiet(connection, self._clock())

    def note_event_once(self, connection: Connection, address: str, event: str) -> None:
        """As `note_event`, unless the same event waits there already: its turn will see what happened by then."""
        opened = transcript.open_conversation(connection, address, self._clock())
        if not transcript.is_event_waiting(connection, opened, event):
            transcript.add_event(connection, opened, event, self._clock())
