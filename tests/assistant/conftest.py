"""The assistant with its trained model, loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.area import Area
from bot.assistant import training
from bot.assistant.engine import RasaAssistant
from bot.company import read_company
from bot.database import Database, migrate
from bot.settings import read_settings

AREA = Area("http://localhost:8080", b"a key of the tests, long enough to be one")


@pytest.fixture(scope="session")
def own_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('assistant') / 'test.db'}")
    migrate(database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def trained_model() -> Path:
    settings = read_settings()
    if not training.is_current(settings.models_folder):
        training.train(settings.models_folder)
    return training.archive(settings.models_folder)


@pytest.fixture(scope="session")
def assistant(trained_model: Path, own_database: Database) -> RasaAssistant:
    return RasaAssistant(trained_model, own_database, read_company(read_settings().company_file), AREA)
