"""The desk's house for every test of it."""

from __future__ import annotations

import pytest

from bot.database import Database
from tests.desk.house import House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)
