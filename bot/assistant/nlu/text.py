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
_DIGIT = re.compile(r"\d")
_HAS_ADDRESS = re.compile(r"@|://|www\.")
_REPEATED_LETTER = re.compile(r"(\w)\1{2,}")
_WORD = re.compile(r"[a-z]+|[?!]")
_UNSEEN = {"Mn", "Cf", "Cc", "Cs", "Co", "Cn"}  # accents set apart, zero-width and control signs, unassigned codes


def plain(text: str) -> str:
    """Lower case, without accents, without control or zero-width characters; one space between words."""
    spaced = " ".join(text[:MAXIMUM_CHARACTERS].lower().split())
    if spaced.isascii() and spaced.isprintable():
        return spaced
    decomposed = unicodedata.normalize("NFKD", spaced)
    return " ".join("".join(sign for sign in decomposed if unicodedata.category(sign) not in _UNSEEN).split())


@lru_cache(maxsize=1)
def abbreviations() -> Mapping[str, str]:
    """Office abbreviations → what they stand for, from `abbreviations.yml` beside this module."""
    source = resources.files(__package__).joinpath("abbreviations.yml").read_text("utf-8")
    return {str(short): str(long) for short, long in yaml.safe_load(source).items()}


def masked(line: str) -> str:
    """A plain line with each identifier replaced by a made-up word for its kind."""
    if not (_DIGIT.search(line) or _HAS_ADDRESS.search(line)):
        return line
    for pattern, mask in _IDENTIFIERS:
        line = pattern.sub(mask, line)
    return line


def words(text: str) -> list[str]:
    """The words of a message, in order: plain, identifiers masked, abbreviations written out."""
    return words_of_plain(plain(text))


def words_of_plain(line: str) -> list[str]:
    """As `words`, for a line that went through `plain` already."""
    known = abbreviations()
    found = _WORD.findall(_REPEATED_LETTER.sub(r"\1", masked(line)))
    return [part for word in found for part in known.get(word, word).split()]


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("spanish", 0)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The Spanish stem of a plain word."""
    return str(_stemmer().stemWord(word))
