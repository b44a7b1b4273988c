"""What stays behind goes, what was not scanned is scanned, and a kill in the middle leaves no half file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest

from bot.database import Database, migrate
from bot.documents.checker import Checker
from bot.documents.model import NotFound, ScanState
from bot.documents.service import attach
from tests.documents.files import pdf, printed_pdf, stream
from tests.documents.hostile import EICAR
from tests.documents.house import CHAT, NOW, House, Knows, fill

PDF = printed_pdf(1)
INFECTED = pdf(stream(EICAR))
PROJECT = Path(__file__).resolve().parents[2]


def test_an_upload_that_nobody_goes_on_with_is_gone_after_a_day(house: House) -> None:
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF[:10])
    house.upkeep.sweep(house.clock.go(hours=23))
    assert house.received(upload) == 10
    assert len(house.stored_files()) == 1
    house.upkeep.sweep(house.clock.go(hours=1))
    assert house.stored_files() == []
    with pytest.raises(NotFound):
        house.received(upload)


def test_the_sweep_leaves_documents_of_procedures_alone(house: House) -> None:
    document = house.send(PDF).document
    assert document is not None
    with house.database.writing() as connection:
        [document] = attach(connection, CHAT, None, [document.reference], 77, NOW)
    house.upkeep.sweep(house.clock.go(days=400))
    assert house.content(document) == PDF


def test_a_document_of_no_procedure_is_gone_after_a_day(house: House) -> None:
    house.send(PDF)
    house.upkeep.sweep(house.clock.go(hours=23))
    assert len(house.documents()) == 1
    house.upkeep.sweep(house.clock.go(hours=2))
    assert house.documents() == []
    assert house.stored_files() == []
    assert house.entries()[-1].action == "document_expired"


@pytest.fixture
def scanned(database: Database, tmp_path: Path, checker: Checker) -> tuple[House, Knows]:
    fill(database)
    scanner = Knows()
    scanner.answers = False
    return House(database, tmp_path / "documents", checker, scanner), scanner


def test_what_came_while_the_scanner_was_away_is_scanned_later(scanned: tuple[House, Knows]) -> None:
    house, scanner = scanned
    for content in (PDF, INFECTED, PDF):
        house.send(content)
    assert house.upkeep.scan_waiting(house.clock.now) == 0
    scanner.answers = True
    assert house.upkeep.scan_waiting(house.clock.now) == 2  # the first was tried before, it comes last
    assert house.upkeep.scan_waiting(house.clock.now) == 1
    assert house.upkeep.scan_waiting(house.clock.now) == 0
    assert [document.scan_state for document in house.documents()] == [ScanState.CLEAN] * 2
    assert [row.scan_state for row in house.rows()] == ["clean", "infected", "clean"]
    assert house.entries()[-1].action == "document_infected"
    house.upkeep.sweep(house.clock.now)
    assert len(house.stored_files()) == 2


KILLED_WHILE_IT_STORES = """
    import os, sys
    from pathlib import Path
    from bot.database import Database
    from bot.documents.checker import Checker
    from tests.documents.house import House
    from tests.documents.test_upkeep import PDF

    house = House(Database(sys.argv[1]), Path(sys.argv[2]), Checker())
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF)
    store = house.storage.put

    def half(key, content):
        def until_the_end():
            yield next(iter(content))[:100]
            print(upload.reference, flush=True)
            sys.stdin.read()
        store(key, until_the_end())

    house.storage.put = half
    house.uploads.finish(upload.address, upload.reference, house.clock.now)
"""


def test_a_kill_in_the_middle_leaves_no_half_file_and_loses_nothing(tmp_path: Path, checker: Checker) -> None:
    url, folder = f"sqlite:///{tmp_path / 'test.db'}", tmp_path / "documents"
    database = Database(url)
    migrate(database)
    fill(database)
    script = textwrap.dedent(KILLED_WHILE_IT_STORES)
    with subprocess.Popen(
        [sys.executable, "-c", script, url, str(folder)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        reference = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    house = House(database, folder, checker)
    assert house.documents() == []
    assert [row.state for row in house.rows()] == ["arriving"]
    assert not (folder / "kept").exists()
    document = house.uploads.finish(CHAT, reference, NOW + timedelta(minutes=5)).document
    assert document is not None
    assert house.content(document) == PDF
    for left in (folder / "unfinished").iterdir():
        os.utime(left, (0, 0))
    house.upkeep.sweep(NOW + timedelta(hours=2))
    assert house.stored_files() == [document.storage_key]
    assert [row.state for row in house.rows()] == ["deleted", "kept"]
    database.close()
