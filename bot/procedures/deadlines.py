"""The last day for an answer: 15 working days, Monday to Friday, by the holidays of Spain, the region and the locality.

Where the place is not known fewer holidays count, so that the day comes earlier, never later than the law allows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import yaml

from bot.accounts.model import searchable
from bot.area import SPAIN
from bot.settings import BadSetting, read_settings

WORKING_DAYS = 15
LOCAL_HOLIDAYS = Path(__file__).parent / "local_holidays.yml"
PROVINCES = Path(__file__).parent / "provinces.yml"
SATURDAY = 5
CANARY_ISLANDS = "CN"
ALL_SPAIN = "ES"
"""Where the operator's file corrects the holidays of every region."""
_CANARY_TIME = ZoneInfo("Atlantic/Canary")
_ONE_DAY = timedelta(days=1)
_POSTCODE = re.compile(r"(?<!\d)(0[1-9]|[1-4]\d|5[0-2])\d{3}(?!\d)")
REGIONS = frozenset(holidays.country_holidays("ES").subdivisions)
"""The codes of the autonomous communities and cities, such as "MD"."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a region's official calendar has besides what the library knows, and what it has not."""

    also: frozenset[date] = frozenset()
    never: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Locality:
    """A town, the region it lies in, and its own holidays."""

    region: str
    days: frozenset[date]


@dataclass(frozen=True, slots=True)
class LocalCalendar:
    """What a file of holidays says; the names of localities as `searchable` writes them."""

    localities: Mapping[str, Locality]
    regions: Mapping[str, Correction]

    def corrected(self, official: frozenset[date], region: str | None) -> frozenset[date]:
        """The holidays of a place as all Spain's and its region's corrections make them."""
        for code in (ALL_SPAIN, region or ""):
            correction = self.regions.get(code, NO_CORRECTION)
            official = (official - correction.never) | correction.also
        return official

    def over(self, other: LocalCalendar) -> LocalCalendar:
        """Both; what both speak of is as it is here."""
        return LocalCalendar({**other.localities, **self.localities}, {**other.regions, **self.regions})


NO_CORRECTION = Correction()


def deadline_of(opened_at: datetime, region: str | None = None, locality: str | None = None) -> date:
    """The last day for the answer; the day of opening, as it is in that place, does not count.

    Raises ValueError for a region that is none.
    """
    day = opened_at.astimezone(_CANARY_TIME if region == CANARY_ISLANDS else SPAIN).date()
    left = WORKING_DAYS
    while left:
        day += _ONE_DAY
        left -= is_working_day(day, region, locality)
    return day


def is_working_day(day: date, region: str | None = None, locality: str | None = None) -> bool:
    """Whether a day counts there: from Monday to Friday and no holiday."""
    return day.weekday() < SATURDAY and day not in holidays_of(day.year, region, searchable(locality or ""))


def region_of(locality: str) -> str | None:
    """The region of a locality that the operator's file knows."""
    found = local_calendar().localities.get(searchable(locality))
    return found.region if found else None


def region_of_address(address: str) -> str | None:
    """The region of an address with a postcode, whose first two digits are the province; None without one."""
    found = _POSTCODE.search(address)
    return _regions_of_provinces().get(found[1]) if found else None


@cache
def _regions_of_provinces() -> dict[str, str]:
    written: dict[str, list[str]] = yaml.safe_load(PROVINCES.read_text(encoding="utf-8"))
    return {province: _region(region) for region, provinces in written.items() for province in provinces}


@cache
def holidays_of(year: int, region: str | None, locality: str) -> frozenset[date]:
    """The holidays of a year in a place. A locality's own count where it lies in that region; it may be unknown or ""."""
    if region is not None and region not in REGIONS:
        raise ValueError("no region of Spain has that code")
    official = frozenset(holidays.country_holidays("ES", subdiv=region, years=year))
    calendar = local_calendar()
    known = calendar.localities.get(locality)
    own = known.days if known and known.region == region else frozenset()
    return calendar.corrected(official, region) | own


@cache
def local_calendar() -> LocalCalendar:
    """Our file and, before it, the operator's own (HOLIDAYS_FILE), read once. Raises BadSetting."""
    own, calendar = read_settings().holidays_file, read_local_calendar(LOCAL_HOLIDAYS)
    if own is None:
        return calendar
    try:
        return read_local_calendar(own).over(calendar)
    except BadSetting as problem:
        raise BadSetting(f"HOLIDAYS_FILE: {problem}") from None


def read_local_calendar(path: Path) -> LocalCalendar:
    """Read a file of local holidays. Raises BadSetting with one line that says what is wrong."""
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
        if unknown := set(read) - {"localities", "regions"}:
            raise ValueError(f"{min(unknown)} is neither localities nor regions")
        localities = {searchable(str(name)): _locality(of) for name, of in (read.get("localities") or {}).items()}
        regions = {_corrected(code): _correction(of) for code, of in (read.get("regions") or {}).items()}
    except (OSError, yaml.YAMLError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise BadSetting(
            f"{path.name} cannot be read ({type(error).__name__}: {' '.join(str(error).split())})"
        ) from None
    return LocalCalendar(localities, regions)


def _locality(of: dict[str, Any]) -> Locality:
    return Locality(_region(of["region"]), _days(of["days"]))


def _correction(of: dict[str, Any]) -> Correction:
    return Correction(_days(of.get("also")), _days(of.get("never")))


def _corrected(code: Any) -> str:
    return ALL_SPAIN if code == ALL_SPAIN else _region(code)


def _region(code: Any) -> str:
    if code not in REGIONS:
        raise ValueError(f"{code} is no region")
    return str(code)


def _days(days: list[Any] | None) -> frozenset[date]:
    for day in days or ():
        if type(day) is not date:
            raise ValueError(f"{day} is no day")
    return frozenset(days or ())
