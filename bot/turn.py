"""The turn that is running: its transaction, its moment and what went wrong in it. Everything inside a turn finds it here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot.area import Area
from bot.company import Company


@dataclass
class Turn:
    """One turn: all that it reads and writes goes through `connection`; `failure` is the first error of an action."""

    connection: Connection
    address: str
    now: datetime
    area: Area
    failure: Exception | None = None
    company: Company = field(default_factory=dict)


_current: ContextVar[Turn | None] = ContextVar("turn", default=None)


def current_turn() -> Turn | None:
    """The running turn; None in Rasa's own commands."""
    return _current.get()


@contextmanager
def running(turn: Turn) -> Iterator[Turn]:
    """Make `turn` the current one inside the block."""
    token = _current.set(turn)
    try:
        yield turn
    finally:
        _current.reset(token)
