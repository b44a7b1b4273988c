"""Two years of invoices of an invented contract, and what has become of each by today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from bot.invoices.model import State

MONTHS = 24
DAYS_TO_PAY = 30
WINTER = (11, 12, 1, 2, 3)


def invoices(random: Random, contract: dict[str, Any], today: date, number: int) -> Iterator[dict[str, Any]]:
    """A row of the invoice table for each of the last 24 whole months; numbers are counted on from `number`."""
    usual_cents = random.randrange(2_500, 60_000)
    this_month = today.replace(day=1)
    firsts = [_months_before(this_month, months) for months in range(MONTHS, 0, -1)]
    for place, (first, following) in enumerate(zip(firsts, [*firsts[1:], this_month], strict=True)):
        issued_on = following + timedelta(days=random.randrange(2, 6))
        if issued_on > today:
            issued_on = today
        cents = round(usual_cents * random.uniform(0.8, 1.2) * (1.5 if first.month in WINTER else 1))
        row = {
            "number": f"FE{first:%y%m}-{number + place:06}",
            "client_id": contract["client_id"],
            "contract_id": contract["id"],
            "issued_on": issued_on,
            "due_on": issued_on + timedelta(days=DAYS_TO_PAY),
            "period_from": first,
            "period_to": following - timedelta(days=1),
            "amount_cents": cents,
        }
        yield row | _fate(random, row["due_on"], today)


def _fate(random: Random, due_on: date, today: date) -> dict[str, Any]:
    """Most are paid when they are due; of the late ones the most are of the last months."""
    age = (today - due_on).days
    if age < 0:
        return {"state": State.ISSUED if random.random() < 0.3 else State.DUE, "paid_on": None}
    late = 0.15 if age < 120 else 0.01
    if random.random() >= late:
        return {"state": State.PAID, "paid_on": due_on}
    return {"state": State.RETURNED if random.random() < 0.25 else State.OVERDUE, "paid_on": None}


def _months_before(month: date, months: int) -> date:
    count = month.year * 12 + month.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)
