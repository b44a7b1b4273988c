"""Real databases for every test that stores something, and one running server for the tests that talk to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.database import Database, migrate
from bot.demo.service import ensure_demo
from tests.browser.server import Server, free_port

POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql+pg8000://postgres@127.0.0.1:5432/postgres")
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


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A database of our own on the PostgreSQL server that TEST_POSTGRESQL_URL names; dropped at the end."""
    server = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {TEST_DATABASE}"))
    except SQLAlchemyError:
        leave_out("no PostgreSQL server answers at TEST_POSTGRESQL_URL")
    yield make_url(POSTGRESQL).set(database=TEST_DATABASE).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {TEST_DATABASE} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with today's schema."""
    database = Database(database_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def demo(database: Database) -> Database:
    """A database with the invented world of DEMO_DAY in it: three agencies, 200 clients."""
    ensure_demo(database, DEMO_DAY)
    return database


@pytest.fixture(scope="session")
def talking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server on SQLite for all tests that only talk."""
    server = Server(tmp_path_factory.mktemp("talking"), free_port(), "")
    server.start()
    yield server
    server.stop()
