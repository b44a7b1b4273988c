"""Which papers each kind of procedure needs, what each of them is for and what serves; the words are in checklists.yml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.procedures.model import Kind

CHECKLISTS = Path(__file__).parent / "checklists.yml"


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that a procedure needs.

    `code` is the code of its item in the procedure; `title` fits a button; `purpose` is a sentence that says what it is
    for; any one of `accepted` serves, written as in the middle of a sentence.
    """

    code: str
    title: str
    purpose: str
    accepted: Sequence[str]


def papers_of(kind: Kind) -> tuple[Paper, ...]:
    """The papers that a procedure of that kind needs, in the order they are asked for; () when it needs none."""
    return _checklists().get(kind, ())


def paper_of(kind: Kind, code: str) -> Paper | None:
    """The paper with that code in a procedure of that kind; None for one that staff asked for besides, or a datum."""
    return next((paper for paper in papers_of(kind) if paper.code == code), None)


@cache
def _checklists() -> dict[Kind, tuple[Paper, ...]]:
    read: dict[str, dict[str, Any]] = yaml.safe_load(CHECKLISTS.read_text(encoding="utf-8"))
    return {Kind(kind): tuple(_paper(code, of) for code, of in papers.items()) for kind, papers in read.items()}


def _paper(code: str, of: dict[str, Any]) -> Paper:
    return Paper(code, str(of["title"]), str(of["purpose"]), tuple(of["accepted"]))
