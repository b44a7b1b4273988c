"""The closed vocabulary of questions: abbreviations, months, words that mean nothing, and misspellings of them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA

WORDS = Path(__file__).with_name("words.yml")
SLIPS_OF_LENGTH = ((10, 2), (7, 1))
"""(letters from which on, slips that are forgiven): in shorter words a slip makes another word or a name."""

_ENDINGS = (
    "(?:ar|er|ir|o|a|as|amos|emos|imos|an|ais|e|es|en|eis|ad|ed|id|ando|iendo|aste|aron|ieron|aba|aban|ado|ido|ia"
    "|ias|ian|iamos|iais|"
    "aria|arias|ariais|eria|erias|iria|irias|are|aras|areis|ara|era|ira|aran)"
)
_PRONOUNS = "(?:me|te|se|nos|os)?(?:l[aeo]s?)?"
_SOFT_C = re.compile(r"[sz](?=[ei])")
_TWICE = re.compile(r"([a-z])\1+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The word lists of `words.yml`, each in the form in which it is asked."""

    months: tuple[str, ...]
    month_short: dict[str, str]
    short: dict[str, str]
    typos: dict[str, str]
    spelling: tuple[str, ...]
    not_typos: frozenset[str]
    closed: frozenset[str]
    glue: frozenset[str]
    politeness: frozenset[str]
    nouns: frozenset[str]
    verbs: re.Pattern[str]
    name_cues: frozenset[str]
    streets: frozenset[str]
    company_forms: frozenset[str]
    company_capitals: frozenset[str]
    given_names: frozenset[str]
    dotted: frozenset[str]
    connectors: frozenset[str]

    def is_noise(self, word: str) -> bool:
        """Whether a plain word says nothing about which client is meant."""
        return word in self.glue or self.is_content_free(word)

    def is_content_free(self, word: str) -> bool:
        """As `is_noise`, without the small words that a name may have in it."""
        return word in self.politeness or word in self.nouns or self.verbs.fullmatch(word) is not None

    def is_known(self, word: str) -> bool:
        """Whether the word is of this vocabulary at all, so that it is no misspelt one."""
        return word in self.closed or word in self.months or word in self.not_typos or self.is_noise(word)


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read once."""
    words: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    stems = "|".join(words["verb_stems"].split())
    mappings = {name: words[name] for name in ("month_short", "short", "typos")}
    texts = ("closed", "glue", "politeness", "nouns", "name_cues", "streets")
    lists = ("not_typos", "company_forms", "company_capitals", "given_names", "dotted", "connectors")
    sets = {name: frozenset(words[name].split()) for name in texts} | {name: frozenset(words[name]) for name in lists}
    verbs = re.compile(rf"(?:{stems}){_ENDINGS}{_PRONOUNS}|{'|'.join(words['verbs'].split())}")
    fields: dict[str, Any] = {**mappings, **sets, "verbs": verbs}
    return Vocabulary(months=tuple(words["months"]), spelling=tuple(words["spelling"]), **fields)


def plain(word: str) -> str:
    """Lower case without accents: "Descárgala" → "descargala"; ª and º stay what they are."""
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFD", word.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@lru_cache(maxsize=20_000)
def spelt(word: str) -> str:
    """A plain word as it should be spelt if it is a misspelt word of this vocabulary, else as it is."""
    words = vocabulary()
    known = words.short.get(word) or words.typos.get(word)
    if known or words.is_known(word):
        return known or word
    same_sound = {
        _TWICE.sub(r"\1", word),
        word.replace("b", "v"),
        word.replace("v", "b"),
        _SOFT_C.sub("c", word),
        word.replace("b", "v").replace("z", "c"),
    }
    if alike := sorted(same_sound & (words.closed | set(words.months))):
        return alike[0]
    slips = next((slips for letters, slips in SLIPS_OF_LENGTH if len(word) >= letters), 0)
    found = process.extractOne(word, words.spelling, scorer=OSA.distance, score_cutoff=slips) if slips else None
    return str(found[0]) if found and found[0][0] == word[0] else word
