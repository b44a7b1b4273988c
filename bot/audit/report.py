"""Audit entries for people to read, a line each, and for other programs, as CSV. Times are those of Spain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from bot.area import SPAIN
from bot.audit.model import Recorded

COLUMNS = (
    "id", "at", "action", "result", "channel", "address", "person_id", "agency_id", "object_kind", "object_id"
)  # fmt: skip


def lines(found: Iterable[Recorded]) -> Iterator[str]:
    """One line an entry: "2026-11-22 13:00:00 done sign_in person 3 agency 1 client:7 web"; unknown values are left out."""
    for recorded in found:
        yield " ".join(_words(recorded)) + "\n"


def _words(recorded: Recorded) -> Iterator[str]:
    entry = recorded.entry
    yield f"{recorded.at.astimezone(SPAIN):%Y-%m-%d %H:%M:%S} {entry.result:<7} {entry.action}"
    if entry.person_id is not None:
        yield f"person {entry.person_id}"
    if entry.agency_id is not None:
        yield f"agency {entry.agency_id}"
    if entry.object_kind:
        yield f"{entry.object_kind}:{entry.object_id}"
    if entry.channel:
        yield entry.channel


def as_csv(found: Iterable[Recorded]) -> Iterator[str]:
    """A line of column names, then one an entry; `at` is ISO 8601 with its zone, what is not known is empty."""
    yield _row(COLUMNS)
    for recorded in found:
        entry = recorded.entry
        at = recorded.at.astimezone(SPAIN).isoformat()
        yield _row((recorded.id, at, *(getattr(entry, name) for name in COLUMNS[2:])))


def _row(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow("" if value is None else value for value in values)
    return line.getvalue()
