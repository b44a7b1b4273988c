"""`python -m bot procedures`: what has to be answered, what is late first and loud."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, datetime
from itertools import count

from sqlalchemy import Connection

from bot.accounts.model import MOST_ROWS_OF_A_PAGE, Page
from bot.area import SPAIN
from bot.database import Database
from bot.procedures.desk import due_list, late_count
from bot.procedures.model import Due

NOTHING_DUE = "Nothing is open."


def print_due(database: Database, now: datetime) -> int:
    """Print every open procedure, what is due first comes first; how many of them are late."""
    with database.reading() as connection:
        late = late_count(connection, now)
        lines = list(due_lines(connection, now)) or [NOTHING_DUE]
    loud = [f"!!! {late} LATE: the law's 15 working days are over."] if late else []
    sys.stdout.writelines(f"{line}\n" for line in [*loud, *lines])
    return late


def due_lines(connection: Connection, now: datetime) -> Iterator[str]:
    """One line a procedure: "LATE 3 days  V7K3-9MCD-TCR9  due 2026-12-15  complaint  in_progress"."""
    day = now.astimezone(SPAIN).date()
    for number in count():
        page = due_list(connection, now, Page(number * MOST_ROWS_OF_A_PAGE, MOST_ROWS_OF_A_PAGE))
        yield from (_line(due, day) for due in page)
        if len(page) < MOST_ROWS_OF_A_PAGE:
            return


def _line(due: Due, day: date) -> str:
    one, days = due.procedure, abs((due.procedure.deadline_on - day).days)
    left = f"{'LATE' if due.is_late else 'in'} {days} day{'' if days == 1 else 's'}"
    return f"{left:<14}{one.tracking_key}  due {one.deadline_on}  {one.kind:<22}{one.state}"
