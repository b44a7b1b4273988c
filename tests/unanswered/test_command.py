"""`python -m bot unanswered export` and the task that forgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from bot.__main__ import main
from bot.database import Database
from bot.unanswered import service
from bot.unanswered.model import Decision, Reason
from bot.unanswered.upkeep import Forgetting

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def assigned(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """One question with a topic, and the folder of the settings."""
    with database.writing() as connection:
        service.keep(connection, "¿arregláis ascensores?", Reason.UNSURE, "web", [], NOW)
        service.group(connection)
        group = service.groups(connection, Decision.OPEN)[0]
        service.assign(connection, group.id, "contact_details", ["contact_details"], None, NOW)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_FOLDER", str(tmp_path / "data"))
    return tmp_path


def test_it_writes_the_file_of_the_data_folder(assigned: Path) -> None:
    assert main(["unanswered", "export"]) == 0
    read = yaml.safe_load((assigned / "data" / "review" / "questions.yml").read_text())
    assert read["nlu"] == [{"intent": "contact_details", "examples": "- ¿arregláis ascensores?\n"}]


def test_a_file_that_cannot_be_written_is_one_clear_line(assigned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (assigned / "file").touch()
    assert main(["unanswered", "export", str(assigned / "file" / "x.yml")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_task_forgets_what_is_too_old(assigned: Path, database: Database) -> None:
    assert Forgetting(database, 0, lambda: NOW + timedelta(days=999)).run() == 0
    assert Forgetting(database, 10, lambda: NOW + timedelta(days=11)).run() == 1
