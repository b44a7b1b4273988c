"""Takes out of a question what could say who asked or about whom, before it is kept.

Better a word too many than a name left in: what is kept is only read to learn how people ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from bot.identity.identifiers import find_identifiers
from bot.questions.vocabulary import plain

WORDS = Path(__file__).with_name("words.yml")
LONGEST_KEPT = 500
LEAST_DIGITS = 4

_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\"]+\s?@\s?[^\s@<>()\[\],;:\"]+|[\w.+-]+ arroba [\w.-]+(?: punto \w+)*", re.IGNORECASE
)
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_CODE = re.compile(r"(?<!\w)(?=[\w./-]*\d[\w./-]*\d[\w./-]*\d)[A-Za-z\d][\w./-]*(?!\w)")
_NUMBER = re.compile(r"\+?\d(?:[ .,/()-]{0,2}\d)+")
_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?[ªº]?")
_SENTENCE_END = re.compile(r"[.!?¿¡:;\n]\s*$")
_SMALL = frozenset(("de", "del", "la", "las", "los", "y", "i"))


@dataclass(frozen=True, slots=True)
class _Words:
    masks: dict[str, str]
    cues: re.Pattern[str]
    names_after_cue: int
    streets: re.Pattern[str]
    known: frozenset[str]
    not_names: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """A word of the text, where it stands, and whether a sentence begins with it."""

    text: str
    start: int
    end: int
    is_first: bool

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper()


@cache
def _words() -> _Words:
    read = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    cues = "|".join(sorted(read["name_cues"], key=len, reverse=True))
    return _Words(
        masks=read["masks"],
        cues=re.compile(rf"(?<!\w)(?:{cues})\.?[ªº]?\s*:?\s+(?=\w)"),
        names_after_cue=int(read["names_after_cue"]),
        streets=re.compile(
            rf"(?<!\w)(?:{read['street_cues']})(?:\.|/)?\s+(?:de |del |la )*[^\W\d_]+[^\d\n.;?!]{{0,40}}\d+"
        ),
        known=frozenset(read["given_names"].split() + read["surnames"].split()),
        not_names=frozenset(read["not_names"].split()),
    )


def masked(text: str) -> str:
    """The text, at most 500 characters, without e-mail addresses, links, identifiers, numbers, names and streets."""
    words = _words()
    text = _EMAIL.sub(words.masks["email"], text)
    text = _LINK.sub(words.masks["link"], text)
    text = _without_identifiers(text)
    text = _without(text, words.masks["street"], (found.span() for found in words.streets.finditer(_same_length(text))))
    text = _without(text, words.masks["name"], _names(text))
    text = _NUMBER.sub(_number, text)
    text = _CODE.sub(words.masks["number"], text)
    return " ".join(text.split())[:LONGEST_KEPT]


def says_something(question: str) -> bool:
    """Whether words are left of a masked question beside what was taken out."""
    masks = _words().masks.values()
    return any(found[0] not in masks for found in _WORD.finditer(question))


def _number(found: re.Match[str]) -> str:
    """Small numbers say how many; longer ones are somebody's."""
    digits = sum(character.isdigit() for character in found[0])
    return _words().masks["number"] if digits >= LEAST_DIGITS else found[0]


def _without_identifiers(text: str) -> str:
    return _without(
        text,
        _words().masks["identifier"],
        ((found.start, found.end) for found in find_identifiers(text, expected=True)),
    )


def _without(text: str, mask: str, spans: Iterator[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}{mask}{text[end:]}"
    return text


def _same_length(text: str) -> str:
    """Lower case without accents, each character at its place."""
    return "".join(one if len(one := plain(character)) == 1 else character for character in text)


def _names(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of words that are names, without overlap."""
    places = [
        _Place(
            found[0], found.start(), found.end(), not found.start() or bool(_SENTENCE_END.search(text[: found.start()]))
        )
        for found in _WORD.finditer(text)
    ]
    after_cue = {found.end() for found in _words().cues.finditer(_same_length(text))}
    shouting = text.upper() == text
    index = 0
    while index < len(places):
        length = _length_of_name(places[index:], places[index].start in after_cue, shouting)
        if length:
            yield places[index].start, places[index + length - 1].end
        index += max(length, 1)


def _length_of_name(places: list[_Place], is_labelled: bool, shouting: bool) -> int:
    """How many of the words from the first one on are one name; 0 where it is none."""
    if not (is_labelled or _begins_name(places, shouting)):
        return 0
    most = _words().names_after_cue if is_labelled else len(places)
    length = 1
    for place in places[1:most]:
        if not _goes_on(place, shouting):
            break
        length += 1
    while length > 1 and plain(places[length - 1].text) in _SMALL:
        length -= 1
    return length


def _begins_name(places: list[_Place], shouting: bool) -> bool:
    first = places[0]
    word = plain(first.text.rstrip("."))
    if _is_known(word) and not first.is_first:
        return True
    if _is_known(word):
        return len(places) > 1 and (first.is_capital or _is_known(plain(places[1].text)))
    if shouting or not first.is_capital or not _may_be_name(first):
        return False
    follows = len(places) > 1 and not places[1].is_first and places[1].is_capital and _may_be_name(places[1])
    return not first.is_first or (follows and first.text.upper() != first.text)


def _goes_on(place: _Place, shouting: bool) -> bool:
    word = plain(place.text.rstrip("."))
    return (
        word in _SMALL
        or _is_known(word)
        or (place.is_capital and not shouting and not place.is_first and _may_be_name(place))
    )


def _is_known(word: str) -> bool:
    return word in _words().known


def _may_be_name(place: _Place) -> bool:
    """Acronyms and masks are none, nor words that are written with a capital anyway."""
    return plain(place.text.rstrip(".")) not in _words().not_names and place.text not in _words().masks.values()
