"""`python -m bot import`: its exit codes and what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.__main__ import main
from tests.imports.offices import INVOICES, office


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'import.db'}")
    return tmp_path


def run(*arguments: object) -> int:
    return main(["import", *map(str, arguments)])


def test_a_good_import_ends_with_0_and_says_what_it_did(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*office(folder)) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[2] == "invoices.csv: 3 rows; invoice 3 new 0 changed"


def test_a_dry_run_ends_with_0_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--dry-run", *office(folder)) == 0
    assert run("--dry-run", *office(folder)) == 0
    printed = capsys.readouterr().out
    assert printed.count("invoice 3 new") == 2
    assert printed.endswith("Dry run: nothing was stored.\n")


def test_bad_rows_end_with_1_and_their_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*office(folder, invoices=INVOICES.replace("F-1;", ";") + "x;\n" * 200)) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "invoices.csv:2: number is empty"
    assert lines[-2:] == ["… and 101 more", "201 bad rows: nothing was stored."]


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_a_file_that_is_not_there_ends_with_2(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder / name) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ventanilla: ")
    assert "cannot be read" in line


def test_unknown_columns_end_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*office(folder, invoices=INVOICES.replace("amount", "importe"))) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "invoices.csv: unknown columns for invoices: importe" in line


def test_a_bad_setting_ends_with_2(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    assert run(*office(folder)) == 2
