"""Real databases for every test that stores something, and one running server for the tests that talk to it."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.database import Database, migrate
from bot.demo.service import ensure_demo
from tests.browser.server import Server, free_port

POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
DEMO_DAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TEST_DATABASE = f"ventanilla_test_{os.getpid()}"


def leave_out(reason: str) -> None:
    """Skip where a server is missing; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI nothing may be skipped: {reason}")
    pytest.skip(reason)


def need_program(name: str) -> str:
    """The path of a program that the test cannot do without."""
    path = shutil.which(name)
    if path is None:
        leave_out(f"{name} is not installed")
    return str(path)


@contextmanager
def own_postgresql(suffix: str) -> Iterator[str]:
    """A database of our own on the server that TEST_POSTGRESQL_URL names; it need not survive a power cut."""
    name = f"{TEST_DATABASE}_{suffix}"
    server = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    except SQLAlchemyError:
        leave_out("no PostgreSQL server answers at TEST_POSTGRESQL_URL")
    yield make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """An empty database, for servers one after the other."""
    with own_postgresql("servers") as url:
        yield url


@pytest.fixture(scope="module")
def fresh_postgresql_url() -> Iterator[str]:
    """An empty database of a module's own, for a server that lives as long."""
    with own_postgresql(uuid.uuid4().hex[:8]) as url:
        yield url


TABLES = """SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"""


@pytest.fixture(scope="session")
def migrated_postgresql_url() -> Iterator[str]:
    """A database with today's schema: making it for each test would take longer than the tests.

    Nothing is learnt of a table from the rows of the test before: plans would depend on the order of the tests.
    """
    with own_postgresql("tests") as url:
        make_schema(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            for table in list(connection.execute(text(TABLES)).scalars()):
                connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
        engine.dispose()
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with today's schema, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    make_schema(f"sqlite:///{path}")
    return path


def make_schema(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with today's schema and nothing in it, once of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "test.db")
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("migrated_postgresql_url")
    empty(url)
    return url


def empty(url: str) -> None:
    """Take every row out, also where triggers forbid it, and count ids from 1 again: the tables are as if new."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        used = list(connection.execute(text(f"{TABLES} AND pg_relation_size(oid) > 0")).scalars())
        if used:
            connection.execute(text(f"TRUNCATE {', '.join(used)} CASCADE"))
        connection.execute(text("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"))
    engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with today's schema."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def demo_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the invented world in it, to be copied."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    ensure_demo(database, DEMO_DAY)
    database.close()
    return path


@pytest.fixture
def demo(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Database:
    """A database with the invented world of DEMO_DAY in it: three agencies, 200 clients. Made once and then copied."""
    if database.is_sqlite:
        shutil.copy(request.getfixturevalue("demo_sqlite"), tmp_path / "test.db")  # nothing has opened it yet
    else:
        fill_from_copy(database)
    return database


def fill_from_copy(database: Database) -> None:
    """Insert the world from the schema `kept`, which the first test that needs it makes."""
    with database.engine.begin() as connection:
        is_kept = connection.execute(text("SELECT to_regclass('kept.agency')")).scalar()
    if not is_kept:
        ensure_demo(database, DEMO_DAY)
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        if not is_kept:
            connection.execute(text("CREATE SCHEMA kept"))
        for table in tables_of(connection, "kept" if is_kept else "public"):
            if not is_kept:
                connection.execute(text(f"CREATE TABLE kept.{table} AS TABLE public.{table}"))
                continue
            connection.execute(text(f"INSERT INTO public.{table} SELECT * FROM kept.{table}"))
        numbered = (
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'kept' AND column_name = 'id'"
        )
        for table in list(connection.execute(text(numbered)).scalars()):
            sequence = f"pg_get_serial_sequence('public.{table}', 'id')"
            connection.execute(
                text(f"SELECT setval({sequence}, coalesce(max(id), 1), max(id) IS NOT NULL) FROM public.{table}")
            )


def tables_of(connection: Connection, schema: str) -> list[str]:
    """The tables of a schema."""
    names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"), {"schema": schema})
    return [name for name in names.scalars() if name != "alembic_version"]


@pytest.fixture(scope="session")
def talking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server on SQLite for all tests that only talk."""
    server = Server(tmp_path_factory.mktemp("talking"), free_port(), "")
    server.start()
    yield server
    server.stop()
