"""Invoices and what can be asked of them. Plain rules, nothing of a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class State(StrEnum):
    """What has become of an invoice, the most urgent first: lists are in this order."""

    OVERDUE = "overdue"
    RETURNED = "returned"
    DUE = "due"
    ISSUED = "issued"
    PAID = "paid"


UNPAID = frozenset(State) - {State.PAID}


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Filters:
    """Which invoices are asked for; what is None or empty is not asked."""

    client_id: int | None = None
    supply_point_id: int | None = None
    contract_id: int | None = None
    issued: Period | None = None
    due: Period | None = None
    states: frozenset[State] = frozenset()
    least_cents: int | None = None
    most_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice; its amount in cents is negative when money goes back."""

    id: int
    number: str
    client_id: int
    client_name: str
    contract_id: int
    contract_number: str
    cups: str
    issued_on: date
    due_on: date
    period: Period
    amount_cents: int
    state: State
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many invoices and their sum."""

    count: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums by state; a state without invoices is not in it."""

    by_state: Mapping[State, Total]

    @property
    def all(self) -> Total:
        """Everything together."""
        return self._sum(frozenset(State))

    @property
    def unpaid(self) -> Total:
        """What is still owed."""
        return self._sum(UNPAID)

    def _sum(self, states: frozenset[State]) -> Total:
        chosen = [total for state, total in self.by_state.items() if state in states]
        return Total(sum(total.count for total in chosen), sum(total.amount_cents for total in chosen))
