"""What to offer where a question finds nothing: the same with less asked of it, or the nearest month that has some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.accounts.model import Viewer
from bot.invoices import store
from bot.invoices.model import Dropped, Filters, Nearby, Period, Totals

LONGEST_MONTH = timedelta(days=31)


def nearest_of(connection: Connection, viewer: Viewer, filters: Filters) -> list[Nearby]:
    """Each way of asking less that finds something; if none does, everything of the client."""
    found = [
        nearby for nearby in _asked(connection, viewer, _looser(connection, viewer, filters)) if nearby.total.count
    ]
    if found:
        return found
    rest = [(Dropped.ALL_BUT_CLIENT, Filters(client_id=filters.client_id))]
    return [nearby for nearby in _asked(connection, viewer, rest) if nearby.total.count]


def _asked(
    connection: Connection, viewer: Viewer, questions: Iterator[tuple[Dropped, Filters]] | list[tuple[Dropped, Filters]]
) -> Iterator[Nearby]:
    for dropped, filters in questions:
        yield Nearby(dropped, filters, Totals(store.totals(connection, viewer, filters)).all)


def _looser(connection: Connection, viewer: Viewer, filters: Filters) -> Iterator[tuple[Dropped, Filters]]:
    without = (
        (Dropped.STATES, replace(filters, states=frozenset())),
        (Dropped.AMOUNT, replace(filters, least_cents=None, most_cents=None)),
        (Dropped.PLACE, replace(filters, supply_point_id=None, cups=None, contract_id=None, energy=None)),
    )
    yield from ((dropped, looser) for dropped, looser in without if looser != filters)
    for which in ("due", "issued"):
        month = _nearest_month(connection, viewer, filters, which)
        if month is not None:
            another: dict[str, Any] = {which: month}
            yield Dropped.PERIOD, replace(filters, **another)


def _nearest_month(connection: Connection, viewer: Viewer, filters: Filters, which: str) -> Period | None:
    """The whole month of the nearest day outside of a period that has such an invoice."""
    period: Period | None = getattr(filters, which)
    if period is None:
        return None
    days = store.days_around(connection, viewer, filters, which)
    if not days:
        return None
    return _month_of(min(days, key=lambda day: max(period.first - day, day - period.last)))


def _month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, (first + LONGEST_MONTH).replace(day=1) - timedelta(days=1))
