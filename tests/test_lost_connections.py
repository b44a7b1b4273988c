"""PostgreSQL cuts connections, as a restart does: what is under way fails as a whole, and the next work finds a new connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bot.database import Database
from tests.conftest import POSTGRESQL, own_postgresql

CUT = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")


@pytest.fixture
def database() -> Iterator[Database]:
    with own_postgresql("cut") as url, closing(Database(url)) as database:
        with database.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE said (text TEXT)")
        yield database


def cut(database: Database) -> None:
    """End every connection to it, from outside."""
    server = create_engine(POSTGRESQL)
    with server.connect() as connection:
        connection.execute(CUT, {"name": database.url.database})
    server.dispose()


def said(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.exec_driver_sql("SELECT text FROM said").scalars())


def test_connections_that_were_cut_while_nobody_used_them_are_not_noticed(database: Database) -> None:
    assert said(database) == []
    cut(database)
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO said VALUES ('hola')")
    cut(database)
    assert said(database) == ["hola"]


def cut_while_writing(database: Database, begin: str, *, says_more: bool) -> None:
    with getattr(database, begin)() as connection:
        connection.exec_driver_sql("INSERT INTO said VALUES ('a medias')")
        cut(database)
        if says_more:
            connection.exec_driver_sql("INSERT INTO said VALUES ('nunca')")


@pytest.mark.parametrize("begin", ["writing", "noting"])
@pytest.mark.parametrize("says_more", [True, False])
def test_what_was_under_way_is_undone_and_not_taken_for_done(database: Database, begin: str, says_more: bool) -> None:
    with pytest.raises(OperationalError):
        cut_while_writing(database, begin, says_more=says_more)
    assert said(database) == []
