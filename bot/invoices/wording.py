"""How amounts and days are written in Spanish, whatever the locale of the machine."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

TEXTS = Path(__file__).with_name("texts.yml")


@cache
def texts() -> Any:
    """The texts of files and the names of months, as texts.yml has them."""
    return yaml.safe_load(TEXTS.read_text(encoding="utf-8"))


def euros(cents: int) -> str:
    """Cents as euros: 123456 → "1.234,56 €"."""
    whole, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{whole:,}".replace(",", ".") + f",{rest:02} €"


def day(value: date) -> str:
    """A day in words: "3 de marzo de 2026"."""
    return str(texts()["day"].format(day=value.day, month=_month_name(value), year=value.year))


def short_day(value: date) -> str:
    """A day in figures: "03/03/2026"."""
    return f"{value.day:02}/{value.month:02}/{value.year}"


def month(value: date) -> str:
    """The month of a day: "marzo de 2026"."""
    return str(texts()["month"].format(month=_month_name(value), year=value.year))


def _month_name(value: date) -> str:
    return str(texts()["months"][value.month - 1])
