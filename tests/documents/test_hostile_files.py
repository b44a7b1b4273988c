"""None of three hundred hostile files is kept, none brings anything down, and memory stays where it was."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.documents.checker import Checker
from bot.documents.model import Reason, ScanState
from bot.documents.scanner import ClamdScanner
from tests.documents.hostile import HOW_MANY, Hostile, hostile_files
from tests.documents.house import clamd

MOST_GROWTH_BYTES = 200 * 1024 * 1024
PIECE_BYTES = 64 * 1024


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Hostile]]:
    """On the disk, so that this process holds none of them."""
    folder = tmp_path_factory.mktemp("hostile")
    placed = []
    for number, file in enumerate(hostile_files()):
        path = folder / str(number)
        path.write_bytes(file.content)
        placed.append((path, Hostile(file.name, b"", file.reasons)))
    return placed


def read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def memory_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def test_no_hostile_file_is_kept_and_memory_does_not_grow(checker: Checker, files: list[tuple[Path, Hostile]]) -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the highest mark begins anew
    before = memory_bytes("VmRSS")
    with clamd() as (url, _), ThreadPoolExecutor(2) as pool:
        scanner = ClamdScanner(url)

        def look(file: tuple[Path, Hostile]) -> tuple[str, Reason | None]:
            path, hostile = file
            with checker.checked(read(path)) as checked:
                if checked.reason is not None or scanner.scan(read(path)) is not ScanState.INFECTED:
                    return hostile.name, checked.reason
            return hostile.name, Reason.INFECTED

        found = dict(pool.map(look, files))
    expected = {hostile.name: hostile.reasons for _, hostile in files}
    assert len(found) == HOW_MANY
    assert {name: reason for name, reason in found.items() if reason not in expected[name]} == {}
    assert memory_bytes("VmHWM") - before < MOST_GROWTH_BYTES


def test_every_reason_is_among_them(files: list[tuple[Path, Hostile]]) -> None:
    assert set.union(*(set(hostile.reasons) for _, hostile in files)) == set(Reason)
