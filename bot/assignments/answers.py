"""The client's answer from its mailbox: shown first, given once, within a week; what becomes of no answer, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.area import Area
from bot.assignments import requests, store
from bot.assignments.model import Answer
from bot.assignments.requests import Asking, Decider
from bot.assignments.store import request, request_table
from bot.database import Database, Line, in_line
from bot.identity.links import link_of

EVENT = "/assignment_answered"
AT_ONCE = 100
NOBODY = Decider()

Announce = Callable[[Connection, str, str], None]
"""Tells the conversation at an address something, as its next turn: connection, address, text."""


class Answers:
    """What the pages and the clock call. Each call makes its own short transactions."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime], announce: Announce) -> None:
        self._database = database
        self._area = area
        self._clock = clock
        self._announce = announce

    def look(self, token: str) -> Asking:
        """What the client is asked. Raises LinkGone."""
        with self._database.reading() as connection:
            row = link_of(connection, self._area, request_table, token)
            return requests.asking_of(connection, requests.opened(connection, row, self._clock()))

    def answer(self, token: str, answer: Answer) -> Asking:
        """Accept or refuse. Nobody is signed in on a page behind a mail: the answer is the client's own. Raises LinkGone."""
        now = self._clock()
        with self._database.writing() as connection:
            in_line(connection, Line.CONTACTS)
            row = link_of(connection, self._area, request_table, token)
            found = requests.opened(connection, row, now)
            return requests.answer(connection, self._area, found, answer, NOBODY, now)

    def expire(self) -> None:
        """Close requests that nobody answered in time."""
        now = self._clock()
        over = (request.used_at.is_(None), request.expires_at <= now)
        with self._database.reading() as connection:
            rows = list(connection.execute(select(request_table).where(*over).order_by(request.id).limit(AT_ONCE)))
        for row in rows:
            self._expire(row, now)

    def _expire(self, row: Row[Any], now: datetime) -> None:
        with self._database.writing() as connection:
            in_line(connection, Line.CONTACTS)
            requests.settle(connection, self._area, row, Answer.EXPIRED, NOBODY, now)

    def announce(self) -> list[str]:
        """Leave every new answer in the conversation in which it was asked; gives the conversations that are to be woken.

        Not in the transaction of the answer: who stands in a line never waits for a conversation (`bot.database.in_line`).
        """
        with self._database.reading() as connection:
            rows = store.unannounced(connection, AT_ONCE)
        return [row.address for row in rows if self._announced(row)]

    def _announced(self, row: Row[Any]) -> bool:
        """The conversation's lock comes before all others, as in its own turns; what another process announced stays as it was."""
        try:
            with self._database.writing() as connection:
                self._announce(connection, row.address, EVENT)
                if not store.mark_announced(connection, row.id, self._clock()):
                    raise _AnnouncedBefore
        except _AnnouncedBefore:
            return False
        return True


class _AnnouncedBefore(Exception):
    """Somebody else was quicker: nothing of this transaction is kept."""
