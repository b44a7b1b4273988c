from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.database import Database
from bot.documents.checker import Checker
from tests.documents.house import House, fill


@pytest.fixture(scope="session")
def checker() -> Iterator[Checker]:
    """The process that looks at files, one for all tests."""
    checker = Checker()
    yield checker
    checker.close()


@pytest.fixture
def house(database: Database, tmp_path: Path, checker: Checker) -> House:
    fill(database)
    return House(database, tmp_path / "documents", checker)
