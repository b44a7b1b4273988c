"""The periods of a question: days of issue ("de marzo") and days when payment is due ("que vencen en abril").

A month or day without its year is the latest one that has begun by today. Of days when payment is due, which lie ahead
as often as behind, it may begin up to three months ahead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from bot.invoices.model import Period
from bot.questions.calendar_words import YEAR, readings
from bot.questions.line import Line, phrase
from bot.questions.model import NO_FIRST, NO_LAST
from bot.questions.stretches import Monthless, Stretch, Weekly

DAYS_AHEAD_IN_A_YEAR, DAYS_AHEAD_IN_A_MONTH, DAYS_AHEAD_IN_A_WEEK = 92, 27, 6
YEARS_OF_INVOICES = 5
"""A bare number is a year if it is one of the last; in "Reformas 2000" it is none."""

_ONE_DAY = timedelta(days=1)
_TO = re.compile(r" (?:y )?(?:hasta|al?)(?: el| la| los| finales de| fin de)? ")
_AND = re.compile(r" (?:y|e|o)(?: del?| en| el| la| los| las del?)? ")
_BEFORE_IT = re.compile(
    r" (?:(?P<since>desde|a partir del?|posterior(?:es)? al?)|(?P<after>despues del?)|(?P<until>hasta)"
    r"|(?P<before>antes del?|anterior(?:es)? al?)"
    r"|(?P<between>entre)|(?P<but>(?:menos|excepto|salvo|que no sean)(?: l[ao]s?)? del?))(?: el| la| los"
    r"| las)?(?: dia| mes del?| ano)? $"
)
_ONWARDS = re.compile(r" (?:en|hacia) adelante | para aca ")
_IN = (
    r"(?: (?:con|del?|en|el|la|los|las|para|durante|al?|fecha|dia|mes|desde|entre|este|y|es|sea|algo|nada|alguna"
    r"|algun|facturas?|recibos?))*"
)
_DUE = re.compile(
    r" (?:(?P<word>vence|vencen|venceran|vencera|venza|venzan|vencer|vencimientos?|(?P<past>vencieron|vencio"
    r"|vencian|(?:ha|han) vencido))"
    r"|(?:se )?(?:cobran|cargan|cobraran|cargaran)|fecha limite|vencid[oa]s?(?! de )|(?:que|toca|tocan"
    r"|a) pagar(?! de ))"
    rf"{_IN} $"
)
_DUE_AFTER = re.compile(r" (?:me |nos |se )?(?P<word>vence|vencen|venceran)(?P<past>(?!))?(?= )")
_NOW = phrase(r"hasta (?:ahora|la fecha)|a (?:dia|fecha) de hoy")
_YEAR_PLACES = re.compile(
    r" (?:del?|en|durante|desde|hasta|entre|al?|y|e|ano|anos|ejercicio|facturas?|recibos?|total|todo|el) $|^ $"
)
_A_YEAR = phrase(YEAR)


@dataclass(frozen=True, slots=True)
class Periods:
    """What was found; `unreadable` is a date that is none, as it was written."""

    issued: Period | None = None
    due: Period | None = None
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class _Horizon:
    """How late something without a year, month or week may begin."""

    of_year: date
    of_month: date
    of_week: date

    @classmethod
    def at(cls, today: date, *, ahead: bool) -> _Horizon:
        days = (DAYS_AHEAD_IN_A_YEAR, DAYS_AHEAD_IN_A_MONTH, DAYS_AHEAD_IN_A_WEEK)
        return cls(*(today + timedelta(days=each) for each in days)) if ahead else cls(today, today, today)

    def resolve(self, stretch: Stretch) -> Period | None:
        if stretch is None or isinstance(stretch, Period):
            return stretch
        if isinstance(stretch, Weekly):
            return stretch.latest(self.of_week)
        return stretch.latest(self.of_month if isinstance(stretch, Monthless) else self.of_year)


def take_periods(line: Line, today: date) -> Periods:
    """Finds the periods of a line and takes them away."""
    issued = due = None
    unreadable = ""
    for group in _groups(line, sorted(_pieces(line, today), key=lambda piece: piece.start)):
        is_due, horizon = _due_of(line, group, today)
        period = _period(line, group, horizon)
        if period is None:
            unreadable = unreadable or line.written(group[0].start, group[-1].end)
        elif is_due:
            due = due or period
        else:
            issued = _together(issued, period) if issued else period
    return Periods(issued, due, unreadable)


def _pieces(line: Line, today: date) -> Iterator[_Piece]:
    """Every expression of time, taken away."""
    line.taken(_NOW)
    for pattern, reading in readings():
        for match in line.each_taken(pattern):
            yield _Piece(*match.span(), reading(match, today))
    for match in _A_YEAR.finditer(line.words):
        recent = today.year - YEARS_OF_INVOICES <= int(match[0]) <= today.year + 1
        if recent or _YEAR_PLACES.search(line.words[: match.start()]):
            line.take(*match.span())
            yield _Piece(*match.span(), Period(date(int(match[0]), 1, 1), date(int(match[0]), 12, 31)))


def _groups(line: Line, pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Pieces that make one period: "de enero | a marzo"."""
    group: list[_Piece] = []
    for piece in pieces:
        if group and not _are_joined(line, group[-1], piece):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _are_joined(line: Line, former: _Piece, latter: _Piece) -> bool:
    between = line.words[former.end : latter.start]
    return between == " " or _TO.fullmatch(between) is not None or _AND.fullmatch(between) is not None


def _due_of(line: Line, group: list[_Piece], today: date) -> tuple[bool, _Horizon]:
    """Whether days of payment are meant, and how far ahead they may begin."""
    before = line.words[: group[0].start]
    prefix = _BEFORE_IT.search(before)
    found = _DUE.search(before[: prefix.start() + 1] if prefix else before)
    found = found or (_DUE_AFTER.match(line.words, group[-1].end) if len(group) == 1 else None)
    if not found:
        return False, _Horizon.at(today, ahead=False)
    if found["word"]:
        line.take(*found.span("word"))
    return True, _Horizon.at(today, ahead=found["past"] is None)


def _period(line: Line, group: list[_Piece], horizon: _Horizon) -> Period | None:
    if len(group) > 1:
        return _joined(line, group, horizon)
    before, period = line.words[: group[0].start], horizon.resolve(group[0].stretch)
    if period is None:
        return None
    found = _BEFORE_IT.search(before)
    if not found:
        return Period(period.first, NO_LAST) if _ONWARDS.match(line.words, group[0].end) else period
    return _one_sided(str(found.lastgroup), period)


def _one_sided(word: str, period: Period) -> Period | None:
    if word == "but":
        return None
    if word in ("since", "after"):
        return Period(period.first if word == "since" else period.last + _ONE_DAY, NO_LAST)
    if word == "between" or period.first == NO_FIRST:
        return period
    return Period(NO_FIRST, period.last if word == "until" else period.first - _ONE_DAY)


def _joined(line: Line, group: list[_Piece], horizon: _Horizon) -> Period | None:
    """From the first piece to the last; pieces that are only counted up have to follow each other without a gap."""
    between = _BEFORE_IT.search(line.words[: group[0].start])
    if between and between.lastgroup == "but":
        return None
    whole = group[0].stretch
    for former, latter in pairwise(group):
        ranged = bool(between and between["between"]) or _is_range(line, former, latter)
        whole = _range(whole, latter.stretch, horizon) if ranged else _union(whole, latter.stretch, horizon)
    return horizon.resolve(whole)


def _is_range(line: Line, former: _Piece, latter: _Piece) -> bool:
    between = line.words[former.end : latter.start]
    if between == " ":
        return line.gap(line.places(latter.start, latter.end)[0]).strip() in ("-", "–", "—")
    return _TO.fullmatch(between) is not None


def _range(start: Stretch, end: Stretch, horizon: _Horizon) -> Period | None:
    first, last = _both(start, end, horizon)
    if first is None or last is None:
        return None
    return Period(min(first.first, last.first), max(first.last, last.last))


def _both(start: Stretch, end: Stretch, horizon: _Horizon) -> tuple[Period | None, Period | None]:
    """The two ends of a range; one without a year takes it from the other."""
    if isinstance(end, Period) and not isinstance(start, Period) and start:
        return start.latest(end.last), end
    first = horizon.resolve(start)
    if first is None or end is None or isinstance(end, Period):
        return first, horizon.resolve(end)
    last = end.next(first.first)
    if (
        last
        and last.first > horizon.of_year
        and last.first.year > horizon.of_year.year
        and not isinstance(start, Period)
        and start
    ):
        first = start.latest(first.first - _ONE_DAY)
        last = end.next(first.first) if first else None
    return first, last


def _union(former: Stretch, latter: Stretch, horizon: _Horizon) -> Period | None:
    for start, end in ((former, latter), (latter, former)):
        first, last = _both(start, end, horizon)
        if first and last and (together := _together(first, last)):
            return together
    return None


def _together(first: Period, second: Period) -> Period | None:
    """Both periods as one; None if there are days between them."""
    former, latter = sorted((first, second), key=lambda period: period.first)
    if former.last != NO_LAST and latter.first > former.last + _ONE_DAY:
        return None
    return Period(former.first, max(former.last, latter.last))
