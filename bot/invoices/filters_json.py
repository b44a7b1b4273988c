"""Filters as JSON, for a link that carries them; what is not asked is left out."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

from bot.accounts.model import Energy
from bot.invoices.model import Filters, Period, State

JsonFilters = dict[str, Any]
PERIODS = ("issued", "due")


def to_json(filters: Filters) -> JsonFilters:
    """Numbers and texts as they are, a period as its two days, states as a list."""
    values = {field.name: getattr(filters, field.name) for field in fields(filters)}
    for name in PERIODS:
        period = values[name]
        values[name] = [period.first.isoformat(), period.last.isoformat()] if period else None
    values["states"] = sorted(filters.states)
    return {name: value for name, value in values.items() if value not in (None, [])}


def from_json(values: JsonFilters) -> Filters:
    """What `to_json` was given."""
    read = dict(values)
    for name in PERIODS:
        if name in read:
            first, last = read[name]
            read[name] = Period(date.fromisoformat(first), date.fromisoformat(last))
    read["states"] = frozenset(State(state) for state in read.get("states", ()))
    if "energy" in read:
        read["energy"] = Energy(read["energy"])
    return Filters(**read)
