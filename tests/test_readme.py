"""What the documents say is there: settings and their defaults, commands, linked files; and nothing of anyone's machine."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.settings import PROJECT, Settings
from tests.conftest import leave_out

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**/*.md")
SETTING_ROW = re.compile(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`|empty) \|", re.MULTILINE)
LINK = re.compile(r"""(?:\]\(|\bsrc=")([^)\s"]+)""")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ELSEWHERE = ("http://", "https://", "mailto:")
# Written in parts, so that this file does not break the rule that it holds.
HOSTS = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".", "debian" + ".org"]
MACHINE_PATH = re.compile(r"(?<![\w.}/])/(?:work|root|tmp)\b")


def documents() -> list[Path]:
    return sorted(path for pattern in DOCUMENTS for path in PROJECT.glob(pattern))


def written(default: Any) -> str:
    """A default as the table writes it; what is off or unset is the word empty."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, Path):
        default = default.relative_to(PROJECT).as_posix()
    return "" if default in ((), None) else str(default)


def anchors(document: Path) -> set[str]:
    headings = HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def tracked_texts() -> dict[str, str]:
    """The text of every tracked file by its path; pictures and other binary files are left out."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True)
    if listed.returncode:
        leave_out("this folder is not a git repository")
    names = [name for name in listed.stdout.split("\0") if (PROJECT / name).is_file()]
    contents = {name: (PROJECT / name).read_bytes() for name in names}
    return {name: content.decode("utf-8") for name, content in contents.items() if b"\0" not in content}


def test_the_readme_s_table_has_every_setting_with_its_default() -> None:
    table = SETTING_ROW.findall((PROJECT / "README.md").read_text(encoding="utf-8"))
    settings = [(name.upper(), written(field.get_default())) for name, field in Settings.model_fields.items()]
    assert table == settings


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    code = re.findall(r"`[^`\n]+`|^```.*?^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    named = {target for part in code for target in re.findall(r"\bmake ([a-z][a-z-]*)", part)}
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named - targets == set()


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    prose = CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))
    for link in LINK.findall(prose):
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        if not link.startswith(ELSEWHERE):
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_no_file_names_a_package_registry() -> None:
    assert [(name, host) for name, text in tracked_texts().items() for host in HOSTS if host in text] == []


def test_no_file_holds_a_path_of_somebody_s_machine() -> None:
    found = [(name, MACHINE_PATH.search(text)) for name, text in tracked_texts().items()]
    assert [(name, match.group()) for name, match in found if match] == []
