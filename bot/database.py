"""One database for all state: engine, transactions, migrations. SQLite and PostgreSQL behave alike above this line."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

import certifi
from sqlalchemy import URL, BigInteger, Connection, DateTime, Engine, Integer, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

MIGRATIONS = Path(__file__).parent / "migrations"

# How a transaction begins on SQLite, as the execution option `begin`.
WRITING = "PRAGMA synchronous=FULL; BEGIN IMMEDIATE"
NOTING = "PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE"
READING = "BEGIN"

NOTED = "noted"
"""Where a connection remembers what was noted in its transaction."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


identity = BigInteger().with_variant(Integer, "sqlite")
"""The type of a row's number; SQLite counts only plain integers up by itself."""


class Line(IntEnum):
    """What only one transaction at a time may do on PostgreSQL; the values are numbers of its advisory locks."""

    MIGRATION = 76410
    ATTEMPTS = 76411
    REGISTRATION = 76412
    PROCEDURE_STATUS = 76413
    CONTACTS = 76414
    UPLOADS = 76415
    DEMO = 76416
    UNANSWERED = 76421


class Moment(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps no zone, so it is added back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse times that do not say their zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every stored time its zone; PostgreSQL answers in the zone of the session, which may be any."""
        if value is None or value.tzinfo is UTC:
            return value
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Database:
    """Connections and transactions.

    A write transaction takes SQLite's write lock at once (a read that turns into a write could fail otherwise), and threads
    of this process wait for it in line instead of polling the file.
    """

    def __init__(self, url: str, threads: int = 4) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._sqlite() if self.is_sqlite else self._postgresql(threads)
        self._write_line = threading.Lock() if self.is_sqlite else nullcontext()
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._writing = self.engine.execution_options(begin=WRITING)
        self._noting = self.engine.execution_options(begin=NOTING)
        self._reading = self.engine.execution_options(begin=READING)

    def _sqlite(self) -> Engine:
        if self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        arguments = {"timeout": 15, "check_same_thread": False}
        engine = create_engine(self.url, connect_args=arguments, hide_parameters=True, pool_reset_on_return=None)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _postgresql(self, threads: int) -> Engine:
        url = _with_encryption(self.url)
        sizes = {"pool_size": threads + 2, "max_overflow": threads}
        counting = {"preserve_rowcount": True}  # also of what an INSERT … ON CONFLICT left alone
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, execution_options=counting, **sizes)
        event.listen(engine, "begin", _begin_postgresql)
        return engine

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: commits at the end of the block, rolls back when the block raises."""
        with self._write_line, self._writing.begin() as connection:
            noted = connection.info[NOTED] = set()
            yield connection
        for what in noted:
            for call in self._listeners.get(what, ()):
                call()

    def listen(self, what: str, call: Callable[[], None]) -> None:
        """Call that, in the thread that wrote, after each commit of a `writing` transaction in which `note(connection, what)` was said."""
        self._listeners.setdefault(what, []).append(call)

    @contextmanager
    def noting(self) -> Iterator[Connection]:
        """A writing transaction that promises nothing to anybody yet: a later `writing` brings it safely to the disk.

        It survives the end of the process, not a power cut in the milliseconds between.
        """
        with self._write_line, self._noting.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads; on SQLite it never waits for writers."""
        with self._reading.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _with_encryption(url: URL) -> URL:
    """`?sslmode=…` says whether to encrypt, as for PostgreSQL's own tools; verify-full believes who Python believes, or `sslrootcert`."""
    if "sslmode" not in url.query:
        return url.update_query_dict({"sslmode": "disable"})
    if url.query["sslmode"] == "verify-full" and "sslrootcert" not in url.query:
        believed = ssl.get_default_verify_paths().cafile or certifi.where()
        return url.update_query_dict({"sslrootcert": believed})
    return url


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Autocommit off is left to `_begin_sqlite`; WAL lets readers go on while one writes."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    for statement in connection.get_execution_options()["begin"].split("; "):
        connection.exec_driver_sql(statement)


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("begin") == NOTING:
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")


def note(connection: Connection, what: str) -> None:
    """Let who listens in this process know, once it is committed. Other processes find it when they look."""
    connection.info.setdefault(NOTED, set()).add(what)


def in_line(connection: Connection, line: Line) -> None:
    """Wait until no other transaction stands in that line; it is left at the end of this one. SQLite has one writer anyway.

    A turn holds its conversation already, which nobody waits for who stands in a line.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({line.value})")


def migrate(database: Database) -> None:
    """Bring the schema to the newest revision. Nothing happens when it is there already."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.writing() as connection:
        in_line(connection, Line.MIGRATION)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def utc_now() -> datetime:
    """The clock that production passes in."""
    return datetime.now(UTC)
