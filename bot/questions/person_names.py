"""The name of a person in a sentence: "autoriza a Marta Ruiz" → "Marta Ruiz", first name and surnames apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from bot.questions.vocabulary import plain, spelt, vocabulary

WORDS = Path(__file__).with_name("person_words.yml")
MOST_WORDS = 7
"""Of a name; what is longer is none."""
LONGEST_TEXT = 600

_TITLE = re.compile(r"(?<!\w)(?:D\.?ª\.?|D\.|Dña\.?|Don|Doña|Sr\.?|Sra\.?|Srta\.?)(?=\s)", re.IGNORECASE)
_ELISION = re.compile(r"(?<!\w)[ld]['’](?=[^\W\d_])", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:se llama|me llamo|(?:su |el )?nombre(?: completo)?(?: es)?|llamad[oa]|la persona es|es decir|apellid\w+ y nombre)"
    r"\s*:?\s+",
    re.IGNORECASE,
)
_SURNAMES = re.compile(r"(?:los |el |sus? |de )?apellidos?(?: es| son)?\s*:?\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’.·-][^\W\d_]+)*|[^\w\s]|\d+")
_INSIDE = frozenset(("de", "del", "la", "las", "los", "san", "santa", "i"))
_PAIRED = frozenset(("y", "e"))


@dataclass(frozen=True, slots=True)
class Name:
    """A name in two parts; either may be empty. `is_labelled`: the sentence says that it is one."""

    first_name: str = ""
    surnames: str = ""
    is_labelled: bool = False

    @property
    def whole(self) -> str:
        """Both parts."""
        return f"{self.first_name} {self.surnames}".strip()


@dataclass(frozen=True, slots=True)
class _Run:
    """Words that stand together and may be a name."""

    words: tuple[str, ...]
    is_capital: bool
    follows_to: bool
    """Whether "a" or a title stands before it: "autoriza a marta"."""
    is_clause: bool
    """Whether nothing else stands between the signs around it."""


def find_name(text: str, *, expected: bool = False) -> Name:
    """The person whom a sentence names, nobody's where it names none.

    `expected`: the text answers the question for a name, so that a single small word is one.
    """
    text = _ELISION.sub(" ~ ", _TITLE.sub(" ~ ", text[:LONGEST_TEXT]))
    if surnames := _labelled(_SURNAMES, text):
        return Name(surnames=" ".join(_tidy(surnames)), is_labelled=True)
    if label := _labelled(_LABEL, text):
        return split_name(_tidy(label), is_labelled=True)
    runs = [run for run in _runs(text) if len(run.words) <= MOST_WORDS]
    for likely in (_is_sure, _is_written_as_name, _is_small_name):
        for run in runs:
            if likely(run):
                return split_name(_tidy(run.words), is_labelled=run.follows_to)
    clause = next((run for run in runs if expected and run.is_clause), None)
    return split_name(_tidy(clause.words), is_labelled=clause.follows_to) if clause else Name()


def possible_names(text: str) -> list[str]:
    """Words that may be a name because they are nothing else that is known: "quita a paco ya" → "Paco"."""
    return [" ".join(_tidy(run.words)) for run in _runs(text[:LONGEST_TEXT]) if len(run.words) <= MOST_WORDS]


def split_name(words: tuple[str, ...], *, is_labelled: bool = False) -> Name:
    """First name and surnames: "Miguel Ángel Torres" → "Miguel Ángel" and "Torres", "Ana de la Torre" → "Ana"."""
    if not words:
        return Name()
    groups = _groups(words)
    first = 2 if len(groups) > 3 or (len(groups) == 3 and _is_second_given(groups[1])) else 1
    if len(groups) == 4 and not _is_second_given(groups[1]) and len(groups[1].split()) > 1:
        first = 1
    return Name(" ".join(groups[:first]), " ".join(groups[first:]), is_labelled)


def _groups(words: tuple[str, ...]) -> list[str]:
    """Words with the small ones before them: "María del Carmen de la Torre" → "María", "del Carmen", "de la Torre"."""
    groups: list[str] = []
    small: list[str] = []
    for word in words:
        if plain(word) in _INSIDE | _PAIRED:
            small.append(word)
        elif small and plain(small[0]) in _PAIRED and groups:
            groups[-1] = " ".join([groups[-1], *small, word])
            small = []
        else:
            groups.append(" ".join([*small, word]))
            small = []
    return groups


def _is_second_given(group: str) -> bool:
    return plain(group) in _words().second_names


def _labelled(label: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = label.search(text)
    if not found:
        return ()
    run = next(_runs(text[found.end() :]), None)
    begins = run is not None and text[found.end() :].lstrip(" ~").startswith(run.words[0])
    return run.words[:MOST_WORDS] if run and begins else ()


def _runs(text: str) -> Iterator[_Run]:
    """Words of a text that are of no other use, with the small words between them."""
    tokens = [match[0] for match in _WORD.finditer(text)]
    mixes = text != text.upper()
    start = 0
    while start < len(tokens):
        end = _end_of_run(tokens, start)
        if end == start:
            start += 1
            continue
        words = tuple(tokens[start:end])
        before, after = tokens[start - 1] if start else "", tokens[end] if end < len(tokens) else ""
        yield _Run(
            words,
            is_capital=mixes and all(word[0].isupper() or plain(word) in _INSIDE | _PAIRED for word in words),
            follows_to=plain(before) in ("a", "en", "la", "al", "~"),
            is_clause=not before[-1:].isalnum() and not after[-1:].isalnum(),
        )
        start = end


def _end_of_run(tokens: list[str], start: int) -> int:
    """Where a name that begins at a place ends; at the place itself when none begins there."""
    end = place = start
    while place < len(tokens):
        word = plain(tokens[place])
        if _may_be_name(tokens, place) and tokens[place][0].isupper() == tokens[start][0].isupper():
            place += 1
            end = place
        elif end > start and (word in _INSIDE or (word in _PAIRED and _is_one_surname(tokens, start, place))):
            place += 1
        else:
            break
    return end


def _is_one_surname(tokens: list[str], start: int, place: int) -> bool:
    """Whether "y" joins two halves of a surname ("Ortega y Gasset"); else somebody else follows it."""
    return place - start > 1 and not (_may_be_name(tokens, place + 1) and _may_be_name(tokens, place + 2))


def _may_be_name(tokens: list[str], place: int) -> bool:
    written = tokens[place] if place < len(tokens) else ""
    if len(written) < 2 or not written[0].isalpha():
        return False
    word, words = plain(written), _words()
    if word in words.never or word in _INSIDE or word in _PAIRED:
        return False
    if written[0].isupper() and not written.isupper() and place and tokens[place - 1][-1:].isalpha():
        return word not in vocabulary().glue and (tokens[place - 1][0].isupper() or not words.verbs.fullmatch(word))
    if written[0].isupper() and word in vocabulary().given_names:
        return True
    is_known = vocabulary().is_known(spelt(word)) or word in vocabulary().name_cues
    return not is_known and not words.verbs.fullmatch(word)


def _is_sure(run: _Run) -> bool:
    return run.is_capital and (len(run.words) > 1 or run.follows_to)


def _is_written_as_name(run: _Run) -> bool:
    return run.is_capital


def _is_small_name(run: _Run) -> bool:
    return len(run.words) > 1 and (run.follows_to or run.is_clause)


def _tidy(words: tuple[str, ...]) -> tuple[str, ...]:
    """Written as names are when all letters were small or all were capitals."""
    joined = "".join(words)
    if joined not in (joined.lower(), joined.upper()):
        return words
    return tuple(word.lower() if plain(word) in _INSIDE | _PAIRED else word.title() for word in words)


@dataclass(frozen=True, slots=True)
class _Words:
    never: frozenset[str]
    verbs: re.Pattern[str]
    second_names: frozenset[str]


@cache
def _words() -> _Words:
    written = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    verbs = re.compile(rf"(?:{'|'.join(written['never_stems'].split())})[a-z]{{0,7}}")
    second_names = frozenset(plain(name) for name in written["second_names"])
    return _Words(frozenset(written["never"].split()), verbs, second_names)
