"""Invoices and what can be asked of them. Plain rules, nothing of a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.accounts.model import Energy


class State(StrEnum):
    """What has become of an invoice, the most urgent first: lists are in this order."""

    OVERDUE = "overdue"
    RETURNED = "returned"
    DUE = "due"
    ISSUED = "issued"
    PAID = "paid"


UNPAID = frozenset(State) - {State.PAID}


class Order(StrEnum):
    """Which invoices of a list come first. "urgency": by state, and within a state the one that is due last."""

    URGENCY = "urgency"
    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"
    SMALLEST = "smallest"
    DUE_FIRST = "due_first"
    DUE_LAST = "due_last"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Filters:
    """Which invoices are asked for; what is None or empty is not asked. `cups` may be written with blanks."""

    client_id: int | None = None
    supply_point_id: int | None = None
    cups: str | None = None
    contract_id: int | None = None
    energy: Energy | None = None
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
    energy: Energy
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


@dataclass(frozen=True, slots=True)
class ClientTotal:
    """How many invoices of one client and their sum."""

    client_id: int
    client_name: str
    total: Total


class Dropped(StrEnum):
    """What was left out of a question to find something."""

    STATES = "states"
    AMOUNT = "amount"
    PLACE = "place"
    """Supply point, contract and energy."""
    PERIOD = "period"
    """Another month is asked for, the nearest one that has some."""
    ALL_BUT_CLIENT = "all_but_client"


@dataclass(frozen=True, slots=True)
class Nearby:
    """A question like the one that found nothing, and what it finds; `filters` can be asked as they are."""

    dropped: Dropped
    filters: Filters
    total: Total
