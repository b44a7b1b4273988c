"""A contact that is being authorized in the chat: what is known of it so far, and what is asked next."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Self

from bot.accounts.model import ManagerKind, Role
from bot.contacts.model import NewContact, Problem, is_name, problem_of_identifier, problem_of_until
from bot.identity.email_addresses import is_email
from bot.identity.identifiers import Kind
from bot.questions.authorization import Authorization, Part

DRAFT = "contact_draft"
SURNAMES, MANAGER_KIND, CONFIRM = "surnames", "manager_kind", "confirm"
PART_OF_PROBLEM = {
    Problem.WRONG_LETTER: Part.IDENTIFIER,
    Problem.WRONG_FORMAT: Part.IDENTIFIER,
    Problem.IS_CIF: Part.IDENTIFIER,
    Problem.WRONG_NAME: Part.NAME,
    Problem.WRONG_EMAIL: Part.EMAIL,
    Problem.MAILBOX_DIFFERS: Part.EMAIL,
    Problem.UNTIL_IN_THE_PAST: Part.UNTIL,
    Problem.UNTIL_TOO_FAR: Part.UNTIL,
    Problem.UNKNOWN_CLIENT: Part.CLIENTS,
}
"""What has to be said again because of a problem; the others end the draft."""


class Purpose(StrEnum):
    """What the person is named for."""

    CONTACT = "contact"
    MANAGER = "manager"
    REPRESENTATIVE = "representative"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of the new contact. `person` is who is authorizing: a draft is nobody else's.

    `known` is a contact of the agency that is meant, whose data nobody has to say again.

    `clients` are names that still have to be found, `client_ids` those found; `open_parts` were said in a way that they
    have to be said again. All of it is JSON.
    """

    person: int
    first_name: str = ""
    surnames: str = ""
    kind: str = ""
    identifier: str = ""
    email: str = ""
    role: str = ""
    until: str = ""
    clients: tuple[str, ...] = ()
    client_ids: tuple[int, ...] | None = None
    offered: tuple[int, ...] = ()
    open_parts: tuple[str, ...] = ()
    purpose: str = Purpose.CONTACT
    manager_kind: str = ""
    may_authorize: bool = False
    known: int = 0

    @classmethod
    def of(cls, saved: object, person: int) -> Self:
        """The draft that a slot holds if it is this person's, else a new one."""
        if not isinstance(saved, dict) or saved.get("person") != person:
            return cls(person)
        lists = {name: tuple(saved[name]) for name in ("clients", "offered", "open_parts")}
        ids = saved["client_ids"]
        return cls(**(saved | lists | {"client_ids": None if ids is None else tuple(ids)}))

    def as_json(self) -> dict[str, Any]:
        """What the slot holds."""
        return asdict(self)

    @property
    def asks(self) -> str:
        """What is asked next: a part, the surnames alone, the kind of manager, or whether all of it is right."""
        if self.known:
            return CONFIRM
        is_contact, is_manager = self.purpose == Purpose.CONTACT, self.purpose == Purpose.MANAGER
        missing = (
            (Part.NAME, not self.first_name),
            (SURNAMES, not self.surnames),
            (Part.IDENTIFIER, not self.identifier),
            (Part.EMAIL, not self.email),
            (Part.CLIENTS, bool(self.clients) or Part.CLIENTS in self.open_parts),
            (Part.UNTIL, Part.UNTIL in self.open_parts),
            (Part.ROLE, is_contact and not self.role),
            (MANAGER_KIND, is_manager and not self.manager_kind),
        )
        return next((str(part) for part, is_missing in missing if is_missing), CONFIRM)

    @property
    def last_day(self) -> date | None:
        """The last day of the right, None without an end."""
        return date.fromisoformat(self.until) if self.until else None

    def contact(self) -> NewContact:
        """The contact of a complete draft."""
        return NewContact(
            kind=Kind(self.kind),
            identifier=self.identifier,
            first_name=self.first_name,
            surnames=self.surnames,
            email=self.email,
            role=Role(self.role or Role.FULL),
            client_ids=self.client_ids,
            until=self.last_day,
            may_authorize=self.may_authorize or self.purpose == Purpose.MANAGER,
            manager_kind=ManagerKind(self.manager_kind) if self.purpose == Purpose.MANAGER else None,
        )

    def problem(self, today: date) -> Problem | None:
        """What is wrong with what was said so far, before it is complete."""
        if self.identifier and (wrong := problem_of_identifier(Kind(self.kind), self.identifier)):
            return wrong
        if self.email and not is_email(self.email):
            return Problem.WRONG_EMAIL
        if any(part and not is_name(part) for part in (self.first_name, self.surnames)):
            return Problem.WRONG_NAME
        return problem_of_until(self.last_day, today)

    def without(self, part: Part) -> Self:
        """The draft before a part was said; it has to be said again."""
        if part in (Part.UNTIL, Part.CLIENTS):
            forgotten: dict[str, Any] = (
                {"until": ""} if part is Part.UNTIL else {"clients": (), "client_ids": None, "offered": ()}
            )
            return replace(self, open_parts=(*self.open_parts, str(part)), **forgotten)
        cleared: dict[Part, dict[str, Any]] = {
            Part.NAME: {"first_name": "", "surnames": ""},
            Part.IDENTIFIER: {"identifier": "", "kind": ""},
            Part.EMAIL: {"email": ""},
            Part.ROLE: {"role": ""},
        }
        return replace(self, **cleared[part])

    def told(self, said: Authorization) -> Self:
        """The draft with what a message says, which also corrects what was said before."""
        changed: dict[str, Any] = self._named(said)
        if said.identifier and said.kind is not None:
            changed |= {"identifier": said.identifier, "kind": said.kind.value, "known": 0}
        if said.email:
            changed["email"] = said.email
        if said.role is not None:
            changed["role"] = said.role.value
        if said.manager_kind is not None:
            changed["manager_kind"] = said.manager_kind.value
        if said.may_authorize is not None and self.purpose == Purpose.CONTACT:
            changed["may_authorize"] = said.may_authorize
        settled = set()
        if said.until or said.is_endless:
            settled.add(str(Part.UNTIL))
            changed["until"] = said.until.isoformat() if said.until else ""
        if said.clients or said.all_clients:
            settled.add(str(Part.CLIENTS))
            changed |= {"clients": said.clients, "client_ids": None, "offered": ()}
        unclear = tuple(str(part) for part in said.unreadable)
        open_parts = tuple(sorted({*self.open_parts, *unclear} - settled))
        return replace(self, open_parts=open_parts, **changed)

    def _named(self, said: Authorization) -> dict[str, Any]:
        """A name is taken when it was asked for or is said to be one; else it may be anybody's."""
        name = said.name
        if not name.whole or (self.first_name and self.surnames and not name.is_labelled):
            return {}
        if self.asks == SURNAMES and not name.is_labelled:
            surnames = name.whole.removeprefix(self.first_name).strip()
            return {"surnames": surnames} if surnames else {}
        if name.first_name and not name.surnames and self.surnames:
            return {"first_name": name.first_name}
        if not name.first_name:
            return {"surnames": name.surnames}
        return {"first_name": name.first_name, "surnames": name.surnames}
