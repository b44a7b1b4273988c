"""Holidays of 2026 and 2027 written down by hand, and a deadline counted day by day on them: to compare with ours.

2026 is what was published for each region. Of 2027 the days of all Spain and the regions' own are fixed; what is moved
from a Sunday, and San José, is what each region chose in 2021, whose days fell on the same weekdays.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ALL_SPAIN = {
    2026: ["01-01", "01-06", "04-03", "05-01", "08-15", "10-12", "12-08", "12-25"],
    2027: ["01-01", "01-06", "03-26", "05-01", "10-12", "11-01", "12-06", "12-08", "12-25"],
}
REGIONAL = {
    "MD": {
        2026: ["04-02", "05-02", "11-02", "12-07"],
        2027: ["03-19", "03-25", "05-03"],
    },
    "CT": {
        2026: ["04-06", "06-24", "09-11", "12-26"],
        2027: ["03-29", "06-24", "09-11"],
    },
    "AN": {
        2026: ["02-28", "04-02", "11-02", "12-07"],
        2027: ["03-01", "03-25", "08-16"],
    },
    "PV": {
        2026: ["03-19", "04-02", "04-06", "07-25"],
        2027: ["03-19", "03-25", "03-29"],
    },
}
LOCAL = {
    "Madrid": ("MD", ["2026-05-15", "2026-11-09", "2027-05-15", "2027-11-09"]),
    "Barcelona": ("CT", ["2026-05-25", "2026-09-24", "2027-05-17", "2027-09-24"]),
    "Sevilla": ("AN", ["2026-04-22", "2026-06-04", "2027-04-14", "2027-05-27"]),
    "Bilbao": ("PV", ["2026-07-31", "2026-08-28", "2027-07-31", "2027-08-27"]),
}


def official(year: int, region: str | None) -> set[date]:
    """The holidays of a year in Spain, or in a region."""
    days = [*ALL_SPAIN[year], *(REGIONAL[region][year] if region else [])]
    return {date.fromisoformat(f"{year}-{day}") for day in days}


def expected_deadline(opened_at: datetime, region: str | None, locality: str | None) -> date:
    """Fifteen days on that are no Saturday, no Sunday and in no table."""
    free = {day for year in (2026, 2027) for day in official(year, region)}
    if locality:
        free |= {date.fromisoformat(day) for day in LOCAL[locality][1]}
    day = opened_at.astimezone(ZoneInfo("Europe/Madrid")).date()
    counted = 0
    while counted < 15:
        day = day + timedelta(days=1)
        if day.strftime("%a") not in ("Sat", "Sun") and day not in free:
            counted = counted + 1
    return day
