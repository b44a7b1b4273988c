"""Finds the identifiers that people write in a sentence: NIF, NIE, CIF, passport, CUPS and IBAN.

"mi dni es el 12.345.678-z" holds the NIF 12345678Z. An invalid one is found too, with what is wrong with it, as long as
nothing speaks for another kind of number (telephone, amount, date, invoice): better to miss a slip than to tell somebody
that a telephone is a wrong NIF.

The search takes time in proportion to the text, never raises, and gives places of the text as it was written. Only the
first 10,000 characters are read: what is longer is no sentence, and the work on a message must have a bound.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from bot.identity import identifier_patterns as patterns
from bot.identity.identifier_checks import (
    EVERYDAY_COMPANY_LETTERS,
    NIE_LETTERS,
    Kind,
    Problem,
    kind_of,
    problem_of,
)
from bot.identity.identifier_cues import Cue, Cues, folded

__all__ = ["Identifier", "Kind", "Problem", "find_identifiers"]

_CANDIDATES_OF_A_SHAPE = 100
"""More than anybody writes in a message; it bounds the work on a text made of nothing but identifiers."""
_LONGEST_TEXT = 10_000
_DIGIT = re.compile(r"\d")
_LONGEST_LONE_ANSWER = 60
_SEPARATORS = re.compile(r"[^0-9A-Z]+")
_WORD_OF_ONE_LETTER = re.compile(r"^[AEOUY][ \t]+[0-9]|[0-9][ \t]+[AEOUY]$")
"""Letters that are words when a blank sets them apart: "llama al 12345678 y …"."""
_NOT_PASSPORT_LETTERS = re.compile(
    r"ALB|CIF|COD|CON|DEL|DNI|DOC|EUR|EXP|FAC|FRA|INC|LAS|LOS|LOT|MIS|NI[EF]|NUM|PED|PO[LR]|QUE|REF|SO[LN]|SUS|TEL|TLF|UN[AO]"
)
_SPANISH_PHONE_STARTS = "6789"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier in a text: `text[start:end]` is how it was written, `value` how it is normalised."""

    kind: Kind
    value: str
    start: int
    end: int
    problem: Problem | None = None


def find_identifiers(text: str, *, expected: bool = False) -> tuple[Identifier, ...]:
    """The identifiers in a text, in its order, without overlap.

    `expected` says that the text answers a question for an identifier: then a number without its letter counts too.
    """
    if not _DIGIT.search(text):
        return ()
    return _Search(text[:_LONGEST_TEXT], expected).run()


class _Search:
    """One search; the methods that yield go from the surest shape to the least sure, and what is taken is taken."""

    def __init__(self, text: str, expected: bool) -> None:
        plain = folded(text)
        self._written = text
        self._plain = plain
        self._text = patterns.GLUED_LABEL.sub(_blank_if_it_starts_a_word, plain)
        self._expected = expected
        self._taken = bytearray(len(text))

    @cached_property
    def _cues(self) -> Cues:
        return Cues(self._plain)

    def run(self) -> tuple[Identifier, ...]:
        found = [identifier for identifier in self._candidates() if self._take(identifier)]
        return tuple(sorted(found, key=lambda identifier: identifier.start))

    def _take(self, identifier: Identifier) -> bool:
        start, end = identifier.start, identifier.end
        if self._taken.find(1, start, end) >= 0:
            return False
        self._taken[start:end] = bytes([1]) * (end - start)
        return True

    def _candidates(self) -> Iterator[Identifier]:
        yield from self._supply_points_and_accounts()
        exact = [*self._exact(patterns.DIGITS_THEN_LETTER), *self._exact(patterns.LETTER_THEN_DIGITS)]
        yield from (identifier for identifier in exact if identifier.problem is None)
        yield from self._passports()
        yield from exact
        yield from self._slips()
        if self._expected or self._cues.any_identity():
            yield from self._numbers_without_letter()
            yield from self._mixed_up_codes()

    def _matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        return islice(pattern.finditer(self._text), _CANDIDATES_OF_A_SHAPE)

    def _cue(self, start: int, end: int) -> Cue | None:
        """The word that says what start..end is; an expected or lone identifier needs none."""
        cue = self._cues.near(start, end)
        return cue or (Cue.PERSON if self._expected or self._is_alone(start, end) else None)

    def _is_alone(self, start: int, end: int) -> bool:
        """Whether the message holds nothing else than start..end, labels and signs apart."""
        if len(self._text) > _LONGEST_LONE_ANSWER:
            return False
        return not any(map(str.isalnum, self._text[:start] + self._text[end:]))

    def _supply_points_and_accounts(self) -> Iterator[Identifier]:
        for match in self._matches(patterns.CUPS):
            yield _identifier(Kind.CUPS, match)
        for pattern in (patterns.SPANISH_IBAN, patterns.SLIP_SPANISH_IBAN):
            for match in self._matches(pattern):
                yield _identifier(Kind.IBAN, match)
        for match in self._matches(patterns.FOREIGN_IBAN):
            yield from self._foreign_iban(match)

    def _foreign_iban(self, match: re.Match[str]) -> Iterator[Identifier]:
        """Only a valid one: its country says how many characters it takes, the words after it are none of it."""
        length = patterns.FOREIGN_IBAN_LENGTHS.get(match[0][:2], 0)
        value = _compact(match[0])[:length]
        if len(value) < max(length, 1) or problem_of(Kind.IBAN, value):
            return
        places = [place for place, character in enumerate(match[0], match.start()) if character.isalnum()]
        end = places[length - 1] + 1
        if not self._text[end : end + 1].isalnum():
            yield Identifier(Kind.IBAN, value, match.start(), end)

    def _exact(self, pattern: re.Pattern[str]) -> Iterator[Identifier]:
        """Nine characters in the order of a NIF, NIE or CIF."""
        for match in self._matches(pattern):
            identifier = _identifier(kind_of(_compact(match[0])), match)
            meant = self._is_slip_meant if identifier.problem else self._is_valid_meant
            if meant(identifier, match[0]):
                yield identifier

    def _is_valid_meant(self, identifier: Identifier, shape: str) -> bool:
        """One invoice number in ten has the check digit of a CIF, and "y" or "a" may be a word."""
        cue = self._cue(identifier.start, identifier.end)
        if _has_word(shape):
            letter = identifier.start if shape[0].isalpha() else identifier.end - 1
            return _is_identity(cue) or self._written[letter].isupper()
        if identifier.kind is Kind.CIF and cue is Cue.PASSPORT:
            return False
        return cue is not Cue.OTHER or _is_everyday(identifier.value)

    def _is_slip_meant(self, identifier: Identifier, shape: str) -> bool:
        cue = self._cue(identifier.start, identifier.end)
        if cue is Cue.OTHER or _has_word(shape) or patterns.DATE.search(shape):
            return False
        if self._goes_on_with_a_letter(identifier.start, identifier.end):
            return False
        return _is_identity(cue) or _is_everyday(identifier.value)

    def _goes_on_with_a_letter(self, start: int, end: int) -> bool:
        """Whether start..end is only a part of what was meant, as "12345678-l" is of "x-12345678-l"."""
        before = patterns.LETTER_JOINED_BEFORE.search(self._text[max(start - 5, 0) : start])
        return before is not None or patterns.LETTER_JOINED_AFTER.match(self._text, end) is not None

    def _slips(self) -> Iterator[Identifier]:
        """A character too few or too many; with gaps like a telephone's only when the sentence asks for it."""
        for pattern in (patterns.SLIP_LETTER_THEN_DIGITS, patterns.SLIP_DIGITS_THEN_LETTER):
            for match in self._matches(pattern):
                identifier = _identifier(kind_of(_compact(match[0])), match)
                announced = _is_identity(self._cue(*match.span()))
                near_miss = len(identifier.value) in (8, 10) and not any(map(str.isspace, match[0]))
                if (announced or near_miss) and self._is_slip_meant(identifier, match[0]):
                    yield identifier

    def _passports(self) -> Iterator[Identifier]:
        for match in self._matches(patterns.SPANISH_PASSPORT):
            if self._is_spanish_passport(match):
                yield _identifier(Kind.PASSPORT, match)
        if self._cues.any_of(Cue.PASSPORT):
            yield from self._foreign_passports()

    def _is_spanish_passport(self, match: re.Match[str]) -> bool:
        """Three letters and six digits are often a word and an amount."""
        cue = self._cue(*match.span())
        if cue is Cue.OTHER or _NOT_PASSPORT_LETTERS.match(match[0]):
            return False
        return _is_identity(cue) or " " not in match[0]

    def _foreign_passports(self) -> Iterator[Identifier]:
        """Other countries' codes of 6 to 9 letters and digits, only where the word passport announces them."""
        for match in self._matches(patterns.CODE):
            digits = sum(map(str.isdecimal, match[0]))
            if digits < 3 or self._cues.near(*match.span()) is not Cue.PASSPORT:
                continue
            problem = Problem.TOO_SHORT if len(match[0]) < 6 else Problem.TOO_LONG if len(match[0]) > 9 else None
            yield Identifier(Kind.PASSPORT, match[0], match.start(), match.end(), problem)

    def _numbers_without_letter(self) -> Iterator[Identifier]:
        for match in self._matches(patterns.DIGIT_RUN):
            value, cue = _compact(match[0]), self._cue(*match.span())
            if not _is_identity(cue) or not self._stands_free(match) or patterns.DATE.search(match[0]):
                continue
            kind = Kind.CIF if cue is Cue.COMPANY else Kind.NIF
            if len(value) in (7, 8):
                yield Identifier(kind, value, match.start(), match.end(), Problem.TOO_SHORT)
            elif len(value) == 9 and value[0] not in _SPANISH_PHONE_STARTS:
                yield Identifier(kind, value, match.start(), match.end(), Problem.WRONG_FORMAT)

    def _stands_free(self, match: re.Match[str]) -> bool:
        """Whether the digits are no part of a longer code, an address of mail or an amount."""
        before, after = self._text[max(match.start() - 1, 0) : match.start()], self._text[match.end() : match.end() + 1]
        glued = any(character.isalnum() or character == "@" for character in before + after)
        return not glued and not patterns.AMOUNT_FOLLOWS.match(self._text, match.end())

    def _mixed_up_codes(self) -> Iterator[Identifier]:
        """A word of letters and digits where an identifier was announced: "12a45678Z", "O1234567L"."""
        for match in self._matches(patterns.CODE):
            value, digits = match[0], sum(map(str.isdecimal, match[0]))
            if 5 <= digits < len(value) <= 11 and _is_identity(self._cue(*match.span())):
                yield Identifier(kind_of(value), value, match.start(), match.end(), Problem.WRONG_FORMAT)


def _compact(shape: str) -> str:
    return _SEPARATORS.sub("", shape)


def _identifier(kind: Kind, match: re.Match[str]) -> Identifier:
    value = _compact(match[0])
    return Identifier(kind, value, match.start(), match.end(), problem_of(kind, value))


def _is_identity(cue: Cue | None) -> bool:
    return cue is not None and cue.is_identity


def _is_everyday(value: str) -> bool:
    """Whether such a value is met often enough to be meant even where nothing announces it."""
    return value[0].isdecimal() or value[0] in NIE_LETTERS + EVERYDAY_COMPANY_LETTERS


def _has_word(shape: str) -> bool:
    return _WORD_OF_ONE_LETTER.search(shape) is not None


def _blank_if_it_starts_a_word(label: re.Match[str]) -> str:
    """Frees the number in "nif12345678Z"; "tres12345678z" is none of ours."""
    inside_a_word = label.string[max(label.start() - 1, 0) : label.start()].isalnum()
    return label[0] if inside_a_word else " " * len(label[0])
