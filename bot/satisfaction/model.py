"""A score from 1 to 5 in the words of a person. Plain rules."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

WORDS = Path(__file__).with_name("words.yml")
LONGEST_COMMENT = 500
LEAST_CONTENT = 4
"""From this score on somebody is content."""
BUTTON_SIGN = " · "
"""Stands between the number and the word on a button, where nobody types it."""
_STARS = re.compile(r"[⭐★🌟]\ufe0f?")
_KEYCAP = re.compile(r"\ufe0f?\u20e3")
_SEPARATOR = r"(?P<sign>\s*[,.;:!)\n–—-]+\s*|\s+)"


class About(StrEnum):
    """Whose help was judged."""

    ASSISTANT = "assistant"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Score:
    """What was said: `points` from 1 to 5 and a comment; `is_sure` where nothing else can be meant."""

    points: int
    comment: str
    is_sure: bool


@cache
def _words() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return read


@cache
def _pattern() -> re.Pattern[str]:
    words = _words()
    number = "|".join(["[1-5]", *words["numbers"]])
    return re.compile(
        rf"\W*{words['before'].strip()}(?P<points>{number})(?!\s*[%€]|\w|[.,]\d){words['after']}(?:{_SEPARATOR}(?P<rest>.*))?",
        re.DOTALL,
    )


def read_score(text: str) -> Score | None:
    """The score that a message gives; None where it gives none.

    "un 4", "5, muy bien", "cinco estrellas" and "⭐⭐⭐" are sure; "3 facturas" is not, and only who knows what was
    understood otherwise can say.
    """
    stars = len(_STARS.findall(text))
    rest = _STARS.sub("", text).strip()
    if 1 <= stars <= 5:
        return Score(stars, rest, True)
    written = _KEYCAP.sub("", text).strip()
    found = _pattern().fullmatch(_same_length(written))
    if found is None:
        return None
    points = int(_words()["numbers"].get(found["points"], 0) or found["points"])
    if BUTTON_SIGN in written:
        return Score(points, "", True)
    comment = written[found.start("rest") :] if found["rest"] else ""
    has_sign = bool(found["sign"] and found["sign"].strip())
    return Score(points, _without_politeness(comment), has_sign or not _without_politeness(comment))


def _without_politeness(comment: str) -> str:
    bare = _same_length(comment).strip(" .!,;)")
    return "" if bare in _words()["politeness"] or not any(c.isalnum() for c in bare) else comment.strip()


def _same_length(text: str) -> str:
    """Lower case without accents, each character at its place."""
    plain = (unicodedata.normalize("NFD", character)[0].lower() for character in text)
    return "".join(one if len(one) == 1 else "?" for one in plain)
