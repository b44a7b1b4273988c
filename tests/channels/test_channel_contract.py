"""Every channel has the files of the contract and is found by its folder alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.contract import FOLDER, channel_folders, name_of, words_of

FILES = ("__init__.py", "transport.py", "views.py", "channel.py", "words.yml")
PROJECT = FOLDER.parents[1]
FOLDERS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and not path.name.startswith("_"))


@pytest.mark.parametrize("channel", FOLDERS)
@pytest.mark.parametrize("file", FILES)
def test_a_channel_has_the_files_of_the_contract(channel: str, file: str) -> None:
    assert (FOLDER / channel / file).exists()


def test_every_folder_is_found_and_has_a_name_for_people() -> None:
    assert channel_folders() == FOLDERS
    assert all(words_of(channel)["name"] == name_of(channel) for channel in FOLDERS)
    assert name_of("fax") == "fax"


@pytest.mark.parametrize("channel", ["telegram"])
def test_nothing_outside_its_folder_imports_a_channel(channel: str) -> None:
    modules = [path for path in (PROJECT / "bot").rglob("*.py") if FOLDER / channel not in path.parents]
    assert [path for path in modules if f"bot.channels.{channel}" in Path(path).read_text(encoding="utf-8")] == []
