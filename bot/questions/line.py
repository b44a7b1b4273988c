"""A sentence cut into words that can be looked for with patterns and taken away once they are understood.

Patterns see the line in plain, corrected words with one blank between them; words that are taken or that belong to a
name are masked. What nobody takes is left over: that is how the name of a client is found.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

from bot.questions.vocabulary import plain, spelt, vocabulary

LONGEST_TEXT = 600
"""Characters that are read: what is longer is no question, and the work on a message must have a bound."""

_UNSEEN = {"Cf", "Cc", "Cs", "Co", "Cn"}
_TOKENS = re.compile(
    r"\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})(?![\d/])"  # 1/2/2026
    r"|\d{4}[/-]\d{1,2}(?:[/-]\d{1,2})?(?![\d/])"  # 2026-02-01, 2026-02
    r"|\d{1,2}[/-](?:\d{4}|\d{2}|\d)(?![\d/])"  # 02/2026, 1/2
    r"|(?:[qQtT][1-4]|[1-4][tTqQ])(?![^\W_])"
    r"|\d+(?:[.,]\d+)*"
    r"|[nN]\.?[º°]"
    r"|[cC]/"
    r"|(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}(?![^\W\d_])\.?"  # S.L., C.P.
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*"
    r"|[€ªº<>+=]"
)
_BEFORE_A_MONTH = {"", "de", "en", "desde", "hasta", "a", "y", "entre", "mes", "solo"}
_ENDS_A_CLAUSE = re.compile(r"[.!?¿¡:;,\n\"“«(]")


class Use(Enum):
    """What a word of the line is for."""

    FREE = auto()
    NAME = auto()
    TAKEN = auto()


@dataclass(slots=True)
class Token:
    """One word: `text[start:end]` as it was written; `word` is the plain, corrected one that patterns see."""

    start: int
    end: int
    written: str
    plain: str
    word: str
    use: Use = Use.FREE


class Line:
    """The words of one text. First names are marked, then `correct` is called, then patterns are looked for."""

    def __init__(self, text: str) -> None:
        self.text = _visible(text[:LONGEST_TEXT])
        self.tokens = [self._token(match) for match in _TOKENS.finditer(self.text)]
        self._masked = ""
        self._starts: list[int] = []
        self.correct()

    def _token(self, match: re.Match[str]) -> Token:
        word = plain(match[0])
        return Token(match.start(), match.end(), match[0], word, word)

    @cached_property
    def mixes_cases(self) -> bool:
        """Whether a capital letter says anything: in a text without small letters it does not."""
        return self.text != self.text.upper()

    def is_capital(self, place: int) -> bool:
        """Whether the word has a capital letter that is not only that of a beginning sentence."""
        if not self.mixes_cases or not self.tokens[place].written[0].isupper():
            return False
        return not self.begins_clause(place)

    def begins_clause(self, place: int) -> bool:
        """Whether a word comes after a sign that ends a clause, or first of all."""
        if place == 0:
            return True
        if self.gap(place).startswith(". ") and self.tokens[place - 1].plain in vocabulary().dotted:
            return False
        return _ENDS_A_CLAUSE.search(self.gap(place)) is not None

    def gap(self, place: int) -> str:
        """What stands between a word and the one before it."""
        before = self.tokens[place - 1].end if place else 0
        return self.text[before : self.tokens[place].start]

    def correct(self, spare: frozenset[int] = frozenset()) -> None:
        """Corrects the spelling of all words but names and the places spared; then patterns can be looked for."""
        for place, token in enumerate(self.tokens):
            corrected = token.use is Use.FREE and place not in spare and not self.is_capital(place)
            token.word = spelt(token.plain) if corrected or token.plain in vocabulary().short else token.plain
            if token.use is Use.FREE and self.is_short_month(place):
                token.word = vocabulary().month_short[token.plain]
        self.index()

    def is_month(self, place: int) -> bool:
        """Whether the word at a place is a month, abbreviated or misspelt ones included; False beyond the end."""
        if place >= len(self.tokens):
            return False
        return spelt(self.tokens[place].plain) in vocabulary().months or self.is_short_month(place)

    def is_short_month(self, place: int) -> bool:
        """Whether an abbreviation such as "mar" stands where only a month makes sense."""
        if self.tokens[place].plain not in vocabulary().month_short:
            return False
        before = self.tokens[place - 1].plain if place else ""
        after = self.tokens[place + 1].plain if place + 1 < len(self.tokens) else ""
        alone = not after or after[0].isdecimal() or vocabulary().is_known(after) or self.gap(place + 1).strip() != ""
        return alone and (before in _BEFORE_A_MONTH or before.isdecimal() or spelt(before) in vocabulary().closed)

    def index(self) -> None:
        """Writes the words as one line; to be called when a `word` or a `use` was changed by hand."""
        self._starts, pieces, at = [], [" "], 1
        for token in self.tokens:
            self._starts.append(at)
            piece = token.word if token.use is Use.FREE else _mask(token)
            pieces.append(f"{piece} ")
            at += len(piece) + 1
        self._masked = "".join(pieces)

    @property
    def words(self) -> str:
        """The line that patterns see, with a blank at each end."""
        return self._masked

    def places(self, start: int, end: int) -> range:
        """The tokens of a span of the line."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        if start < end and self._masked[start] == " ":
            first = bisect_right(self._starts, start)
        return range(first, bisect_right(self._starts, end - 1))

    def written(self, start: int, end: int) -> str:
        """How a span of the line was written."""
        places = self.places(start, end)
        return self.text[self.tokens[places[0]].start : self.tokens[places[-1]].end] if places else ""

    def take(self, start: int, end: int) -> None:
        """Takes a span of the line away: it is understood and no part of a name."""
        places = self.places(start, end)
        for place in places:
            token = self.tokens[place]
            if token.use is Use.FREE:
                token.use = Use.TAKEN
                at = self._starts[place]
                self._masked = self._masked[:at] + _mask(token) + self._masked[at + len(token.word) :]

    def taken(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first match of a pattern, which is taken away."""
        match = pattern.search(self._masked)
        if match:
            self.take(*match.span())
        return match

    def each_taken(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Every match of a pattern, each taken away."""
        for match in list(pattern.finditer(self._masked)):
            self.take(*match.span())
            yield match

    def use(self, start: int, end: int, use: Use) -> None:
        """Marks the words that touch a span of the text as written."""
        for token in self.tokens:
            if token.start < end and start < token.end:
                token.use = use


def phrase(source: str) -> re.Pattern[str]:
    """A pattern of whole words of a line."""
    return re.compile(rf"(?<= )(?:{source})(?= )")


def _mask(token: Token) -> str:
    return ("~" if token.use is Use.NAME else "_") * len(token.word)


def _visible(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    if composed.isascii() and composed.isprintable():
        return composed
    return "".join(
        letter
        if unicodedata.category(letter) not in _UNSEEN
        else "\n"
        if letter == "\n"
        else ""
        if unicodedata.category(letter) == "Cf"
        else " "
        for letter in composed
    )
