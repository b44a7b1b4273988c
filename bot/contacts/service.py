"""Who may act for an agency besides its representatives: looking, adding, changing, ending.

Each `check_…` says what speaks against a change; the change itself checks the same again, writes the audit also when it
refuses, and tells the representatives by mail. A refusal changes nothing: the caller may go on with the transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from bot.accounts.likeness import Texts, resembling, wanted
from bot.accounts.model import NotFound, Role, Viewer, compact, searchable
from bot.accounts.service import client_of
from bot.area import Area
from bot.contacts import store
from bot.contacts.act import Act
from bot.contacts.judging import (
    changeable,
    changer_of,
    current,
    problem_of_clients,
    problem_of_person,
    problem_of_power,
    seen_by,
)
from bot.contacts.model import (
    Change,
    Contact,
    Held,
    NewContact,
    Problem,
    State,
    Terms,
    end_of,
    problem_of_new,
    problem_of_until,
)
from bot.database import Line, in_line

NEW = "new"
"""The object of an audit entry about somebody who is no contact yet."""


def contacts_of(connection: Connection, viewer: Viewer) -> list[Contact]:
    """Everybody who acts or acted for the agency: representatives, then contacts, then ended ones, each by name.

    Who was authorized by an external manager stands behind it. Raises as `seen_by`.
    """
    found = [held.contact(viewer.at) for held in seen_by(connection, viewer)]
    return sorted(found, key=_place)


def _place(contact: Contact) -> tuple[bool, bool, str, bool, str]:
    """Where a contact stands in the list."""
    beside = searchable(contact.below or contact.name)
    is_below, name = bool(contact.below), searchable(contact.name)
    return contact.state is State.ENDED, not contact.is_representative, beside, is_below, name


def contact_of(connection: Connection, viewer: Viewer, contact_id: int) -> Contact:
    """One of them. Raises NotAllowed as `contacts_of`, and NotFound, also for another agency's contact."""
    for held in seen_by(connection, viewer, contact_id):
        return held.contact(viewer.at)
    raise NotFound


def find_contacts(connection: Connection, viewer: Viewer, words: str) -> list[Contact]:
    """Those with that identifier or, best first, with a name like these words, slips forgiven. Raises as `contacts_of`."""
    seen = {held.person.id: held for held in seen_by(connection, viewer)}
    code = compact(words)
    same = [held for held in seen.values() if held.person.identifier == code]
    names = Texts((held.person.id, searchable(held.person.name)) for held in seen.values())
    found = same or [seen[each.client_id] for each in resembling(wanted(words), names)]
    return [held.contact(viewer.at) for held in found]


def who_sees(connection: Connection, viewer: Viewer, client_id: int) -> list[Contact]:
    """Those who may now see a client of the agency, its contracts and invoices. Raises NotFound, and as `contacts_of`."""
    client_of(connection, viewer, client_id)
    over_it = store.rights_over(connection, client_id)
    found = [
        held.contact(viewer.at)
        for held in seen_by(connection, viewer)
        if held.valid_from <= viewer.at and (not held.is_limited or held.access_id in over_it)
    ]
    return [contact for contact in found if contact.state is not State.ENDED]


def check_new(connection: Connection, viewer: Viewer, new: NewContact, now: datetime) -> Problem | None:
    """What speaks against authorizing somebody; None: nothing does.

    Somebody who is known with another mailbox, and a mailbox that is somebody else's, are one problem: a right must never
    go to a mailbox that was put on record for somebody else's identifier.
    """
    changer = changer_of(connection, viewer, now)
    if changer is None or new.manager_kind:  # an external manager comes by a procedure, with papers
        return Problem.NOT_ALLOWED
    new = new.tidy()
    return (
        problem_of_new(new, changer.day)
        or problem_of_power(changer, new)
        or problem_of_clients(connection, changer, new)
        or problem_of_person(connection, changer, new)
    )


def within_own(connection: Connection, viewer: Viewer, new: NewContact) -> NewContact:
    """What would really be given: by an external manager no more than its own right, over its own clients, up to its last day."""
    if viewer.manager_id is None:
        return new
    own = store.holders(connection, viewer, viewer.person_id)[0]
    clients = store.client_ids_of(connection, own) if new.client_ids is None else new.client_ids
    days = [day for day in (new.until, own.until) if day is not None]
    return replace(new, client_ids=None if clients is None else tuple(clients), until=min(days, default=None))


def add(connection: Connection, area: Area, viewer: Viewer, new: NewContact, address: str, now: datetime) -> Contact:
    """Authorize somebody, invite them by mail and tell the representatives. Raises NotAllowed or Refused."""
    in_line(connection, Line.CONTACTS)
    act = Act(connection, area, replace(viewer, at=now), address, now)
    act.check("contact_added", NEW, check_new(connection, viewer, new, now))
    new = new.tidy()
    known = store.person_of(connection, new)
    if known:
        act.check_mails("contact_added", known.id)
    added = act.begin(known.id if known else store.add_person(connection, new, now), new)
    act.invite(added)
    return told(act, "contact_added", Change.ADDED, added)


def check_role(connection: Connection, viewer: Viewer, contact_id: int, role: Role, now: datetime) -> Problem | None:
    """What speaks against giving a contact that role."""
    held = current(connection, viewer, contact_id, now)
    if isinstance(held, Problem):
        return held
    return Problem.SAME_AS_BEFORE if held.role is role else None


def change_role(
    connection: Connection, area: Area, viewer: Viewer, contact_id: int, role: Role, address: str, now: datetime
) -> Contact:
    """Give a contact another role; who only looks from now on authorizes nobody. Raises NotAllowed, NotFound or Refused."""
    action = "contact_role_changed"
    act = act_of(connection, area, viewer, address, now)
    act.check(action, contact_id, check_role(connection, viewer, contact_id, role, now))
    held = act.held(contact_id)
    terms = replace(held.terms, role=role, may_authorize=held.may_authorize and role is Role.FULL)
    return told(act, action, Change.CHANGED, act.begin_again(held, terms), held.terms)


def check_until(
    connection: Connection, viewer: Viewer, contact_id: int, until: date | None, now: datetime
) -> Problem | None:
    """What speaks against a contact's right ending after that day, None: never."""
    held = current(connection, viewer, contact_id, now)
    if isinstance(held, Problem):
        return held
    if problem := problem_of_until(until, replace(viewer, at=now).day):
        return problem
    return Problem.SAME_AS_BEFORE if held.until == until else None


def change_until(
    connection: Connection, area: Area, viewer: Viewer, contact_id: int, until: date | None, address: str, now: datetime
) -> Contact:
    """Let a contact's right end after that day, None: never. Raises NotAllowed, NotFound or Refused."""
    action = "contact_until_changed"
    act = act_of(connection, area, viewer, address, now)
    act.check(action, contact_id, check_until(connection, viewer, contact_id, until, now))
    held = act.held(contact_id)
    changed = act.begin_again(held, replace(held.terms, valid_until=end_of(until)))
    return told(act, action, Change.CHANGED, changed, held.terms)


def check_deactivate(connection: Connection, viewer: Viewer, contact_id: int, now: datetime) -> Problem | None:
    """What speaks against ending a contact's right."""
    held = current(connection, viewer, contact_id, now)
    return held if isinstance(held, Problem) else None


def deactivate(
    connection: Connection, area: Area, viewer: Viewer, contact_id: int, address: str, now: datetime
) -> Contact:
    """End a contact's right, and sign them out where they act for the agency. Raises NotAllowed, NotFound or Refused."""
    action = "contact_deactivated"
    act = act_of(connection, area, viewer, address, now)
    act.check(action, contact_id, check_deactivate(connection, viewer, contact_id, now))
    held = act.held(contact_id)
    below = act.end(held)
    return told(act, action, Change.REMOVED, act.held(contact_id), held.terms, below)


def check_reactivate(
    connection: Connection, viewer: Viewer, contact_id: int, now: datetime, until: date | None = None
) -> Problem | None:
    """What speaks against giving a former contact the former right again."""
    held = changeable(connection, viewer, contact_id, now)
    if isinstance(held, Problem):
        return held
    if held.state(now) is not State.ENDED:
        return Problem.ALREADY_CONTACT
    if not held.manager_holds:
        return Problem.MANAGER_HAS_ENDED
    return problem_of_until(until, replace(viewer, at=now).day)


def reactivate(
    connection: Connection,
    area: Area,
    viewer: Viewer,
    contact_id: int,
    address: str,
    now: datetime,
    until: date | None = None,
) -> Contact:
    """Begin a new right with the role and the clients of the former one, up to the day `until`, and invite the person.

    Raises NotAllowed, NotFound or Refused.
    """
    action = "contact_reactivated"
    act = act_of(connection, area, viewer, address, now)
    act.check(action, contact_id, check_reactivate(connection, viewer, contact_id, now, until))
    act.check_mails(action, contact_id)
    former = act.held(contact_id)
    again = act.begin_again(former, replace(former.terms, valid_until=end_of(until)))
    act.invite(again)
    return told(act, action, Change.ADDED, again)


def check_invite(connection: Connection, viewer: Viewer, contact_id: int, now: datetime) -> Problem | None:
    """What speaks against inviting a contact again; who has entered once needs no invitation."""
    held = current(connection, viewer, contact_id, now)
    if isinstance(held, Problem):
        return held
    return None if held.state(now) is State.INVITED else Problem.HAS_ENTERED


def invite_again(
    connection: Connection, area: Area, viewer: Viewer, contact_id: int, address: str, now: datetime
) -> Contact:
    """Mail another invitation, at most three a day; the former one stops working. Raises NotAllowed, NotFound or Refused."""
    action = "contact_invited_again"
    act = act_of(connection, area, viewer, address, now)
    act.check(action, contact_id, check_invite(connection, viewer, contact_id, now))
    act.check_mails(action, contact_id)
    held = act.held(contact_id)
    act.invite(held)
    act.note(action, contact_id)
    return held.contact(now)


def act_of(connection: Connection, area: Area, viewer: Viewer, address: str, now: datetime) -> Act:
    """A change that is made from now on: until the transaction ends nobody else changes contacts."""
    in_line(connection, Line.CONTACTS)
    return Act(connection, area, replace(viewer, at=now), address, now)


def told(act: Act, action: str, change: Change, held: Held, former: Terms | None = None, below: int = 0) -> Contact:
    """Tell the representatives, write the audit, and give the contact as it is now."""
    act.tell_holders(change, held, former, below)
    act.note(action, held.person.id)
    return held.contact(act.now)
