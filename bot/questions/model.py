"""What a question about clients, contracts and invoices can ask. Plain rules, nothing of a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.accounts.model import Energy
from bot.invoices.model import Order, Period, State

NO_FIRST, NO_LAST = date.min, date.max
"""The ends of a period that has only one: "hasta junio", "desde enero"."""


class Subject(StrEnum):
    """What is asked about."""

    INVOICES = "invoices"
    CONTRACTS = "contracts"
    CLIENTS = "clients"
    PAYMENT_DAY = "payment_day"


class Wish(StrEnum):
    """What is to be done with it."""

    LIST = "list"
    TOTAL = "total"
    """How much or how many."""
    OPEN = "open"
    """One of them in detail."""
    DOWNLOAD = "download"
    """One as a PDF."""
    ARCHIVE = "archive"
    """Several PDFs in one file."""
    SHEET = "sheet"
    """The list as a spreadsheet."""
    MORE = "more"
    BACK = "back"
    HOW = "how"
    """Only where or how it is done."""
    CHOOSE = "choose"
    """To choose the day of payment."""


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence as data; what is None or empty was not said."""

    subject: Subject | None = None
    wish: Wish = Wish.LIST
    wish_said: bool = False
    """False where nothing was said and a list is what is meant."""
    issued: Period | None = None
    due: Period | None = None
    states: frozenset[State] = frozenset()
    unfiltered: bool = False
    """"Todas", "sin filtrar": no state and no amount is asked for, whatever was before."""
    least_cents: int | None = None
    most_cents: int | None = None
    """Both bounds are included."""
    number: str = ""
    """Of an invoice ("FE2603-000123") or a contract, in capital letters."""
    cups: str = ""
    identifier: str = ""
    name: str = ""
    """What is left and may name a client or a place, as it was written."""
    ordinals: tuple[int, ...] = ()
    """Places in the list that was shown, from 1; negative ones count from its end."""
    limit: int | None = None
    order: Order = Order.URGENCY
    energy: Energy | None = None
    day: int | None = None
    """Of payment, 1 to 31 as it was said."""
    unreadable: str = ""
    """A date that is none ("31 de febrero"), as it was written."""
    follow_up: bool = False
    """Whether it makes sense only after another question."""

    @property
    def who(self) -> tuple[str, str, str]:
        """Name, identifier and CUPS: the client that is meant."""
        return self.name, self.identifier, self.cups

    @property
    def amount(self) -> tuple[int | None, int | None]:
        """The least and the most cents."""
        return self.least_cents, self.most_cents

    @property
    def narrows(self) -> bool:
        """Whether it says which ones are meant, other than by their place or number."""
        return bool(any(self.who) or self.issued or self.due or self.states or self.energy) or self.amount != (
            None,
            None,
        )
