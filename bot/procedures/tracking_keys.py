"""Tracking keys: "V7K3-9MCD-TCR9". A person reads one over the phone, types it as it comes, and nobody guesses one.

Nineteen characters that neither look nor sound alike, no vowel among them, so that no key is a word. Eleven are random,
with a digit and a letter among them at least: 46.7 bits. The last one checks: it catches every single wrong character
and every swap of two, since the weights modulo the prime 19 are powers of 2, which are all different.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator

ALPHABET = "34679CDFHJKMPRTVWXY"
LOOK_ALIKES = {"O": "D", "0": "D", "Q": "D", "B": "V", "U": "V", "N": "M", "Ñ": "M", "G": "6", "1": "7"}
"""What is heard or read instead of one of ours, where only one can be meant."""
LENGTH = 12
GROUP = 4
LONGEST_GAP = 3

_BASE = len(ALPHABET)
_SPOKEN = str.maketrans(LOOK_ALIKES)
_WORD = re.compile(r"[^\W_]+")
_DASHES = re.compile(r"\s*[‐‑‒–—―−_./\-]\s*")
_CHARACTER = "[0-9A-ZÑ]"
_WITH_DASHES = re.compile(rf"(?<![\w-]){_CHARACTER}{{4}}(?:-{_CHARACTER}{{4}}){{2}}(?![\w-])")
_WITH_BLANKS = re.compile(rf"(?<!\w)[{ALPHABET}]{{4}}(?:[\s-]+[{ALPHABET}]{{4}}){{2}}(?!\w)")
_TOGETHER = re.compile(rf"(?<!\w)[{ALPHABET}{''.join(LOOK_ALIKES)}]{{{LENGTH}}}(?!\w)")


def new_key(choose: Callable[[str], str] | None = None) -> str:
    """A key nobody knows; `choose` draws a character, in invented worlds one that repeats itself."""
    draw = choose or secrets.choice
    while True:
        characters = "".join(draw(ALPHABET) for _ in range(LENGTH - 1))
        characters += ALPHABET[-2 * _remainder(characters) % _BASE]
        if _is_mixed(characters):
            return _grouped(characters)


def read_key(typed: str) -> str | None:
    """The key that was typed, in its usual form; None when it is none or has a slip.

    Lower case, blanks, dashes and look-alikes do not matter.
    """
    return _read("".join(_WORD.findall(_plain(typed))))


def find_key(text: str) -> str | None:
    """The first key in a sentence, however it is parted."""
    plain = _plain(text)
    words = list(_WORD.finditer(plain))
    runs = (run for place in range(len(words)) for run in _runs(words[place : place + LENGTH]))
    return next((key for key in map(_read, runs) if key), None)


def has_misread_key(text: str) -> bool:
    """Whether something in a sentence has the form of a key and is none: a character of it is wrong."""
    if find_key(text):
        return False
    plain = _DASHES.sub("-", _plain(text))
    forms = (_WITH_DASHES, _WITH_BLANKS, _TOGETHER)
    return any(_is_mixed(found[0]) for form in forms for found in form.finditer(plain))


def _runs(words: list[re.Match[str]]) -> Iterator[str]:
    """Words that follow each other closely and are as long as a key together; at most one such run begins at a word."""
    run, end = "", words[0].start()
    for word in words:
        if len(run) + len(word[0]) > LENGTH or word.start() - end > LONGEST_GAP:
            return
        run, end = run + word[0], word.end()
        if len(run) == LENGTH:
            yield run


def _read(characters: str) -> str | None:
    key = characters.translate(_SPOKEN)
    if len(key) != LENGTH or not set(key) <= set(ALPHABET):
        return None
    return _grouped(key) if _remainder(key) == 0 and _is_mixed(key) else None


def _remainder(characters: str) -> int:
    """The weighted sum modulo 19, the last character's weight being 1 and each other's twice its right neighbour's."""
    total = 0
    for character in characters:
        total = (2 * total + ALPHABET.index(character)) % _BASE
    return total


def _is_mixed(characters: str) -> bool:
    """Letters alone could be a word, digits alone a phone number."""
    digits = sum(character.isdigit() for character in characters)
    return 0 < digits < sum(character.isalnum() for character in characters)


def _grouped(key: str) -> str:
    return "-".join(key[place : place + GROUP] for place in range(0, LENGTH, GROUP))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper()
