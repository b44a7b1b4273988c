"""Expressions of time and the days they mean: "el 12 de abril de 2025", "el último trimestre", "1T 2026"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from bot.invoices.model import Period
from bot.questions.line import phrase
from bot.questions.numbers import WHOLE, whole
from bot.questions.stretches import Monthless, Stretch, Weekly, Yearless, block, months_before, week
from bot.questions.vocabulary import vocabulary

MOST_UNITS = 240
"""Of "los últimos N meses": more is no question, and a day has to come out."""


Reading = Callable[[re.Match[str], date], Stretch]

YEAR = r"(?:19|20)\d\d"
_THE_YEAR = (
    rf"(?:(?: del?)?(?: ano)? (?P<year>{YEAR})| del? (?:el )?ano (?P<past>pasado|anterior)"
    r"|(?: del?)? este (?:mismo )?ano"
    r"| del (?P<short>\d\d)(?! (?:euros|€|al?|hasta) ))"
)
_DAY = rf"(?!una? ){WHOLE}"
_ORDINALS = {"primer": 1, "primero": 1, "segundo": 2, "tercer": 3, "tercero": 3, "cuarto": 4, "quinto": 5} | {
    str(place): place for place in range(1, 10)
}
_ORDINAL = "|".join(_ORDINALS)
_MONTHS_OF = {"trimestre": 3, "cuatrimestre": 4, "semestre": 6, "mes": 1, "ano": 12, "t": 3, "q": 3, "s": 6}
_UNIT = "mes|trimestre|cuatrimestre|semestre|ano|ejercicio|semana"
_PLURALS = {
    "dias": "dia",
    "semanas": "semana",
    "meses": "mes",
    "anos": "ano",
    "trimestres": "trimestre",
    "semestres": "semestre",
}
_UNITS = _PLURALS | {unit: unit for unit in _PLURALS.values()}
_MANY = "|".join(_UNITS)
_DATE_WORDS = (
    "de",
    "del",
    "el",
    "en",
    "desde",
    "hasta",
    "al",
    "a",
    "y",
    "dia",
    "vencen",
    "vencimiento",
    "factura",
    "facturas",
)
_AFTER_A_DATE_WORD = f"(?:{'|'.join(f'(?<= {word} )' for word in _DATE_WORDS)})"
""" "1/2" alone may be half of something."""
_WEEKDAYS = {
    word: place for place, word in enumerate(("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"))
}
_SEASONS = "invierno|verano|otono|primavera|navidad|navidades|semana santa"
_PARTS = {
    "principios": (1, 10),
    "primeros": (1, 10),
    "mediados": (11, 20),
    "finales": (21, None),
    "fin": (21, None),
    "ultimos": (21, None),
}


def _unit(unit: str, today: date, ago: int) -> Period:
    if unit == "semana":
        return week(today, ago)
    return block(today, 12 if unit == "ejercicio" else _MONTHS_OF[unit], ago)


def _in_year(stretch: Yearless, match: re.Match[str], today: date) -> Stretch:
    groups = match.groupdict()
    if groups.get("year"):
        return stretch.of(int(groups["year"]))
    if short := groups.get("short") or groups.get("two"):
        return stretch.of(2000 + int(short))
    if groups.get("past"):
        return stretch.of(today.year - 1)
    if " este " in match[0]:
        return stretch.of(today.year)
    return stretch if stretch.latest(today) else None


def _month_number(match: re.Match[str]) -> int:
    return vocabulary().months.index(match["month"]) + 1


def _month(match: re.Match[str], today: date) -> Stretch:
    month = _month_number(match)
    return _in_year(Yearless(month, 1, month, None), match, today)


def _days(match: re.Match[str], today: date) -> Stretch:
    month, first = _month_number(match), whole(match["day"])
    last = whole(match["last"]) if "last" in match.re.groupindex else first
    if not first or not last:
        return None
    return _in_year(Yearless(month, min(first, last), month, max(first, last)), match, today)


def _part(match: re.Match[str], today: date) -> Stretch:
    first, last = _PARTS[match["part"]]
    if match["month"] == "mes":
        this = block(today, 1, 1 if match["ago"] else 0)
        return Period(this.first.replace(day=first), this.first.replace(day=last) if last else this.last)
    month = _month_number(match)
    return _in_year(Yearless(month, first, month, last), match, today)


def _fortnight(match: re.Match[str], today: date) -> Stretch:
    month, second = _month_number(match), match["half"] not in ("primera", "1")
    return _in_year(Yearless(month, 16 if second else 1, month, None if second else 15), match, today)


def _numbered(match: re.Match[str], today: date) -> Stretch:
    months = _MONTHS_OF[match["unit"]]
    first = (_ORDINALS[match["place"]] - 1) * months + 1
    return None if first > 12 else _in_year(Yearless(first, 1, first + months - 1, None), match, today)


def _numeric(match: re.Match[str], today: date) -> Stretch:
    """12/3/2026, 2026-03-12, 3/2026, 2026-03, 12/3; 03/26 is a month, as there is no 26th month."""
    parts = [int(part) for part in re.split(r"[/.-]", match["numeric"])]
    if len(parts) == 3:
        year, month, day = parts if parts[0] > 31 else (parts[2], parts[1], parts[0])
        return Yearless(month, day, month, day).of(_whole_year(year))
    first, second = parts
    if first > 31 or second > 31 or (first <= 12 < second):
        year, month = (first, second) if first > 31 else (second, first)
        return Yearless(month, 1, month, None).of(_whole_year(year))
    stretch = Yearless(second, first, second, first)
    return stretch if stretch.latest(today) else None


def _whole_year(year: int) -> int:
    return year + 2000 if year < 100 else year


def _current(match: re.Match[str], today: date) -> Stretch:
    return _unit(match["unit"], today, 0)


def _past(match: re.Match[str], today: date) -> Stretch:
    return _unit(match["unit"], today, 1)


def _coming(match: re.Match[str], today: date) -> Stretch:
    return _unit(match["unit"], today, -1)


def _last_many(match: re.Match[str], today: date) -> Stretch:
    number = whole(match["number"])
    return None if not number or number > MOST_UNITS else Period(_ago(today, number, _UNITS[match["unit"]]), today)


def _next_many(match: re.Match[str], today: date) -> Stretch:
    number = whole(match["number"])
    return None if not number or number > MOST_UNITS else Period(today, _ago(today, -number, _UNITS[match["unit"]]))


def _ago(today: date, number: int, unit: str) -> date:
    if unit in ("dia", "semana"):
        return today - timedelta(days=number * (7 if unit == "semana" else 1))
    return months_before(today, number * _MONTHS_OF[unit])


def _long_ago(match: re.Match[str], today: date) -> Stretch:
    """That month ("hace dos meses"), that day ("hace 3 días")."""
    number, unit = whole(match["number"]), _UNITS[match["unit"]]
    if not number or number > MOST_UNITS:
        return None
    day = _ago(today, number, unit)
    return Period(day, day) if unit == "dia" else _unit(unit, day, 0)


def _longer_ago(match: re.Match[str], today: date) -> Stretch:
    number = whole(match["number"])
    return None if not number or number > MOST_UNITS else Period(date.min, _ago(today, number, _UNITS[match["unit"]]))


def _near(match: re.Match[str], today: date) -> Stretch:
    away = {"hoy": 0, "ayer": -1, "anteayer": -2, "antes de ayer": -2, "manana": 1, "pasado manana": 2}[match["near"]]
    day = today + timedelta(days=away)
    return Period(day, day)


def _weekday(match: re.Match[str], today: date) -> Stretch:
    weekday = Weekly(_WEEKDAYS[match["weekday"]])
    return weekday.latest(today - timedelta(days=1)) if match["past"] else weekday


def _vague(_: re.Match[str], __: date) -> Stretch:
    """Nobody knows which days a season has in an account book: better to ask than to guess."""
    return None


def _earlier(match: re.Match[str], today: date) -> Stretch:
    return Period(date.min, _unit(_UNITS[match["unit"]], today, 0).first - timedelta(days=1))


def _twelve_months(_: re.Match[str], today: date) -> Stretch:
    return Period(months_before(today, 12), today)


def _day_of_a_month(match: re.Match[str], _: date) -> Stretch:
    first = whole(match["day"])
    last = whole(match["last"]) if "last" in match.re.groupindex else first
    return Monthless(min(first, last), max(first, last)) if first and last and max(first, last) <= 31 else None


@cache
def readings() -> tuple[tuple[re.Pattern[str], Reading], ...]:
    """Patterns over a line with what they say, the longest expressions first."""
    month = rf"(?P<month>{'|'.join(vocabulary().months)})"
    sources: tuple[tuple[str, Reading], ...] = (
        (rf"(?:dias? )?(?P<day>{_DAY}) (?:al?|y"
        rf"|hasta)(?: el)?(?: dia)? (?P<last>{_DAY}) (?:de )?{month}{_THE_YEAR}?", _days),
        (rf"(?:dia )?(?P<day>{_DAY})(?: º)? de {month}{_THE_YEAR}?", _days),
        (rf"(?:dia )?(?P<day>\d\d?) {month}{_THE_YEAR}?", _days),
        (r"(?P<numeric>\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\d{1,2}[/-]\d{4}|\d{4}[/-]\d{1,2})", _numeric),
        (rf"{_AFTER_A_DATE_WORD}(?P<numeric>\d{{1,2}}[/-]\d{{1,2}})", _numeric),
        (rf"(?P<half>primera|segunda|ultima|1|2)(?: [ªa])? quincena (?:del? )?{month}{_THE_YEAR}?", _fortnight),
        (rf"(?:a )?(?P<part>{'|'.join(_PARTS)}) (?:dias )?de (?:mes de )?{month}{_THE_YEAR}?", _part),
        (r"(?:a )?(?:principios|mediados|finales) de(?:l| este)? ano(?: pasado)?", _vague),
        (rf"(?:est[ea]|el|la|del|en|ultim[oa]|pasad[oa]) (?:{_SEASONS})(?: pasad[oa]s?)?", _vague),
        (r"(?:a )?(?P<part>principios|mediados|finales|fin) (?:del?|de este) (?P<month>mes)(?P<ago> pasado"
        r"| anterior)?", _part),
        (rf"(?:mes (?:de )?)?{month}(?: pasado)?{_THE_YEAR}?", _month),
        (rf"(?P<place>{_ORDINAL})(?: (?:er|º|o|do))? (?P<unit>trimestre|cuatrimestre|semestre){_THE_YEAR}?", _numbered),
        (rf"(?P<unit>trimestre|cuatrimestre|semestre) (?P<place>[1-9]){_THE_YEAR}?", _numbered),
        (rf"(?P<place>[1-4]) ?(?P<unit>[tq])(?:{_THE_YEAR}| (?P<two>\d\d))?", _numbered),
        (rf"(?P<unit>[tq]) ?(?P<place>[1-4])(?:{_THE_YEAR}| (?P<two>\d\d))?", _numbered),
        (r"ultimo ano", _twelve_months),
        (rf"(?:ultim[oa]s?|pasad[oa]) (?P<unit>{_UNIT})(?: complet[oa]| enter[oa]| cerrad[oa])?", _past),
        (rf"(?P<unit>{_UNIT}) (?:pasad[oa]|anterior|ultim[oa]|previ[oa])", _past),
        (rf"(?P<unit>{_UNIT}) (?:que viene|que entra|proxim[oa]|siguiente)", _coming),
        (rf"(?:proxim[oa]|siguiente) (?P<unit>{_UNIT})", _coming),
        (rf"(?:est[ea]|corriente|presente|actual) (?:mismo |misma )?(?P<unit>{_UNIT})(?: en curso| actual)?", _current),
        (rf"(?:todo el|toda la) (?P<unit>{_UNIT})(?! pasad| anterior)", _current),
        (rf"lo que (?:va|llevamos) de(?: este)? (?P<unit>{_UNIT})", _current),
        (rf"(?P<unit>{_UNIT}) (?:en curso|actual|corriente|presente)", _current),
        (rf"(?:ultim|pasad)[oa]s (?P<number>{WHOLE}) (?P<unit>{_MANY})", _last_many),
        (rf"(?P<number>{WHOLE}) (?:ultim|pasad)[oa]s (?P<unit>{_MANY})", _last_many),
        (rf"proxim[oa]s (?P<number>{WHOLE}) (?P<unit>{_MANY})", _next_many),
        (rf"(?P<number>{WHOLE}) proxim[oa]s (?P<unit>{_MANY})", _next_many),
        (rf"hace (?:ya )?(?P<number>{WHOLE}) (?P<unit>{_MANY})", _long_ago),
        (rf"(?:hace )?mas de (?P<number>{WHOLE}) (?P<unit>{_MANY})", _longer_ago),
        (r"(?P<unit>meses|anos) (?:anteriores|pasados|atras|previos)", _earlier),
        (r"(?P<near>hoy|anteayer|antes de ayer|ayer|pasado manana|(?<!la )manana)(?: mismo)?", _near),
        (rf"(?:este )?(?P<weekday>{'|'.join(_WEEKDAYS)})(?P<past> pasado| anterior)?", _weekday),
        (rf"(?<=del )(?P<unit>mes|ano|trimestre|semestre)(?! {YEAR})", _current),
        (rf"(?:dias )?(?<=del )(?:dia )?(?P<day>{_DAY}) al(?: dia)? (?P<last>{_DAY})", _day_of_a_month),
        (rf"dia (?P<day>{_DAY})(?! de cada)", _day_of_a_month),
        (r"(?:(?<=vencen el )|(?<=vence el )|(?<=vencimiento el )|(?<=desde el )|(?<=hasta el )|(?<=partir del )"
        r"|(?<=antes del ))(?P<day>\d\d?)", _day_of_a_month),
    )  # fmt: skip
    return tuple((phrase(source), reading) for source, reading in sources)
