"""Agencies, who acts for them with which right, and their clients. Plain rules, nothing of a database."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.identity.identifier_checks import Kind

MOST_ROWS_OF_A_PAGE = 100


class Role(StrEnum):
    """What a person may do for an agency."""

    FULL = "full"
    READ_ONLY = "read_only"


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
    """

    person_id: int
    agency_id: int
    role: Role
    at: datetime

    @property
    def may_change(self) -> bool:
        """Whether procedures are allowed, not only looking."""
        return self.role is Role.FULL


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list: `limit` rows (1 to 100) after the first `offset`."""

    offset: int = 0
    limit: int = 10

    def __post_init__(self) -> None:
        if self.offset < 0 or not 1 <= self.limit <= MOST_ROWS_OF_A_PAGE:
            raise ValueError(f"a page has 1 to {MOST_ROWS_OF_A_PAGE} rows and does not begin before the first")


@dataclass(frozen=True, slots=True)
class Client:
    """A customer of the energy company, as the agency that manages its contracts sees it."""

    id: int
    kind: Kind
    identifier: str
    name: str
    address: str


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
