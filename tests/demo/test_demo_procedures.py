"""The invented world has some procedures to follow; a real one gets none."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from bot.database import Database
from bot.demo.procedures import ensure_demo_procedures
from bot.procedures.desk import due_list, late_count
from bot.procedures.model import State
from bot.procedures.store import news_at, procedure, procedure_table
from tests.conftest import DEMO_DAY


def test_they_are_in_several_states_and_one_is_late(demo: Database) -> None:
    ensure_demo_procedures(demo, DEMO_DAY)
    with demo.reading() as connection:
        states = set(connection.execute(select(procedure.state)).scalars())
        keys = set(connection.execute(select(procedure.tracking_key)).scalars())
        assert late_count(connection, DEMO_DAY) == 1
        assert due_list(connection, DEMO_DAY)[0].is_late
        assert news_at(connection, "demo:1") == []
    assert states == {State.WAITING_DOCUMENTS, State.IN_PROGRESS, State.RESOLVED}
    assert len(keys) == 5


def test_they_are_made_once(demo: Database) -> None:
    for days in (0, 1):
        ensure_demo_procedures(demo, DEMO_DAY + timedelta(days=days))
    with demo.reading() as connection:
        assert connection.execute(select(func.count()).select_from(procedure_table)).scalar_one() == 5


def test_a_database_without_the_invented_world_gets_none(database: Database) -> None:
    ensure_demo_procedures(database, DEMO_DAY)
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(procedure_table)).scalar_one() == 0
