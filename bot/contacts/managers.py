"""External managers: asked for by who decides about contacts, registered when staff have seen the papers.

A manager authorizes its own collaborators as any contact is authorized (`service.add`): what it gives hangs from it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.accounts.model import ManagerKind, Role, Viewer
from bot.accounts.service import viewer_here
from bot.area import Area
from bot.contacts import requests, store
from bot.contacts.judging import changer_of, problem_of_clients, problem_of_person
from bot.contacts.model import Change, NewContact, Problem, problem_of_new
from bot.contacts.service import NEW, act_of
from bot.identity.sessions import Session
from bot.procedures.model import Kind, Procedure

ASKED, ADDED = "external_manager_asked", "external_manager_added"


def as_manager(new: NewContact, kind: ManagerKind) -> NewContact:
    """A manager may do everything, and authorizes its own collaborators."""
    return replace(new.tidy(), role=Role.FULL, may_authorize=True, manager_kind=kind)


def check_manager(connection: Connection, viewer: Viewer, new: NewContact, now: datetime) -> Problem | None:
    """What speaks against registering an external manager: nobody who hangs from one may, whatever else they may do."""
    return _problem(connection, viewer, new, now) or _problem_of_asking(connection, viewer, new)


def ask_for_manager(connection: Connection, area: Area, session: Session, new: NewContact, now: datetime) -> Procedure:
    """Open the procedure that registers a manager. Raises NotAllowed or Refused."""
    viewer = viewer_here(connection, session, now)
    act = act_of(connection, area, viewer, session.address, now)
    act.check(ASKED, NEW, check_manager(connection, viewer, new, now))
    procedure = requests.ask(act, session, Kind.EXTERNAL_MANAGER, new.tidy())
    act.note(ASKED, procedure.id)
    return procedure


def apply_external_manager(connection: Connection, area: Area, procedure: Procedure, now: datetime) -> None:
    """Give the manager its right, invite it and tell the representatives; an effect of procedures. Raises CannotApply."""
    begun = requests.begin_applying(connection, area, procedure, now)
    if begun is None:
        return
    act, new = begun
    requests.refuse(_problem(connection, act.viewer, new, now))
    known = store.person_of(connection, new)
    if known:
        requests.check_mails(act, ADDED, known.id)
    added = act.begin(known.id if known else store.add_person(connection, new, now), new)
    act.invite(added)
    act.tell_holders(Change.ADDED, added)
    act.note(ADDED, added.person.id)


def _problem(connection: Connection, viewer: Viewer, new: NewContact, now: datetime) -> Problem | None:
    changer = changer_of(connection, viewer, now)
    if changer is None or changer.manager_id is not None or new.manager_kind is None:
        return Problem.NOT_ALLOWED
    new = new.tidy()
    return (
        problem_of_new(new, changer.day)
        or problem_of_clients(connection, changer, new)
        or problem_of_person(connection, changer, new)
    )


def _problem_of_asking(connection: Connection, viewer: Viewer, new: NewContact) -> Problem | None:
    is_asked = requests.is_asked(connection, viewer, Kind.EXTERNAL_MANAGER, new.tidy())
    return Problem.ALREADY_ASKED if is_asked else None
