"""What an import is made of: layouts of files, problems in them, and what was changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

SHOWN_PROBLEMS = 100

StagedValue = str | int | None
ParseRow = Callable[[Sequence[str]], tuple[StagedValue, ...]]


class BadValue(Exception):
    """A value that cannot be taken; the message says which and why."""


class FileRefused(Exception):
    """A file that cannot be read as one of ours; the message is one line."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is not taken; `line` counts from 1, the header being the first."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(slots=True)
class Problems:
    """The first problems and how many there are: a file may consist of nothing else."""

    shown: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, file: str, line: int, reason: str) -> None:
        """Count one more; only the first ones are kept."""
        self.count += 1
        if len(self.shown) < SHOWN_PROBLEMS:
            self.shown.append(Problem(file, line, reason))

    def add_more(self, count: int) -> None:
        """Count some that nobody will be shown."""
        self.count += count


@dataclass(frozen=True, slots=True)
class Change:
    """What a file did to one table."""

    table: str
    new: int
    changed: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file did."""

    file: str
    rows: int
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did; with problems nothing was stored."""

    loaded: Sequence[Loaded]
    problems: Problems
    stored: bool


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of file, in the order in which `parse` takes their values.

    `parse` gives the values of the staging table, dates as ISO text. Raises BadValue.
    """

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    staged: Mapping[str, str]
    """Column of the staging table → "text", "date" or "number"."""
    parse: ParseRow

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that a file may have."""
        return self.required + self.optional
