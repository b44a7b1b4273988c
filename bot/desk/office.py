"""When people attend at the desk: days and hours of company.yml, without the holidays of the office's place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.area import SPAIN
from bot.company import Company
from bot.procedures.deadlines import REGIONS, holidays_of
from bot.settings import BadSetting

WORDS = Path(__file__).parent / "words.yml"
ALWAYS = "siempre"
DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
DEFAULTS = {"office_days": "lunes a viernes", "office_hours": "09:00-14:00, 15:00-18:00", "office_region": ""}
LOOKED_AHEAD_DAYS = 60
MINUTES_TOLD_IN_HOURS = 90
_STRETCH = re.compile(r"([0-2]?\d):([0-5]\d)\s*-\s*([0-2]?\d):([0-5]\d)")
Hours = tuple[tuple[time, time], ...]


@dataclass(frozen=True, slots=True)
class Office:
    """Opening times on Spanish clocks; without `hours` somebody is always there."""

    days: frozenset[int]
    hours: Hours
    region: str | None

    def is_open(self, now: datetime) -> bool:
        """Whether somebody attends at that moment."""
        here = now.astimezone(SPAIN)
        return not self.hours or (self._works_on(here) and any(start <= here.time() < end for start, end in self.hours))

    def opens_at(self, now: datetime) -> datetime | None:
        """The next opening after that moment, on Spanish clocks; None when there is none for two months."""
        here = now.astimezone(SPAIN)
        for ahead in range(LOOKED_AHEAD_DAYS):
            day = here + timedelta(days=ahead)
            for start, _ in self.hours if self._works_on(day) else ():
                opening = datetime.combine(day.date(), start, SPAIN)
                if opening > here:
                    return opening
        return None

    def _works_on(self, day: datetime) -> bool:
        return day.weekday() in self.days and day.date() not in holidays_of(day.year, self.region, "")


def read_office(company: Company) -> Office:
    """The opening times that company.yml says. Raises BadSetting for what cannot be read."""
    said = {name: company.get(name, default).strip() for name, default in DEFAULTS.items()}
    region = said["office_region"] or None
    if region is not None and region not in REGIONS:
        raise BadSetting(f"COMPANY_FILE: office_region: {region} is no region of Spain, such as MD")
    return Office(_days(said["office_days"]), _hours(said["office_hours"]), region)


def opening_in_words(opening: datetime | None, now: datetime) -> str:
    """When it opens, as it stands in a sentence: "hoy a las 15:00", "mañana jueves a las 9:00"."""
    words = _words()
    if opening is None:
        return str(words["some_day"])
    days = (opening.date() - now.astimezone(SPAIN).date()).days
    pattern = {0: words["today"], 1: words["tomorrow"]}.get(days, words["later"])
    said = pattern.format(
        weekday=words["weekdays"][opening.weekday()],
        day=opening.day,
        month=words["months"][opening.month - 1],
        time=f"{opening.hour}:{opening.minute:02}",
    )
    return str(said)


def wait_in_words(wait: timedelta) -> str:
    """About how long it takes: "menos de un minuto", "unos 5 minutos", "unas 2 horas"."""
    words, minutes = _words(), round(wait.total_seconds() / 60)
    if minutes <= 1:
        return str(words["under_a_minute"] if minutes < 1 else words["a_minute"])
    is_long = minutes >= MINUTES_TOLD_IN_HOURS
    said = words["hours" if is_long else "minutes"].format(minutes=minutes, hours=round(minutes / 60))
    return str(said)


def _days(said: str) -> frozenset[int]:
    numbers = [DAYS.index(word) for word in re.findall(r"\w+", said.lower()) if word in DAYS]
    if not numbers:
        raise BadSetting(f"COMPANY_FILE: office_days: write it as '{DEFAULTS['office_days']}'")
    if " a " in said and len(numbers) == 2:
        return frozenset(range(numbers[0], numbers[1] + 1))
    return frozenset(numbers)


def _hours(said: str) -> Hours:
    if said.lower() == ALWAYS:
        return ()
    try:
        found = [(time(int(a), int(b)), time(int(c), int(d))) for a, b, c, d in _STRETCH.findall(said)]
    except ValueError:
        found = []
    if not found or any(start >= end for start, end in found):
        raise BadSetting(f"COMPANY_FILE: office_hours: write it as '{DEFAULTS['office_hours']}' or '{ALWAYS}'")
    return tuple(sorted(found))


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))["office"]
    return words
