"""The table of sentences and what they mean, in the shorthand in which it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.invoices.model import UNPAID
from bot.questions.model import NO_FIRST, NO_LAST, Question
from bot.questions.saved import to_json

TODAY = date(2026, 5, 15)


def table(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The sentences of a file of this folder with their meanings."""
    rows = yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return [(said, meaning) for said, meaning in rows]


def shorthand(question: Question) -> dict[str, Any]:
    """A question as the tables have it; whether the wish was said is tested where it matters."""
    written = to_json(replace(question, wish_said=False))
    for name in ("issued", "due"):
        if name in written:
            first, last = ("" if day in (NO_FIRST.isoformat(), NO_LAST.isoformat()) else day for day in written[name])
            written[name] = f"{first}..{last}"
    if question.states == UNPAID:
        written["states"] = ["unpaid"]
    return written
