"""What an agency says of a client that it wants to manage, and what may speak against it. Plain rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from bot.accounts.model import compact
from bot.identity import identifier_checks
from bot.identity.identifier_checks import kind_of

LONGEST_DATUM = 40
# The last two characters of a CUPS only say which meter it is: many invoices leave them out.
CUPS_CHARACTERS = 20


class Answer(StrEnum):
    """How a request ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"


class Problem(StrEnum):
    """Why something about an assignment is not done; the values are names of answers."""

    NOT_ALLOWED = "not_allowed"
    WRONG_IDENTIFIER = "wrong_identifier"
    ALREADY_YOURS = "already_yours"
    NOT_YOURS = "not_yours"
    LIMITED = "limited"


class Refused(Exception):
    """It is not done, and nothing was changed; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Wanted:
    """A client by its identifier and, so that nobody fishes, the number of one of its contracts or a CUPS (`datum`)."""

    identifier: str
    datum: str

    def tidy(self) -> Self:
        """As both are stored."""
        return replace(self, identifier=compact(self.identifier), datum=self.datum.strip().upper()[:LONGEST_DATUM])

    @property
    def cups(self) -> str:
        """The datum as the part of a CUPS that names the supply point; what is none fits no supply point."""
        code = compact(self.datum)[:CUPS_CHARACTERS]
        return code if re.fullmatch(r"ES[0-9]{16}[A-Z]{2}", code) else ""

    def as_details(self) -> dict[str, Any]:
        """JSON values, for an operation that waits for a yes."""
        return {"identifier": self.identifier, "datum": self.datum}

    @classmethod
    def of(cls, details: dict[str, Any]) -> Self:
        """The opposite of `as_details`."""
        return cls(details["identifier"], details["datum"])


def problem_of_wanted(wanted: Wanted) -> Problem | None:
    """What is wrong with a tidy identifier by itself: it is told before anything is looked up."""
    if not wanted.identifier:
        return Problem.WRONG_IDENTIFIER
    wrong = identifier_checks.problem_of(kind_of(wanted.identifier), wanted.identifier)
    return Problem.WRONG_IDENTIFIER if wrong else None
