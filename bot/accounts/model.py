"""Agencies, who acts for them with which right, and their clients. Plain rules, nothing of a database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.identity.identifier_checks import Kind

MOST_ROWS_OF_A_PAGE = 100
SPAIN = ZoneInfo("Europe/Madrid")
"""As in `bot.area`, which a model may not import."""


class Role(StrEnum):
    """What a person may do for an agency."""

    FULL = "full"
    READ_ONLY = "read_only"


class ManagerKind(StrEnum):
    """What an external manager is."""

    ENERGY = "energy"
    PROPERTY = "property"


class Registration(StrEnum):
    """What kind of identifier an agency was registered with."""

    NIF = "nif"
    CIF = "cif"


class Energy(StrEnum):
    """What is delivered at a supply point."""

    ELECTRICITY = "electricity"
    GAS = "gas"


class NotAllowed(Exception):
    """The person may not act for that agency now, or one of the two does not exist: nobody learns which."""


class NotFound(Exception):
    """There is no such thing among the viewer's own; whether it exists elsewhere is not said."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who acts for an agency with a right that was checked at the moment `at`.

    Only `bot.accounts.service.viewer_of` makes them. It is good for one turn: the next turn asks again.
    `access_id` is the right that was given, None of a representative; a limited one is about some clients only.
    `manager_id` is the external manager from whom the right hangs: the viewer, or who authorized the viewer.
    """

    person_id: int
    agency_id: int
    role: Role
    at: datetime
    access_id: int | None = None
    is_limited: bool = False
    may_authorize: bool = False
    manager_id: int | None = None

    @property
    def day(self) -> date:
        """The day that it is in Spain."""
        return self.at.astimezone(SPAIN).date()

    @property
    def may_change(self) -> bool:
        """Whether procedures are allowed, not only looking."""
        return self.role is Role.FULL

    @property
    def may_change_contacts(self) -> bool:
        """Whether this person decides who else acts for the agency: representatives, and who was given that right.

        An external manager decides about who hangs from it, also where its own right is about some clients only.
        """
        may_decide = self.may_change and self.may_authorize and (self.is_manager or not self.is_limited)
        return self.access_id is None or may_decide

    @property
    def is_manager(self) -> bool:
        """Whether this is an external manager, not one of its collaborators."""
        return self.manager_id == self.person_id

    @property
    def may_change_account(self) -> bool:
        """Whether this person decides what belongs to the account: nobody from outside, and no limited right."""
        return self.may_change and not self.is_limited and self.manager_id is None


@dataclass(frozen=True, slots=True)
class Right:
    """What a person may do for an agency at some moment; the fields are those of `Viewer`."""

    role: Role
    access_id: int | None = None
    is_limited: bool = False
    may_authorize: bool = False
    manager_id: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list: `limit` rows (1 to 100) after the first `offset`."""

    offset: int = 0
    limit: int = 10

    def __post_init__(self) -> None:
        if self.offset < 0 or not 1 <= self.limit <= MOST_ROWS_OF_A_PAGE:
            raise ValueError(f"a page has 1 to {MOST_ROWS_OF_A_PAGE} rows and does not begin before the first")


@dataclass(frozen=True, slots=True)
class Agency:
    """A firm that manages contracts for its clients; `identifier` is what it was registered with, normalised."""

    id: int
    name: str
    registered_with: Registration
    identifier: str


@dataclass(frozen=True, slots=True)
class Client:
    """A customer of the energy company, as the agency that manages its contracts sees it."""

    id: int
    kind: Kind
    identifier: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the clients that fit what was searched; `total` counts those of all pages.

    `exact`: what was searched stands there. Otherwise they only resemble it, or there are none.
    """

    clients: Sequence[Client]
    exact: bool
    total: int


@dataclass(frozen=True, slots=True)
class ContractFilters:
    """Which contracts are asked for; what is None is not asked. `on`: the day on which they run."""

    client_id: int | None = None
    cups: str | None = None
    number: str | None = None
    energy: Energy | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A product at a supply point of a client; `ends_on` is its last day, None while nobody ended it."""

    id: int
    number: str
    client_id: int
    client_name: str
    cups: str
    address: str
    energy: Energy
    product: str
    starts_on: date
    ends_on: date | None


def registration_of(kind: Kind) -> Registration:
    """A NIE or a passport is a person's identifier: such an account counts as registered with a NIF."""
    return Registration.CIF if kind is Kind.CIF else Registration.NIF


def searchable(text: str) -> str:
    """Lower case without accents, words apart by one blank: "Peñón, 3" → "penon 3"."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", plain))


def compact(identifier: str) -> str:
    """An identifier as it is stored: "b-12.345 674" → "B12345674"."""
    return re.sub(r"[\W_]+", "", identifier).upper()
