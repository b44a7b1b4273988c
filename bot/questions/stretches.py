"""Stretches of days, among them those that say no year, month or week: which one is meant depends on what is asked."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from bot.invoices.model import Period

YEARS_TO_LOOK_BACK = 8
"""The 29th of February comes back within them."""


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier (later if negative), or the last of that month."""
    count = day.year * 12 + day.month - 1 - months
    year, month = count // 12, count % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def block(today: date, months: int, ago: int = 0) -> Period:
    """The calendar block of so many months (1, 3, 4, 6, 12) that holds today, or one so many blocks earlier."""
    first_month = (today.month - 1) // months * months + 1
    first = months_before(date(today.year, first_month, 1), months * ago)
    return Period(first, months_before(first, -months) - timedelta(days=1))


def week(today: date, ago: int = 0) -> Period:
    """The week from Monday to Sunday that holds today, or one so many weeks earlier."""
    first = today - timedelta(days=today.weekday() + 7 * ago)
    return Period(first, first + timedelta(days=6))


@dataclass(frozen=True, slots=True)
class Yearless:
    """Days from one month and day to another of the same year; a last day of None is the month's last."""

    first_month: int
    first_day: int
    last_month: int
    last_day: int | None

    def of(self, year: int) -> Period | None:
        """The days in a year; None if there is no such day."""
        try:
            last_day = self.last_day or monthrange(year, self.last_month)[1]
            return Period(date(year, self.first_month, self.first_day), date(year, self.last_month, last_day))
        except ValueError:
            return None

    def latest(self, horizon: date) -> Period | None:
        """The latest one that begins by the horizon."""
        for year in range(horizon.year, horizon.year - YEARS_TO_LOOK_BACK, -1):
            period = self.of(year)
            if period and period.first <= horizon:
                return period
        return None

    def next(self, first: date) -> Period | None:
        """The first one that does not begin before a day."""
        for year in range(first.year, first.year + YEARS_TO_LOOK_BACK):
            period = self.of(year)
            if period and period.first >= first:
                return period
        return None


@dataclass(frozen=True, slots=True)
class Weekly:
    """A day of the week, Monday is 0: "el viernes"."""

    weekday: int

    def latest(self, horizon: date) -> Period:
        """The latest one by the horizon."""
        day = horizon - timedelta(days=(horizon.weekday() - self.weekday) % 7)
        return Period(day, day)

    def next(self, first: date) -> Period:
        """The first one that is not before a day."""
        day = first + timedelta(days=(self.weekday - first.weekday()) % 7)
        return Period(day, day)


@dataclass(frozen=True, slots=True)
class Monthless:
    """Days of a month that is not said: "el día 15", "del 1 al 15"."""

    first_day: int
    last_day: int

    def of(self, month: date) -> Period | None:
        """The days in the month of a date; None if it is too short."""
        try:
            return Period(month.replace(day=self.first_day), month.replace(day=self.last_day))
        except ValueError:
            return None

    def latest(self, horizon: date) -> Period | None:
        """The latest ones that begin by the horizon."""
        periods = (self.of(months_before(horizon.replace(day=1), months)) for months in range(4))
        return next((period for period in periods if period and period.first <= horizon), None)

    def next(self, first: date) -> Period | None:
        """The first ones that do not begin before a day."""
        periods = (self.of(months_before(first.replace(day=1), -months)) for months in range(4))
        return next((period for period in periods if period and period.first >= first), None)


Stretch = Period | Yearless | Monthless | Weekly | None
"""None: there is no such day."""
