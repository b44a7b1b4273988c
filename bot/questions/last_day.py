"""Until when an authorization lasts: "hasta junio", "hasta el 31/12", "tres meses", "sin fecha de fin"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.invoices.model import Period
from bot.questions.calendar_words import MOST_UNITS, readings
from bot.questions.line import Line
from bot.questions.numbers import WHOLE, whole
from bot.questions.stretches import Monthless, Stretch, Weekly, Yearless, block, months_before

_UNTIL = re.compile(
    r"(?<!\w)(?:(?:(?:vigente|v[aá]lid[oa]|activ[oa]) )?(?:hasta|fins)(?! (?:luego|pronto|ahora|aqu[ií]|entonces|la vista|la pr[oó]xima|otra|otro|arriba|(?:las|los) [^\W\d]))"
    r"|caduc\w*|expir\w*|(?:fecha )?(?:de )?fin(?: de vigencia)?:|acab\w*(?= el\b| en\b)|termin\w*(?= el\b| en\b)|until|vence)"
    r"[\s:]*(?:(?:el|a|al|en|final(?:es)? de|fin de|d[ií]a) )*",
    re.IGNORECASE,
)
_END_OF = re.compile(
    r"(?<!\w)(?:hasta |a |el )*(?:fin|final|finales|[uú]ltimo d[ií]a) de(?:l| este)? (?P<unit>a[nñ]o|mes)"
    r"(?P<next> que viene| pr[oó]ximo)?(?!\w)",
    re.IGNORECASE,
)
_ENDLESS = re.compile(
    r"(?<!\w)(?:sin (?:fecha(?: de (?:fin|caducidad))?|caducidad|l[ií]mite(?: de tiempo)?|fin(?:al)?)|para siempre|indefinid[oa](?:mente)?"
    r"|de forma indefinida|permanente(?:mente)?)(?!\w)",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"(?:(?<!\w)(?:durante|por|para|dentro de)\s+(?:(?:los|las)\s+)?(?:pr[oó]xim[oa]s\s+)?|(?:^|[,;:(|])\s*)"
    rf"(?P<number>{WHOLE})\s+(?P<unit>d[ií]as?|semanas?|mes(?:es)?|a[nñ]os?)(?!\w)",
    re.IGNORECASE,
)
"""After a comma or a word such as "durante": "lleva dos años aquí" says something else."""
_CLAUSE = re.compile(r"[^,;|\n]*")
_LOOKED_AT = 48
_LEAD = "hasta el "
_YEARS_AHEAD = 9


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last day, and the span of the text that says it. `is_unreadable`: it is said, but nobody knows which day."""

    day: date | None = None
    is_endless: bool = False
    is_unreadable: bool = False
    start: int = 0
    end: int = 0


def find_last_day(text: str, today: date, *, expected: bool = False) -> LastDay:
    """The last day that a text says. A month or day without its year is the next one that has not passed.

    `expected`: the text answers the question for it, so that "junio" is enough.
    """
    if endless := _ENDLESS.search(text):
        return LastDay(is_endless=True, start=endless.start(), end=endless.end())
    if ending := _END_OF.search(text):
        months = 1 if ending["unit"].lower() == "mes" else 12
        last = block(today, months, -1 if ending["next"] else 0).last
        return LastDay(last, start=ending.start(), end=ending.end())
    if lasting := _FOR.search(text):
        return LastDay(_after(today, lasting), start=lasting.start(), end=lasting.end())
    cue = _UNTIL.search(text)
    if cue is None:
        return _after_cue(text, 0, 0, today) if expected and text.strip() else LastDay()
    return _after_cue(text, cue.start(), cue.end(), today)


def _after_cue(text: str, start: int, begin: int, today: date) -> LastDay:
    """The expression of time that follows; what is none makes the clause unreadable."""
    tail = text[begin : begin + _LOOKED_AT]
    line = Line(_LEAD + tail)
    for pattern, reading in readings():
        match = pattern.search(line.words, 0)
        if match and _begins(line, match.start()):
            day = _last_day(reading(match, today), today)
            end = begin + line.tokens[line.places(*match.span())[-1]].end - len(_LEAD)
            return LastDay(day, is_unreadable=day is None, start=start, end=end)
    clause = _CLAUSE.match(text, begin)
    return LastDay(is_unreadable=True, start=start, end=clause.end() if clause else begin)


def _begins(line: Line, start: int) -> bool:
    """Whether an expression stands right after the lead, small words of time apart."""
    return not set(line.words[:start].split()) - {
        "hasta",
        "el",
        "la",
        "dia",
        "de",
        "mes",
        "finales",
        "final",
        "fin",
        "a",
    }


def _last_day(stretch: Stretch, today: date) -> date | None:
    if stretch is None:
        return None
    if isinstance(stretch, Period):
        return stretch.last if stretch.last != date.max else None
    if isinstance(stretch, Yearless):
        periods = (stretch.of(year) for year in range(today.year, min(today.year + _YEARS_AHEAD, date.max.year)))
        return next((period.last for period in periods if period and period.last >= today), None)
    if isinstance(stretch, Weekly):
        return stretch.next(today).last
    return _next_of_month(stretch, today)


def _next_of_month(stretch: Monthless, today: date) -> date | None:
    found = stretch.next(today)
    return found.last if found else None


def _after(today: date, match: re.Match[str]) -> date | None:
    number = whole(match["number"].lower())
    if not number or number > MOST_UNITS:
        return None
    unit = match["unit"].lower()[0]
    if unit in "ds":
        return today + timedelta(days=number * (7 if unit == "s" else 1))
    return months_before(today, -number * (1 if unit == "m" else 12))
