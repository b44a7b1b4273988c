"""How procedures are named to people; the words are in words.yml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.procedures.checklists import Paper, paper_of
from bot.procedures.model import Kind, State

WORDS = Path(__file__).parent / "words.yml"


def kind_name(kind: Kind) -> str:
    """What was asked for, as it stands in the middle of a sentence: "cambio de representante"."""
    return str(_words()["kinds"][kind.value])


def state_name(state: State) -> str:
    """How far it is, as it stands in the middle of a sentence: "en curso"."""
    return str(_words()["states"][state.value])


def paper_title(kind: Kind, code: str) -> str:
    """The title of a paper; one that staff asked for besides the checklist has none of its own."""
    return paper_named(kind, code).title


def paper_named(kind: Kind, code: str) -> Paper:
    """A paper with its words, also one that stands on no checklist."""
    words = _words()
    return paper_of(kind, code) or Paper(code, str(words["other_paper"]), str(words["other_paper_purpose"]), ())


def left_out_link() -> str:
    """What stands in a copy in place of a link that somebody wrote."""
    return str(_words()["left_out_link"])


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return words
