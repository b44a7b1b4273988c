"""Two kinds of questions cannot be told apart: what they run and write, and how long they take."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event, select

from bot.audit.model import Recorded, Search
from bot.audit.service import search
from bot.identity.attempts import attempt_table
from bot.identity.codes import code_table
from bot.notifications.store import mail_table

ROUNDS, ASKED_OF_EACH = 3, 200


@contextmanager
def statements(of: Connection | Engine) -> Iterator[list[str]]:
    """What is run inside the block, as it is sent to the database."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(of, "before_cursor_execute", note)
    yield said
    event.remove(of, "before_cursor_execute", note)


def audited(connection: Connection) -> Sequence[Recorded]:
    """The newest entries of the audit, the newest first."""
    return search(connection, Search(), 0, 100)


def rows_written(connection: Connection) -> dict[str, int]:
    """How many rows there are of each kind that a question for a code leaves."""
    tables = (code_table, attempt_table, mail_table)
    counts = {table.name: len(connection.execute(select(table)).all()) for table in tables}
    return counts | {"audit": len(audited(connection))}


def check_equal_time(ask: Callable[[bool, int], object]) -> None:
    """`ask(is_there, number)` asks about something that is there, or is not; numbers are new in every round.

    The medians of interleaved questions differ by less than 5 %, or than a quarter of what single ones scatter, which also a busy
    machine keeps, as both kinds are asked side by side. Three rounds may try: a real difference shows in each of them.
    """
    told = []
    for number in range(ROUNDS):
        known, unknown = _round(ask, number * ASKED_OF_EACH)
        medians = statistics.median(known), statistics.median(unknown)
        noise = max(0.05 * medians[0], quartile_distance([*known, *unknown]) / 4)
        told.append(f"there {medians[0]:.3f} ms, not there {medians[1]:.3f} ms, noise {noise:.3f} ms")
        if abs(medians[0] - medians[1]) < noise:
            break
    sys.stdout.write("\n".join(["", *told, ""]))
    assert abs(medians[0] - medians[1]) < noise, told


def _round(ask: Callable[[bool, int], object], first: int) -> tuple[list[float], list[float]]:
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(first, first + ASKED_OF_EACH):
        for is_there in (True, False) if number % 2 else (False, True):
            began = time.perf_counter()
            ask(is_there, number)
            took[is_there].append(1000 * (time.perf_counter() - began))
    return took[True], took[False]


def quartile_distance(values: Sequence[float]) -> float:
    quartiles = statistics.quantiles(values, n=4)
    return quartiles[2] - quartiles[0]
