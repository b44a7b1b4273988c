"""The office that the tests of contacts happen in."""

from __future__ import annotations

import pytest

from bot.database import Database
from tests.contacts.office import Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)
