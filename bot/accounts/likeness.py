"""How much the words of a search resemble the name and address of a client. Plain rules, nothing of a database.

Words are those of `searchable`: lower case, without accents. A word of a search resembles one of a client when it sounds
the same in Spanish, begins it, or is a few slips away. Numbers resemble only themselves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.accounts.model import searchable

ABBREVIATIONS = Path(__file__).with_name("abbreviations.yml")
MOST_WORDS = 20
SHORTEST_PART, SHORTEST_BEGINNING, SHORTEST_MISSPELT_USUAL = 3, 4, 7
SLIPS_OF_LENGTH = ((12, 3), (8, 2), (3, 1), (0, 0))
"""(letters from which on, slips that are forgiven), the longest first."""
SAME_SOUND, BEGINNING = 0.97, 0.9
WEIGHT_OF_A_NUMBER, MOST_WEIGHT_OF_A_WORD = 3, 8
BONUS_OF_USUAL_WORDS = 0.15
FARTHEST_FROM_THE_BEST = 0.12
LEAST_OF_A_NEAREST = 0.45

_GLUED = re.compile(r"([^\W\d_]{2,})([0-9]+)")
_DIGIT = re.compile(r"[0-9]")
_TWICE = re.compile(r"(.)\1+")
# How a sound is written → one way for all, in this order; 1 is the ch of "chico", 2 the g of "guerra".
_SPELLINGS = "tx>ch tz>s ch>1 h> qu>k gue>2e gui>2i ge>je gi>ji ce>se ci>si ll>y ny>n c>k v>b w>b z>s x>s 2>g"
_SOUNDS = [spelling.split(">") for spelling in _SPELLINGS.split()]

Likeness = Mapping[str, Sequence[tuple[int, float]]]
"""Word of a client → (place of the word of the search that it resembles, how much: up to 1)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search: words that must resemble one of a client's, numbers that must be there, and usual words that may."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    usual: tuple[frozenset[str], ...]
    """The ways to write each usual word."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A client that resembles a search: `score` up to 1.15, `lacks` how many words and numbers it has nothing like.

    `exact`: every word stands there as it was written, usual ones also in another way.
    """

    client_id: int
    score: float
    lacks: int
    exact: bool


def wanted(text: str) -> Wanted:
    """What a search asks for: "C/ Mayr nº3" → the word "mayr", the number "3", the usual word "calle"."""
    words = dict.fromkeys(_GLUED.sub(r"\1 \2", searchable(text)).split())
    kept = [word for word in words if word not in _ignored()][:MOST_WORDS]
    usual = {word: forms for word in kept if (forms := _usual_forms(word))}
    return Wanted(
        words=tuple(word for word in kept if word not in usual and not _DIGIT.search(word)),
        numbers=tuple(word for word in kept if _DIGIT.search(word)),
        usual=tuple(dict.fromkeys(usual.values())),
    )


class Texts:
    """The search texts of some clients, split into words once: (client id, text) each."""

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        self.words = [(client_id, text.split()) for client_id, text in texts]
        self.known = set(chain.from_iterable(words for _, words in self.words))
        self.vocabulary = [word for word in self.known if word.isalpha()]
        self.sounds = [_sound(word) for word in self.vocabulary]


def resembling(search: Wanted, texts: Texts) -> list[Resemblance]:
    """The clients in which every word and number of a search is found, the most alike first.

    When some are exact the others are left out; so are those far behind the best.
    """
    whole = _whole(search, texts)
    if not whole and (parted := _taken_apart(search, texts)) != search:
        whole = _whole(parted, texts)
    exact = [each for each in whole if each.exact]
    best = max((each.score for each in whole), default=0.0)
    return _in_order(exact or [each for each in whole if each.score >= best - FARTHEST_FROM_THE_BEST])


def nearest(search: Wanted, texts: Texts, limit: int) -> list[Resemblance]:
    """The `limit` most alike of those that resemble a search in part: a word or the number may be another."""
    found = _judged(_taken_apart(search, texts), texts, slack=1)
    return _in_order([each for each in found if each.score >= LEAST_OF_A_NEAREST])[:limit]


def _whole(search: Wanted, texts: Texts) -> list[Resemblance]:
    asks = bool(search.words or search.numbers)
    return [each for each in _judged(search, texts) if not each.lacks and (asks or each.exact)]


def _taken_apart(search: Wanted, texts: Texts) -> Wanted:
    """A search with the words that nobody has, if they begin or end with one that somebody has, as two: "riotajo"."""
    words = [part for word in search.words for part in ((word,) if word in texts.known else _parts(word, texts))]
    return replace(search, words=tuple(dict.fromkeys(words)))


def _parts(word: str, texts: Texts) -> tuple[str, ...]:
    """Two parts of which one is known and the other resembles something; else the word as it is."""
    cuts = [(word[:place], word[place:]) for place in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)]
    letters = {cut: sum(len(part) for part in cut if part in texts.known) for cut in cuts}
    likely = sorted((cut for cut in cuts if letters[cut]), key=lambda cut: -letters[cut])
    return next((cut for cut in likely if all(_resembles_any(part, texts) for part in cut)), (word,))


def _resembles_any(word: str, texts: Texts) -> bool:
    sound = _sound(word)
    return process.extractOne(sound, texts.sounds, scorer=OSA.distance, score_cutoff=_slips_of(sound)) is not None


def _in_order(found: Iterable[Resemblance]) -> list[Resemblance]:
    return sorted(found, key=lambda each: (-round(each.score, 3), each.client_id))


def _judged(search: Wanted, texts: Texts, slack: int = 0) -> list[Resemblance]:
    """Those that have anything of a search."""
    likeness = _likeness(search, texts, slack)
    found = []
    for client_id, words in texts.words:
        if not likeness.keys().isdisjoint(words):
            found.append(_judge(client_id, words, search, likeness))
    return found


def _judge(client_id: int, words: Sequence[str], search: Wanted, likeness: Likeness) -> Resemblance:
    best: dict[int, float] = {}
    for word in words:
        for place, similarity in likeness.get(word, ()):
            best[place] = max(similarity, best.get(place, 0.0))
    asked = len(search.words) + len(search.numbers)
    usual = len([place for place in best if place >= asked]) / (len(search.usual) or 1)
    similarities = [best.get(place, 0.0) for place in range(asked)]
    score = _mean(similarities, _weights(search)) if asked else usual
    exact = min(similarities, default=1.0) == 1.0 and usual == (1.0 if search.usual else 0.0)
    return Resemblance(client_id, score + BONUS_OF_USUAL_WORDS * usual, similarities.count(0.0), exact)


def _weights(search: Wanted) -> list[int]:
    of_words = [min(len(word), MOST_WEIGHT_OF_A_WORD) for word in search.words]
    return of_words + [WEIGHT_OF_A_NUMBER] * len(search.numbers)


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _likeness(search: Wanted, texts: Texts, slack: int) -> Likeness:
    """What every word of the clients is to the search; words that are nothing to it are left out."""
    likeness: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, word in enumerate(search.words):
        for known, similarity in _alike(word, texts, slack):
            likeness[known].append((place, similarity))
    for place, number in enumerate(search.numbers, len(search.words)):
        likeness[number].append((place, 1.0))
    for place, forms in enumerate(search.usual, len(search.words) + len(search.numbers)):
        for form in forms:
            likeness[form].append((place, 1.0))
    return likeness


def _alike(word: str, texts: Texts, slack: int) -> Iterator[tuple[str, float]]:
    """The words that resemble one of a search, each with its similarity; a word may come more than once."""
    if word in texts.known:
        yield word, 1.0
    for asked, choices in ((word, texts.vocabulary), (_sound(word), texts.sounds)):
        slips = _slips_of(asked) + (slack if len(asked) > SHORTEST_BEGINNING else 0)
        for found, distance, place in process.extract(
            asked, choices, scorer=OSA.distance, score_cutoff=slips, limit=None
        ):
            if distance == 0 or len(asked) > 3 or _is_no_other_word(asked, found):
                yield texts.vocabulary[place], SAME_SOUND * (1 - distance / (len(asked) + 1))
    if len(word) >= SHORTEST_BEGINNING:
        yield from ((known, BEGINNING) for known in texts.vocabulary if known.startswith(word))


def _is_no_other_word(one: str, other: str) -> bool:
    """Of three letters one that is replaced makes another word: "sol" and "sal"."""
    return len(one) != len(other) or sorted(one) == sorted(other)


def _slips_of(word: str) -> int:
    return next(slips for length, slips in SLIPS_OF_LENGTH if len(word) >= length)


@lru_cache(maxsize=32_768)
def _sound(word: str) -> str:
    """Words that sound the same are written the same: "echevarria" and "etxebarria"; a letter twice counts once."""
    for written, sound in _SOUNDS:
        if written in word:
            word = word.replace(written, sound)
    return _TWICE.sub(r"\1", word)


def _usual_forms(word: str) -> frozenset[str] | None:
    """The ways to write a usual word, from any of them or with a slip in a long one; None for other words."""
    forms = _usual().get(word)
    if forms is None and len(word) >= SHORTEST_MISSPELT_USUAL:
        near = process.extractOne(word, [*_usual()], scorer=OSA.distance, score_cutoff=1)
        forms = _usual()[near[0]] if near else None
    return forms


@cache
def _usual() -> Mapping[str, frozenset[str]]:
    ways = [frozenset((word, *others)) for word, others in _read()["usual"].items()]
    return {form: forms for forms in ways for form in forms}


@cache
def _ignored() -> frozenset[str]:
    return frozenset(_read()["ignored"])


def _read() -> Any:
    return yaml.safe_load(ABBREVIATIONS.read_text(encoding="utf-8"))
