"""Loads files: all of them or none, however often.

Rows stream into temporary tables first, which locks nothing. What one row cannot show (repeated numbers, contracts that
nobody knows) is asked of those tables, then everything is stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from sqlalchemy import Connection, Table

from bot.database import READING, WRITING, Database
from bot.imports import clients, contracts, invoices, people
from bot.imports.files import CsvFile
from bot.imports.model import BadValue, FileRefused, Loaded, Outcome, Problems, StagedValue
from bot.imports.staging import stage, staging_table

KINDS: tuple[ModuleType, ...] = (clients, people, contracts, invoices)
"""In the order in which they build on each other, whatever the order of the files."""
LAYOUTS = tuple(kind.LAYOUT for kind in KINDS)

Progress = Callable[[str, int], None]
"""Told a file's name and how many of its bytes have been read."""


@dataclass
class _Staged:
    """A file on its way."""

    file: CsvFile
    table: Table
    rows: int = 0
    refused: FileRefused | None = None

    @property
    def kind(self) -> ModuleType:
        return KINDS[LAYOUTS.index(self.file.layout)]


def open_files(paths: Sequence[Path]) -> list[CsvFile]:
    """The files, in the order in which they are loaded. Raises FileRefused."""
    files = [CsvFile(path, LAYOUTS) for path in paths]
    return sorted(files, key=lambda file: LAYOUTS.index(file.layout))


def load(database: Database, files: Sequence[CsvFile], dry_run: bool, progress: Progress) -> Outcome:
    """Load the files; a dry run does everything but keep it. Raises FileRefused."""
    problems = Problems()
    staged = [_Staged(file, staging_table(file.layout, index)) for index, file in enumerate(files)]
    with database.engine.connect() as connection:
        connection.detach()  # it is closed at the end, and its temporary tables with it
        connection.execution_options(begin=READING)
        with connection.begin():
            for each in staged:
                _stage(connection, each, problems, progress)
        connection.execution_options(begin=WRITING)
        with connection.begin() as transaction:
            loaded = _store(connection, staged, problems)
            stored = not dry_run and not problems.count
            if not stored:
                transaction.rollback()
        if stored:
            _refresh_statistics(connection)
    return Outcome(loaded, problems, stored)


def _stage(connection: Connection, staged: _Staged, problems: Problems, progress: Progress) -> None:
    """Raises FileRefused, once the driver has come to the end of the rows: in the middle it would be left confused."""
    stage(connection, staged.table, _good_rows(staged, problems, progress))
    if staged.refused is not None:
        raise staged.refused


def _good_rows(staged: _Staged, problems: Problems, progress: Progress) -> Iterator[tuple[StagedValue, ...]]:
    """The rows that can be read, each after its line; the others are noted."""
    name, parse = staged.file.name, staged.file.layout.parse
    try:
        for line, values in staged.file.rows(lambda done: progress(name, done)):
            staged.rows += 1
            try:
                if not values:
                    raise BadValue("the number of values is not that of the header")
                yield line, *parse(values)
            except BadValue as error:
                problems.add(name, line, str(error))
    except FileRefused as error:
        staged.refused = error


def _store(connection: Connection, staged: Sequence[_Staged], problems: Problems) -> list[Loaded]:
    """File after file until one has problems: what builds on it would only have problems that follow from its own."""
    loaded = []
    for each in staged:
        if problems.count:
            break
        for check in each.kind.checks(each.table):
            check.report(connection, each.file.name, problems)
        if not problems.count:
            loaded.append(Loaded(each.file.name, each.rows, each.kind.store(connection, each.table)))
    return loaded


def _refresh_statistics(connection: Connection) -> None:
    """Plans are made from what the database believes about its tables."""
    accounts = ("agency", "client", "assignment", "person", "representative", "access")
    tables = (*accounts, "supply_point", "contract", "invoice")
    with connection.begin():
        for table in tables:
            connection.exec_driver_sql(f"ANALYZE {table}")
