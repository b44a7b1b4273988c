"""Who may act for the agency: the list, one contact in detail, and what is to be changed of one, after a yes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from actions.confirmation import ask_for_yes
from actions.places import at_place
from actions.texts import buttons
from actions.visit import Events, Visit
from bot.accounts.model import NotAllowed, NotFound, Role
from bot.accounts.service import agency_of, find_clients
from bot.contacts import service
from bot.contacts.model import Contact, Problem, Refused, State
from bot.contacts.power import change_power, check_power
from bot.questions.authorization import Authorization, contact_meant, read_authorization
from bot.questions.powers import find_power

CONTACTS = "contacts"
ROWS = 20


class Wish(StrEnum):
    """What is to be done with a contact; the values name operations and words of the templates."""

    OPEN = "open"
    ROLE = "role"
    UNTIL = "until"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    INVITE = "invite"
    POWER = "power"


_ANYBODY = re.compile(
    r"\b(?:(?:una?|otr[oa])(?! (?:vez|invitaci))|alguien|algun[oa]|contactos?|autorizad[oa]s?)\b", re.IGNORECASE
)
_THIS_ONE = re.compile(r"\b(?:es[ea]|est[ea])\b", re.IGNORECASE)
_WISHES = (
    (Wish.INVITE, re.compile(r"invitaci[oó]n", re.IGNORECASE)),
    (Wish.REACTIVATE, re.compile(r"\b(?:re)?act[ií]va|otra vez|de nuevo|devu[eé]lv|rehabilit", re.IGNORECASE)),
    (
        Wish.DEACTIVATE,
        re.compile(
            r"\bqu[ií]ta|desact[ií]v|\bde baja\b|\bfuera\b|\bb[oó]rra|el[ií]min|rev[oó]ca|bloqu[eé]", re.IGNORECASE
        ),
    ),
    (
        Wish.ROLE,
        re.compile(r"lectura|consulta|\btotal\b|permiso|\brol\b|\b(?:p[aá]sa|s[uú]be|b[aá]ja)l", re.IGNORECASE),
    ),
)


def list_contacts(visit: Visit, then: Wish = Wish.OPEN, found: Sequence[Contact] | None = None) -> Events:
    """Those who act or acted for the agency, or the `found` ones; `then` is done with the one that is chosen."""
    contacts = list(found) if found is not None else service.contacts_of(visit.connection, visit.viewer)
    contacts = _fitting(contacts, then)
    agency = agency_of(visit.connection, visit.viewer)
    total, shown = len(contacts), contacts[:ROWS]
    visit.show(
        "contacts.md.j2", contacts=shown, total=total, agency=agency, then=str(then), is_search=found is not None
    )
    return visit.remember(CONTACTS, ids=[contact.id for contact in shown], then=str(then))


def list_those_of_client(visit: Visit, name: str) -> Events:
    """Those who see a client."""
    clients = find_clients(visit.connection, visit.viewer, name).clients
    if len(clients) != 1:
        visit.say("utter_contacts_which_client")
        return []
    contacts = service.who_sees(visit.connection, visit.viewer, clients[0].id)
    visit.about = ("client", str(clients[0].id))
    visit.show("contacts_of_client.md.j2", contacts=contacts, client=clients[0])
    return visit.remember(CONTACTS, ids=[contact.id for contact in contacts], then=str(Wish.OPEN))


def answer(visit: Visit, wish: Wish) -> Events:
    """Do what is wished with the contact that the message means; without one, show those it may be."""
    try:
        return _with_contact(visit, wish)
    except NotAllowed:
        visit.say("utter_contacts_limited")
        return []


def follow(visit: Visit) -> Events:
    """Go on from a list of contacts or from one of them."""
    then = Wish(visit.shown.get("then") or Wish.OPEN)
    return answer(visit, wish_said(visit.text) or then)


def goes_on(visit: Visit) -> bool:
    """Whether a message is about the contacts that were shown."""
    said = visit.question
    return said.subject is None and not said.narrows and bool(said.ordinals or wish_said(visit.text))


def wish_said(text: str) -> Wish | None:
    """What is to be done, from the words alone."""
    if find_power(text) is not None:
        return Wish.POWER
    return next((wish for wish, words in _WISHES if words.search(text)), None)


def is_about_contact(visit: Visit) -> bool:
    """Whether a message means a contact that there is: one that it names, or the one that was shown."""
    meant = contact_meant(visit.text, visit.today)
    if not meant.is_sure:
        return _shown(visit) is not None
    found = service.find_contacts(visit.connection, visit.viewer, meant.words[0])
    return any(one.state is not State.ENDED for one in found)


def _with_contact(visit: Visit, wish: Wish) -> Events:
    meant = contact_meant(visit.text, visit.today)
    found: list[Contact] = []
    for words in meant.words:
        found = found or _fitting(service.find_contacts(visit.connection, visit.viewer, words), wish)
    contact_id = found[0].id if len(found) == 1 else None
    if not found and meant.is_sure:
        visit.say("utter_contact_not_found")
        return list_contacts(visit, wish)
    if not found:
        contact_id = _shown(visit)
    if contact_id is None:
        return list_contacts(visit, wish, found or None)
    return _one(visit, contact_id, wish)


def _shown(visit: Visit) -> int | None:
    """The contact at the place that was said, or the only one that was shown unless the message is about anybody."""
    is_about_anybody = _ANYBODY.search(visit.text) and not _THIS_ONE.search(visit.text)
    if visit.shown.get("kind") != CONTACTS or is_about_anybody:
        return None
    ids = [int(value) for value in visit.shown.get("ids") or ()]
    return at_place(ids, visit.question.ordinals or ([1] if len(ids) == 1 else []))


def _fitting(contacts: list[Contact], wish: Wish) -> list[Contact]:
    """Those with whom it can be done; all of them where it can be done with none."""
    if wish is Wish.OPEN:
        return contacts
    is_ended = wish is Wish.REACTIVATE
    fitting = [one for one in contacts if not one.is_representative and (one.state is State.ENDED) == is_ended]
    return fitting or contacts


def _one(visit: Visit, contact_id: int, wish: Wish) -> Events:
    visit.about = ("contact", str(contact_id))
    try:
        contact = service.contact_of(visit.connection, visit.viewer, contact_id)
    except NotFound:
        visit.say("utter_not_found")
        return []
    remembered = visit.remember(CONTACTS, ids=[contact.id], then=str(Wish.OPEN))
    if wish is Wish.OPEN:
        visit.show("contact.md.j2", _buttons(visit, contact), contact=contact)
        return remembered
    return [*remembered, *_propose(visit, contact, wish)]


def below_of(visit: Visit, contact: Contact) -> int:
    """How many would lose their access with a manager."""
    if contact.manager_kind is None:
        return 0
    found = service.contacts_of(visit.connection, visit.viewer)
    return sum(one.below == contact.name and one.state is not State.ENDED for one in found)


def _buttons(visit: Visit, contact: Contact) -> list[dict[str, str]]:
    if contact.is_representative or contact.id == visit.viewer.person_id or not visit.viewer.may_change_contacts:
        return []
    if contact.state is State.ENDED:
        return buttons("reactivate")
    other = "make_read_only" if contact.role is Role.FULL else "make_full"
    return buttons("deactivate", other, *(["invite_again"] if contact.state is State.INVITED else []))


def _propose(visit: Visit, contact: Contact, wish: Wish) -> Events:
    said = read_authorization(visit.text, visit.today)
    if wish is Wish.ROLE and said.role is None and (said.until or said.is_endless):
        wish = Wish.UNTIL
    if wish is Wish.ROLE and said.role is None and said.may_authorize is not None:
        wish = Wish.POWER
    asked = _asked(contact, wish, said)
    problem = CHANGES[wish].check(visit, asked)
    if problem is not None:
        visit.say(f"utter_contact_problem_{problem}")
        return []
    summary = {
        "contact": contact,
        "change": str(wish),
        "agency": agency_of(visit.connection, visit.viewer),
        "asked": asked,
        "below": below_of(visit, contact),
    }
    return ask_for_yes(visit, f"contact_{wish}", asked.as_details(), "confirm_contact_change.md.j2", summary)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be changed of a contact; `until` None: no end."""

    contact_id: int
    role: Role
    until: date | None = None
    may_authorize: bool = False

    def as_details(self) -> dict[str, Any]:
        """JSON values, for an operation that waits for a yes."""
        until = self.until.isoformat() if self.until else None
        power = {"may_authorize": self.may_authorize}
        return {"contact_id": self.contact_id, "role": self.role.value, "until": until} | power

    @classmethod
    def of(cls, details: dict[str, Any]) -> Asked:
        """The opposite of `as_details`."""
        until = date.fromisoformat(details["until"]) if details["until"] else None
        return cls(int(details["contact_id"]), Role(details["role"]), until, details["may_authorize"])


def _asked(contact: Contact, wish: Wish, said: Authorization) -> Asked:
    """The role that was said or, as there are only two, the other one."""
    role = contact.role
    if wish is Wish.ROLE:
        role = said.role or (Role.READ_ONLY if contact.role is Role.FULL else Role.FULL)
    may_authorize = not contact.may_authorize if said.may_authorize is None else said.may_authorize
    return Asked(contact.id, role, said.until if wish in (Wish.UNTIL, Wish.REACTIVATE) else None, may_authorize)


@dataclass(frozen=True, slots=True)
class Change:
    """How one kind of change is checked before the yes and made after it."""

    check: Callable[[Visit, Asked], Problem | None]
    make: Callable[[Visit, Asked], Contact]


def _parts(visit: Visit) -> tuple[Any, Any, Any]:
    return visit.connection, visit.turn.area, visit.viewer


CHANGES = {
    Wish.ROLE: Change(
        lambda visit, a: service.check_role(visit.connection, visit.viewer, a.contact_id, a.role, visit.turn.now),
        lambda visit, a: service.change_role(*_parts(visit), a.contact_id, a.role, visit.turn.address, visit.turn.now),
    ),
    Wish.UNTIL: Change(
        lambda visit, a: service.check_until(visit.connection, visit.viewer, a.contact_id, a.until, visit.turn.now),
        lambda visit, a: service.change_until(
            *_parts(visit), a.contact_id, a.until, visit.turn.address, visit.turn.now
        ),
    ),
    Wish.POWER: Change(
        lambda visit, a: check_power(visit.connection, visit.viewer, a.contact_id, a.may_authorize, visit.turn.now),
        lambda visit, a: change_power(
            *_parts(visit), a.contact_id, a.may_authorize, visit.turn.address, visit.turn.now
        ),
    ),
    Wish.DEACTIVATE: Change(
        lambda visit, a: service.check_deactivate(visit.connection, visit.viewer, a.contact_id, visit.turn.now),
        lambda visit, a: service.deactivate(*_parts(visit), a.contact_id, visit.turn.address, visit.turn.now),
    ),
    Wish.REACTIVATE: Change(
        lambda visit, a: service.check_reactivate(
            visit.connection, visit.viewer, a.contact_id, visit.turn.now, a.until
        ),
        lambda visit, a: service.reactivate(*_parts(visit), a.contact_id, visit.turn.address, visit.turn.now, a.until),
    ),
    Wish.INVITE: Change(
        lambda visit, a: service.check_invite(visit.connection, visit.viewer, a.contact_id, visit.turn.now),
        lambda visit, a: service.invite_again(*_parts(visit), a.contact_id, visit.turn.address, visit.turn.now),
    ),
}


def apply(wish: Wish) -> Callable[[Visit, dict[str, Any]], Events]:
    """How a confirmed change is made. What it gives raises NotAllowed and NotFound."""

    def make(visit: Visit, details: dict[str, Any]) -> Events:
        asked = Asked.of(details)
        visit.about = ("contact", str(asked.contact_id))
        try:
            contact = CHANGES[wish].make(visit, asked)
        except Refused as refused:
            visit.say(f"utter_contact_problem_{refused.problem}")
            return []
        visit.show("contact_changed.md.j2", contact=contact, change=str(wish))
        return visit.remember(CONTACTS, ids=[contact.id], then=str(Wish.OPEN))

    return make
