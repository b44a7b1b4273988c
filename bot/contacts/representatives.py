"""Another representative in the place of the one who asks for it, when staff have seen the papers.

Of an agency with several representatives only the one who asked is replaced.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, literal, update

from bot.accounts.model import Role, Viewer
from bot.accounts.service import representatives_of, viewer_here, viewer_if_any
from bot.accounts.store import holds, representative, representative_table
from bot.area import Area
from bot.contacts import requests, store
from bot.contacts.act import Act
from bot.contacts.model import NewContact, Problem, problem_of_new
from bot.contacts.service import NEW, act_of
from bot.database import Moment
from bot.identity.passwords import password_hash_of
from bot.identity.persons import Person, person_by_id
from bot.identity.sessions import Session
from bot.notifications.service import queue
from bot.procedures.model import Kind, Procedure

ASKED, CHANGED = "representative_change_asked", "representative_changed"


def check_change(connection: Connection, viewer: Viewer, new: NewContact, now: datetime) -> Problem | None:
    """What speaks against putting somebody in the place of the viewer, who has to be a representative."""
    problem = _problem(connection, viewer, new, now)
    if problem is not None:
        return problem
    is_asked = requests.is_asked(connection, viewer, Kind.REPRESENTATIVE_CHANGE, new.tidy())
    return Problem.ALREADY_ASKED if is_asked else None


def ask_for_change(connection: Connection, area: Area, session: Session, new: NewContact, now: datetime) -> Procedure:
    """Open the procedure that puts somebody in the viewer's place. Raises NotAllowed or Refused."""
    viewer = viewer_here(connection, session, now)
    act = act_of(connection, area, viewer, session.address, now)
    act.check(ASKED, NEW, check_change(connection, viewer, new, now))
    procedure = requests.ask(act, session, Kind.REPRESENTATIVE_CHANGE, new.tidy())
    act.note(ASKED, procedure.id)
    return procedure


def known_as(connection: Connection, viewer: Viewer, contact_id: int) -> NewContact | None:
    """A contact of the agency as its new representative; None for who is none."""
    for held in store.holders(connection, viewer, contact_id):
        one = held.person
        return NewContact(one.kind, one.identifier, one.first_name, one.surnames, one.email, Role.FULL)
    return None


def apply_representative_change(connection: Connection, area: Area, procedure: Procedure, now: datetime) -> None:
    """End who asked and begin the new one; both are told, as are colleagues. An effect of procedures.

    Raises CannotApply, also when who asked is no representative any more.
    """
    begun = requests.begin_applying(connection, area, procedure, now)
    if begun is None:
        return
    act, new = begun
    requests.refuse(_problem(connection, act.viewer, new, now))
    known = store.person_of(connection, new)
    if known:
        requests.check_mails(act, CHANGED, known.id)
    former = person_by_id(connection, act.viewer.person_id)
    assert former is not None, "a viewer is a person"
    begun_id = known.id if known else store.add_person(connection, new, now)
    _replace(act, former, begun_id)
    act.note(CHANGED, begun_id)


def _replace(act: Act, former: Person, begun_id: int) -> None:
    colleagues = [one for one in representatives_of(act.connection, act.viewer) if one.id != former.id]
    _end(act, former.id)
    _begin(act, begun_id)
    begun = person_by_id(act.connection, begun_id)
    assert begun is not None, "it was stored a moment ago"
    told = {"agency": act.agency, "former": former.name, "begun": begun.name}
    _mail(act, former, "representative_ended", told)
    _welcome(act, begun, told)
    for colleague in colleagues:
        _mail(act, colleague, "representative_changed", told)


def _end(act: Act, person_id: int) -> None:
    """The representation ends with all that was opened with it; a right as a contact does not come to light behind it."""
    both = (person_id, act.viewer.agency_id)
    own = (representative.person_id == person_id, representative.agency_id == act.viewer.agency_id)
    held = holds(representative_table, literal(act.now, Moment()))
    act.connection.execute(update(representative_table).where(*own, held).values(valid_until=act.now))
    store.end_rights(act.connection, *both, act.now)
    store.end_sessions(act.connection, *both, act.now)
    store.revoke_invitations(act.connection, *both, act.now)


def _begin(act: Act, person_id: int) -> None:
    """A right as a contact ends where the representation begins, and what waits for a yes with the former right is void."""
    both = {"person_id": person_id, "agency_id": act.viewer.agency_id}
    act.end_below(person_id)
    store.end_rights(act.connection, **both, now=act.now)
    store.end_sessions(act.connection, **both, now=act.now)
    store.revoke_invitations(act.connection, **both, now=act.now)
    act.connection.execute(insert(representative_table), both | {"valid_from": act.now})


def _welcome(act: Act, begun: Person, told: dict[str, Any]) -> None:
    """Who never chose a password is invited to; others enter as they always do."""
    if password_hash_of(act.connection, begun.id) is not None:
        _mail(act, begun, "representative_began", told)
        return
    act.invite(act.held(begun.id))


def _mail(act: Act, person: Person, template: str, told: dict[str, Any]) -> None:
    queue(act.connection, act.now, person.email, template, told | {"name": person.first_name})


def _problem(connection: Connection, viewer: Viewer, new: NewContact, now: datetime) -> Problem | None:
    changer = viewer_if_any(connection, viewer.person_id, viewer.agency_id, now)
    if changer is None or changer.access_id is not None:
        return Problem.NOT_ALLOWED
    new = new.tidy()
    return problem_of_new(new, changer.day) or _problem_of_person(connection, changer, new)


def _problem_of_person(connection: Connection, viewer: Viewer, new: NewContact) -> Problem | None:
    """A representative already, or somebody whose mailbox is not what was typed. A contact may become one."""
    known = store.person_of(connection, new)
    if known is None:
        return Problem.MAILBOX_DIFFERS if store.is_taken(connection, new) else None
    for held in store.holders(connection, viewer, known.id):
        if held.access_id is None:
            return Problem.IS_REPRESENTATIVE
    return None if known.email.lower() == new.email.lower() else Problem.MAILBOX_DIFFERS
