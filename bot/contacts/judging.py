"""What speaks against a change of contacts: whether somebody may make it at all, and for whom it cannot be made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.accounts.model import NotAllowed, Role, Viewer
from bot.accounts.service import viewer_if_any
from bot.accounts.store import clients_by_id
from bot.contacts import store
from bot.contacts.model import Held, NewContact, Problem, State


def seen_by(connection: Connection, viewer: Viewer, contact_id: int | None = None) -> list[Held]:
    """Whom a viewer sees among those who act for the agency: of who hangs from an external manager, no more than its own.

    Raises NotAllowed for somebody whose right is limited to some clients and who is no manager.
    """
    if viewer.is_limited and not viewer.is_manager:
        raise NotAllowed
    found = store.holders(connection, viewer, contact_id)
    if viewer.manager_id is None:
        return found
    return [held for held in found if viewer.manager_id in (held.person.id, held.manager_id)]


def changer_of(connection: Connection, viewer: Viewer, now: datetime) -> Viewer | None:
    """The viewer with the right of this moment, if it is one to change contacts."""
    changer = viewer_if_any(connection, viewer.person_id, viewer.agency_id, now)
    return changer if changer and changer.may_change_contacts else None


def changeable(connection: Connection, viewer: Viewer, contact_id: int, now: datetime) -> Held | Problem:
    """The contact, unless the viewer may not change it; nobody changes their own right or a representative's."""
    changer = changer_of(connection, viewer, now)
    if changer is None:
        return Problem.NOT_ALLOWED
    for held in seen_by(connection, changer, contact_id):
        if held.access_id is None:
            return Problem.IS_REPRESENTATIVE
        return Problem.ONESELF if contact_id == viewer.person_id else held
    return Problem.UNKNOWN_CONTACT


def current(connection: Connection, viewer: Viewer, contact_id: int, now: datetime) -> Held | Problem:
    """The contact, unless the viewer may not change it or it has ended."""
    held = changeable(connection, viewer, contact_id, now)
    return Problem.HAS_ENDED if isinstance(held, Held) and held.state(now) is State.ENDED else held


def problem_of_clients(connection: Connection, viewer: Viewer, new: NewContact) -> Problem | None:
    """Clients that are not the viewer's, or none where only some are meant."""
    if new.client_ids is None:
        return None
    found = clients_by_id(connection, viewer, new.client_ids)
    return None if found and len(found) == len(new.client_ids) else Problem.UNKNOWN_CLIENT


def problem_of_person(connection: Connection, viewer: Viewer, new: NewContact) -> Problem | None:
    """Somebody who acts for the agency already, or whose mailbox is not what was typed."""
    known = store.person_of(connection, new)
    if known is None:
        return Problem.MAILBOX_DIFFERS if store.is_taken(connection, new) else None
    for held in store.holders(connection, viewer, known.id):
        if held.access_id is None:
            return Problem.IS_REPRESENTATIVE
        if held.state(viewer.at) is not State.ENDED:
            return Problem.ALREADY_CONTACT
    return None if known.email.lower() == new.email.lower() else Problem.MAILBOX_DIFFERS


def problem_of_power(changer: Viewer, new: NewContact) -> Problem | None:
    """Only a representative lets a contact authorize others, and only one who may do everything for everybody."""
    if not new.may_authorize:
        return None
    if changer.access_id is not None:
        return Problem.ONLY_REPRESENTATIVE
    return None if new.role is Role.FULL and new.client_ids is None else Problem.CANNOT_AUTHORIZE
