"""What a written message is reduced to before features are taken from it."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

import Stemmer
import yaml

# Longer messages are cut: what somebody wants stands in the first lines, and the cost of a message stays bounded.
MAXIMUM_CHARACTERS = 600

# Identifiers say what kind of message this is, never which one: all NIFs look alike to the classifier.
_IDENTIFIERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), " zzcorreo "),
    (re.compile(r"https?://\S+|www\.\S+"), " zzenlace "),
    (re.compile(r"\bes ?\d{2}(?:[ -]?\d{4}){5}\b"), " zziban "),
    (re.compile(r"\bes ?(?:\d[ -]?){16}[a-z]{2}(?:\d[a-z])?\b"), " zzcups "),
    (re.compile(r"\b\d{1,2}[. ]?\d{3}[. ]?\d{3}[ -]?[a-z]\b"), " zznif "),
    (re.compile(r"\b[xyz][ .-]?\d{1,2}[. ]?\d{2,3}[. ]?\d{3}[ .-]?[a-z]\b"), " zznie "),
    (re.compile(r"\b[abcdefghjnpqrsuvw][ .-]?\d{2}[. ]?\d{3}[. ]?\d{2,3}[ .-]?[a-j]?\b"), " zzcif "),
    (re.compile(r"\b(?:\d[ .-]?){9,}\b"), " zzlargo "),
    (re.compile(r"\b\d{7,8}\b"), " zzdigitos "),
    (re.compile(r"\d+(?:[.,]\d+)*"), " zznumero "),
)
_REPEATED_LETTER = re.compile(r"(\w)\1{2,}")
_WORD = re.compile(r"[a-z]+|[?!]")


def plain(text: str) -> str:
    """Lower case, without accents, without control or zero-width characters; one space between words."""
    decomposed = unicodedata.normalize("NFKD", text[:MAXIMUM_CHARACTERS].lower())
    kept = (" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in decomposed)
    return " ".join("".join(sign for sign in kept if unicodedata.category(sign) not in {"Mn", "Cf"}).split())


@lru_cache(maxsize=1)
def abbreviations() -> Mapping[str, str]:
    """Office abbreviations → what they stand for, from `abbreviations.yml` beside this module."""
    source = resources.files(__package__).joinpath("abbreviations.yml").read_text("utf-8")
    return {str(short): str(long) for short, long in yaml.safe_load(source).items()}


def words(text: str) -> list[str]:
    """The words of a message, in order: plain, identifiers masked, abbreviations written out."""
    line = plain(text)
    for pattern, mask in _IDENTIFIERS:
        line = pattern.sub(mask, line)
    line = _REPEATED_LETTER.sub(r"\1", line)
    known = abbreviations()
    return [part for word in _WORD.findall(line) for part in known.get(word, word).split()]


class SpanishStems:
    """Stems of Spanish words; keeps what it has worked out, up to a bound."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("spanish", 20_000)

    def __call__(self, listed: list[str]) -> list[str]:
        """The stem of each word, in the same order."""
        return list(self._stemmer.stemWords(listed))
