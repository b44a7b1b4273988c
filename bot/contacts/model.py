"""Authorized contacts: what is said of them, and what may be wrong with a new one. Plain rules."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self

from bot.accounts.model import SPAIN, ManagerKind, Role, compact
from bot.identity import identifier_checks
from bot.identity.email_addresses import is_email
from bot.identity.identifier_checks import Kind, kind_of
from bot.identity.masking import masked_email, masked_identifier
from bot.identity.persons import Person
from bot.identity.typed_identifier import typed_identifier

NAME_CHARACTERS = 100
LONGEST_RIGHT = timedelta(days=10 * 366)
# Letters, and what stands between them in a name: nothing that a mail program would make a link of.
_NAME = re.compile(r"(?=.*[^\W\d_])(?:[^\W\d_]|[ '’·-]|\.(?=[ ªº]|$))+")


class State(StrEnum):
    """Where a contact stands: invited ones have never entered yet."""

    INVITED = "invited"
    ACTIVE = "active"
    ENDED = "ended"


class Problem(StrEnum):
    """Why something about a contact is not done; the values are names of answers."""

    NOT_ALLOWED = "not_allowed"
    WRONG_LETTER = "wrong_letter"
    WRONG_FORMAT = "wrong_format"
    IS_CIF = "is_cif"
    WRONG_NAME = "wrong_name"
    WRONG_EMAIL = "wrong_email"
    IS_REPRESENTATIVE = "is_representative"
    ALREADY_CONTACT = "already_contact"
    MAILBOX_DIFFERS = "mailbox_differs"
    UNTIL_IN_THE_PAST = "until_in_the_past"
    UNTIL_TOO_FAR = "until_too_far"
    UNKNOWN_CLIENT = "unknown_client"
    UNKNOWN_CONTACT = "unknown_contact"
    ONESELF = "oneself"
    SAME_AS_BEFORE = "same_as_before"
    HAS_ENDED = "has_ended"
    HAS_ENTERED = "has_entered"
    TOO_MANY_MAILS = "too_many_mails"
    ONLY_REPRESENTATIVE = "only_representative"
    CANNOT_AUTHORIZE = "cannot_authorize"
    MANAGER_HAS_ENDED = "manager_has_ended"
    ALREADY_ASKED = "already_asked"


class Refused(Exception):
    """It is not done, and nothing was changed; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class Change(StrEnum):
    """What a link in a mail can take back."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class NewContact:
    """Somebody who is to be authorized. `client_ids` None: all clients; `until`: the last day, None: no end.

    `manager_kind` is set of an external manager, who always may authorize its own collaborators.
    """

    kind: Kind
    identifier: str
    first_name: str
    surnames: str
    email: str
    role: Role
    client_ids: tuple[int, ...] | None = None
    until: date | None = None
    may_authorize: bool = False
    manager_kind: ManagerKind | None = None

    @property
    def terms(self) -> Terms:
        """What may change of the right that it becomes."""
        return Terms(self.role, end_of(self.until), self.may_authorize)

    def tidy(self) -> Self:
        """The same as it is stored: the identifier normalised, names and e-mail without blanks around them."""
        return replace(
            self,
            identifier=compact(self.identifier),
            first_name=tidy_name(self.first_name),
            surnames=tidy_name(self.surnames),
            email=self.email.strip(),
            client_ids=None if self.client_ids is None else tuple(dict.fromkeys(self.client_ids)),
        )

    def as_details(self) -> dict[str, Any]:
        """JSON values, for an operation that waits for a yes."""
        return {
            "kind": self.kind.value,
            "identifier": self.identifier,
            "first_name": self.first_name,
            "surnames": self.surnames,
            "email": self.email,
            "role": self.role.value,
            "client_ids": None if self.client_ids is None else list(self.client_ids),
            "until": None if self.until is None else self.until.isoformat(),
            "may_authorize": self.may_authorize,
            "manager_kind": self.manager_kind,
        }

    @classmethod
    def of(cls, details: dict[str, Any]) -> Self:
        """The opposite of `as_details`."""
        client_ids, until = details["client_ids"], details["until"]
        return cls(
            kind=Kind(details["kind"]),
            identifier=details["identifier"],
            first_name=details["first_name"],
            surnames=details["surnames"],
            email=details["email"],
            role=Role(details["role"]),
            client_ids=None if client_ids is None else tuple(client_ids),
            until=None if until is None else date.fromisoformat(until),
            may_authorize=details["may_authorize"],
            manager_kind=details["manager_kind"] and ManagerKind(details["manager_kind"]),
        )


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact or representative as colleagues see them: `id` is theirs in every call, identifier and e-mail are masked.

    `client_count` None: all clients; `since` and `until` are the first and the last day, `until` None: no end.
    `below` is the name of the external manager from whom the right hangs, "" where it hangs from none.
    """

    id: int
    name: str
    identifier: str
    email: str
    role: Role
    is_representative: bool
    client_count: int | None
    since: date
    until: date | None
    state: State
    may_authorize: bool = False
    manager_kind: ManagerKind | None = None
    below: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What may change of a contact's right; `valid_until` None: no end."""

    role: Role
    valid_until: datetime | None
    may_authorize: bool

    def within(self, other: Terms) -> Terms:
        """These terms as far as the `other` ones of who gives them reach; a right that was given authorizes nobody else."""
        ends = [end for end in (self.valid_until, other.valid_until) if end is not None]
        role = Role.FULL if self.role is other.role is Role.FULL else Role.READ_ONLY
        return Terms(role, min(ends, default=None), False)

    def as_details(self) -> dict[str, Any]:
        """JSON values."""
        until = None if self.valid_until is None else self.valid_until.isoformat()
        return {"role": self.role.value, "valid_until": until, "may_authorize": self.may_authorize}

    @classmethod
    def of(cls, details: dict[str, Any]) -> Self:
        """The opposite of `as_details`."""
        until = details["valid_until"]
        return cls(Role(details["role"]), until and datetime.fromisoformat(until), details["may_authorize"])


@dataclass(frozen=True, slots=True)
class Held:
    """A person's right as it is stored; `access_id` None: a representative's. It holds until just before `valid_until`.

    `manager_id` is the external manager from whom it hangs, `manager_name` their name; it ends with that manager's right.
    """

    person: Person
    access_id: int | None
    role: Role
    valid_from: datetime
    valid_until: datetime | None
    is_limited: bool
    may_authorize: bool
    client_count: int
    has_entered: bool
    manager_kind: ManagerKind | None = None
    manager_id: int | None = None
    manager_name: str = ""
    manager_holds: bool = True

    @property
    def terms(self) -> Terms:
        """What may change of it."""
        return Terms(self.role, self.valid_until, self.may_authorize)

    @property
    def until(self) -> date | None:
        """The last day."""
        return None if self.valid_until is None else last_day(self.valid_until)

    def state(self, at: datetime) -> State:
        """Where the contact stands at a moment; one that begins later counts already."""
        if not self.manager_holds or (self.valid_until is not None and self.valid_until <= at):
            return State.ENDED
        return State.ACTIVE if self.has_entered or self.access_id is None else State.INVITED

    def contact(self, at: datetime) -> Contact:
        """What colleagues see at a moment."""
        return Contact(
            id=self.person.id,
            name=self.person.name,
            identifier=masked_identifier(self.person.identifier),
            email=masked_email(self.person.email),
            role=self.role,
            is_representative=self.access_id is None,
            client_count=self.client_count if self.is_limited else None,
            since=self.valid_from.astimezone(SPAIN).date(),
            until=self.until,
            state=self.state(at),
            may_authorize=self.may_authorize,
            manager_kind=self.manager_kind,
            below=self.manager_name,
        )


def problem_of_identifier(kind: Kind, value: str) -> Problem | None:
    """What is wrong with a normalised identifier of a person; a firm's has an answer of its own."""
    if kind is Kind.PASSPORT:
        found = typed_identifier(f"pasaporte {value}")
        return None if found and (found.kind, found.value) == (kind, value) else Problem.WRONG_FORMAT
    if kind is Kind.CIF or (value and identifier_checks.problem_of(Kind.CIF, value) is None):
        return Problem.IS_CIF
    if not kind.is_person or not value or kind_of(value) is not kind:
        return Problem.WRONG_FORMAT
    wrong = identifier_checks.problem_of(kind, value)
    if wrong is identifier_checks.Problem.WRONG_LETTER:
        return Problem.WRONG_LETTER
    return None if wrong is None else Problem.WRONG_FORMAT


def problem_of_new(new: NewContact, today: date) -> Problem | None:
    """What is wrong with a tidy new contact by itself."""
    if problem := problem_of_identifier(new.kind, new.identifier):
        return problem
    if not is_name(new.first_name) or not is_name(new.surnames):
        return Problem.WRONG_NAME
    if not is_email(new.email):
        return Problem.WRONG_EMAIL
    return problem_of_until(new.until, today)


def problem_of_until(until: date | None, today: date) -> Problem | None:
    """A right may end today at the earliest; one that ends in more than ten years is a slip in the year."""
    if until is None:
        return None
    if until < today:
        return Problem.UNTIL_IN_THE_PAST
    return Problem.UNTIL_TOO_FAR if until - today > LONGEST_RIGHT else None


def tidy_name(text: str) -> str:
    """A name without blanks around it and with single ones in it; a letter and its accent are one sign."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def is_name(text: str) -> bool:
    """Whether a tidy text can be a first name or surnames: letters, with at most 100 characters."""
    return len(text) <= NAME_CHARACTERS and _NAME.fullmatch(text) is not None


def end_of(until: date | None) -> datetime | None:
    """The moment at which a right ends whose last day is `until`: midnight in Spain."""
    return None if until is None else datetime.combine(until + timedelta(days=1), time(), SPAIN)


def last_day(valid_until: datetime) -> date:
    """The last day on which a right holds that ends at that moment."""
    return (valid_until - timedelta(microseconds=1)).astimezone(SPAIN).date()
