"""Moves rows in bulk: from a stream into a staging table, from there into the tables, with what is the same left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    cast,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from bot.imports.model import SHOWN_PROBLEMS, Change, Layout, Problems, StagedValue

ROWS_OF_A_CHUNK = 1000
NOTHING = "\x01"
COLUMN_TYPES: dict[str, TypeEngine[Any]] = {"text": Text(), "date": Date(), "number": BigInteger()}


@dataclass(frozen=True, slots=True)
class Check:
    """Finds rows that do not go together; `{}` in the reason is the second value of the query, the first is the line."""

    rows: Select[Any]
    reason: str

    def report(self, connection: Connection, file: str, problems: Problems) -> None:
        """Note every such row; only as many are fetched as can be shown."""
        count = connection.execute(select(func.count()).select_from(self.rows.order_by(None).subquery())).scalar_one()
        if count:
            shown = connection.execute(self.rows.limit(SHOWN_PROBLEMS)).all()
            for line, value in shown:
                problems.add(file, line, self.reason.format(value))
            problems.add_more(count - len(shown))


@dataclass(frozen=True, slots=True)
class CheckOfMoments:
    """A check whose query depends on the kind of database, because it compares moments."""

    rows: Callable[[Connection], Select[Any]]
    reason: str

    def report(self, connection: Connection, file: str, problems: Problems) -> None:
        """Note every such row."""
        Check(self.rows(connection), self.reason).report(connection, file, problems)


def staging_table(layout: Layout, index: int) -> Table:
    """A temporary table for the rows of one file, with the line of each."""
    columns = [Column(name, COLUMN_TYPES[kind]) for name, kind in layout.staged.items()]
    return Table(f"import_{index}", MetaData(), Column("line", Integer), *columns, prefixes=["TEMPORARY"])


def stage(connection: Connection, table: Table, rows: Iterable[tuple[StagedValue, ...]]) -> None:
    """Make a staging table and let the rows stream into it."""
    table.create(connection)
    cursor: Any = connection.connection.cursor()  # the driver's own: both let rows stream
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(table.c))
        cursor.executemany(f"INSERT INTO {table.name} VALUES ({places})", rows)  # noqa: S608  # our own name
    else:
        with cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
            for lines in _copied(rows):
                copy.write(lines)
        cursor.execute(f"ANALYZE {table.name}")
    cursor.close()


def _copied(rows: Iterable[tuple[StagedValue, ...]]) -> Iterator[str]:
    """Rows as PostgreSQL's COPY reads them. No value holds a control character: a tab is free to part them."""
    rows = iter(rows)
    while chunk := list(islice(rows, ROWS_OF_A_CHUNK)):
        lines = ("\t".join([NOTHING if value is None else str(value) for value in row]) for row in chunk)
        yield "\n".join(lines).replace("\\", "\\\\").replace(NOTHING, "\\N") + "\n"


def moment(connection: Connection, column: ColumnElement[str]) -> ColumnElement[datetime]:
    """A staged UTC time as the column type Moment stores it: SQLite keeps the text."""
    if connection.dialect.name == "sqlite":
        return column  # type: ignore[return-value]
    return func.timezone("UTC", cast(column, DateTime()))


def merge(connection: Connection, table: Table, query: Select[Any], keys: Sequence[str]) -> Change:
    """Insert what `query` gives; a row with a key that is there is updated if anything differs.

    The columns of the query bear the names of the table's.
    """
    columns = [column.name for column in query.selected_columns]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insertion = dialect.insert(table).from_select(columns, query.where(true()), include_defaults=False)
    others = {name: insertion.excluded[name] for name in columns if name not in keys}
    differs = or_(*(table.c[name].is_distinct_from(value) for name, value in others.items()))
    statement = insertion.on_conflict_do_update(index_elements=keys, set_=others, where=differs)
    before = _count(connection, table)
    touched = connection.execute(statement).rowcount
    new = _count(connection, table) - before
    return Change(table.name, new, touched - new)


def repeated(staged: Table, *keys: str) -> Select[Any]:
    """(line, first) of the rows whose key was there before in line `first`."""
    key = [staged.c[name] for name in keys]
    first = func.min(staged.c.line).over(partition_by=key).label("first")
    seen = select(staged.c.line, first).subquery()
    return select(seen.c.line, seen.c.first).where(seen.c.line > seen.c.first).order_by(seen.c.line)


def contradicting(staged: Table, key: str, *values: str) -> Select[Any]:
    """(line, first) of the rows that say something else about `key` than its first row, in line `first`."""
    first = func.min(staged.c.line).over(partition_by=staged.c[key]).label("first")
    seen = select(staged.c.line, first).subquery()
    rows, firsts = staged.alias("rows"), staged.alias("firsts")
    differs = or_(*(rows.c[name].is_distinct_from(firsts.c[name]) for name in values))
    joined: FromClause = seen.join(rows, rows.c.line == seen.c.line).join(firsts, firsts.c.line == seen.c.first)
    return select(seen.c.line, seen.c.first).select_from(joined).where(differs).order_by(seen.c.line)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
