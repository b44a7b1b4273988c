"""The office that the tests of assignments happen in."""

from __future__ import annotations

import pytest

from bot.database import Database
from tests.assignments.street import Street


@pytest.fixture
def street(database: Database) -> Street:
    return Street(database)
