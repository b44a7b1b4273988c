"""The next step of naming somebody: what is wrong is said, what is missing is asked for, and in the end the yes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rasa_sdk.events import SlotSet

from actions.confirmation import ask_for_yes
from actions.contact_draft import CONFIRM, DRAFT, MANAGER_KIND, PART_OF_PROBLEM, Draft, Purpose
from actions.find_client import OFFERED
from actions.forms import CONTACT_FORM
from actions.hand_off import hand_over_by_rule
from actions.papers import offer_kept, say_how_to_send
from actions.texts import buttons
from actions.visit import Events, Visit
from bot.accounts.model import Client, NotFound, Role, Viewer, searchable
from bot.accounts.service import agency_of, client_of, find_clients, nearest_clients
from bot.contacts import managers, representatives, service
from bot.contacts.model import NewContact, Problem, Refused, State
from bot.identity.masking import masked_email, masked_identifier
from bot.procedures.checklists import papers_of
from bot.procedures.model import Procedure
from bot.questions.authorization import Part

CONTACT_ADD, MANAGER_ASK, REPRESENTATIVE_ASK = "contact_add", "manager_ask", "representative_ask"
OPERATIONS = {
    Purpose.CONTACT: CONTACT_ADD,
    Purpose.MANAGER: MANAGER_ASK,
    Purpose.REPRESENTATIVE: REPRESENTATIVE_ASK,
}
BUTTONS = {Part.ROLE: ("role_full", "role_read_only"), MANAGER_KIND: ("manager_energy", "manager_property")}
WITHOUT_POWER = frozenset({Problem.ONLY_REPRESENTATIVE, Problem.CANNOT_AUTHORIZE})
"""What speaks only against authorizing others in turn: the rest goes on without it."""


def ask_next(visit: Visit, draft: Draft) -> Events:
    """Say what is wrong, ask for what is missing, or show the summary and wait for the yes."""
    refusal = refusal_of(visit.viewer, Purpose(draft.purpose))
    if refusal is not None:
        visit.say(refusal)
        return CONTACT_FORM.leave()
    problem = draft.problem(visit.today)
    if problem is None and draft.clients:
        draft, is_said = _find_clients(visit, draft)
        if is_said:
            return [SlotSet(DRAFT, draft.as_json())]
    draft = _known(visit, draft)
    if problem is not None:
        return _refuse(visit, draft, problem)
    if draft.asks == CONFIRM:
        return _confirm(visit, draft)
    names = BUTTONS.get(draft.asks, ())
    visit.show("ask_contact.md.j2", buttons(*names), draft=draft, asks=draft.asks)
    return [SlotSet(DRAFT, draft.as_json())]


def refusal_of(viewer: Viewer, purpose: Purpose) -> str | None:
    """The answer to who may not do it at all."""
    if purpose is Purpose.REPRESENTATIVE:
        return "utter_representative_not_one" if viewer.access_id is not None else None
    is_outside = purpose is Purpose.MANAGER and viewer.manager_id is not None
    return "utter_contacts_no_right" if is_outside or not viewer.may_change_contacts else None


def apply_add(visit: Visit, details: dict[str, Any]) -> Events:
    """Authorize who was confirmed. Raises NotAllowed."""
    turn = visit.turn
    try:
        contact = service.add(turn.connection, turn.area, visit.viewer, NewContact.of(details), turn.address, turn.now)
    except Refused as refused:
        visit.say(f"utter_contact_problem_{refused.problem}")
        return CONTACT_FORM.leave()
    visit.show("contact_added.md.j2", contact=contact)
    return CONTACT_FORM.leave()


def apply_manager(visit: Visit, details: dict[str, Any]) -> Events:
    """Open the procedure that registers an external manager. Raises NotAllowed."""
    return _open(visit, NewContact.of(details), managers.ask_for_manager)


def apply_representative(visit: Visit, details: dict[str, Any]) -> Events:
    """Open the procedure that changes the representative. Raises NotAllowed."""
    return _open(visit, NewContact.of(details), representatives.ask_for_change)


def _open(visit: Visit, new: NewContact, ask: Any) -> Events:
    turn = visit.turn
    try:
        procedure: Procedure = ask(turn.connection, turn.area, visit.session, new, turn.now)
    except Refused as refused:
        visit.say(f"utter_contact_problem_{refused.problem}")
        return CONTACT_FORM.leave()
    visit.about = ("procedure", str(procedure.id))
    papers = papers_of(procedure.kind)
    visit.show("rights_procedure.md.j2", procedure=procedure, new=new, papers=papers)
    events = CONTACT_FORM.leave()
    if papers:
        say_how_to_send(turn, visit.session, visit.dispatcher, procedure.id)
        events += offer_kept(turn, visit.session, visit.dispatcher)
    hand_over_by_rule(turn, visit.dispatcher, procedure)
    return events


def _known(visit: Visit, draft: Draft) -> Draft:
    """Of a new representative who is a contact already, the name is enough."""
    is_named = draft.first_name and not draft.identifier and not draft.known
    if draft.purpose != Purpose.REPRESENTATIVE or not is_named:
        return draft
    name = searchable(f"{draft.first_name} {draft.surnames}")
    contacts = service.contacts_of(visit.connection, visit.viewer)
    same = [one for one in contacts if searchable(one.name) == name and one.state is not State.ENDED]
    return replace(draft, known=same[0].id) if len(same) == 1 else draft


@dataclass(frozen=True, slots=True)
class _Ready:
    """Who was named, complete, and what speaks against it."""

    new: NewContact
    problem: Problem | None


def _ready(visit: Visit, draft: Draft) -> _Ready:
    connection, viewer, now = visit.connection, visit.viewer, visit.turn.now
    if draft.purpose == Purpose.REPRESENTATIVE:
        known = representatives.known_as(connection, viewer, draft.known) if draft.known else None
        new = known or draft.contact()
        return _Ready(new, representatives.check_change(connection, viewer, new, now))
    if draft.purpose == Purpose.MANAGER:
        new = draft.contact()
        return _Ready(new, managers.check_manager(connection, viewer, new, now))
    new = service.within_own(connection, viewer, draft.contact())
    return _Ready(new, service.check_new(connection, viewer, new, now))


def _confirm(visit: Visit, draft: Draft) -> Events:
    ready = _ready(visit, draft)
    if ready.problem in WITHOUT_POWER:
        visit.say(f"utter_contact_problem_{ready.problem}")
        draft = replace(draft, may_authorize=False)
        ready = _ready(visit, draft)
    if ready.problem is not None:
        return _refuse(visit, draft, ready.problem)
    return [SlotSet(DRAFT, draft.as_json()), *_show(visit, draft, ready.new)]


def _refuse(visit: Visit, draft: Draft, problem: Problem) -> Events:
    """Say what is wrong; what can be said again is asked for, else the draft ends."""
    visit.say(f"utter_contact_problem_{problem}")
    part = None if draft.known else PART_OF_PROBLEM.get(problem)
    return CONTACT_FORM.leave() if part is None else [SlotSet(DRAFT, draft.without(part).as_json())]


def _show(visit: Visit, draft: Draft, new: NewContact) -> Events:
    purpose = Purpose(draft.purpose)
    summary = {
        "new": new,
        "identifier": masked_identifier(new.identifier),
        "email": masked_email(new.email) if draft.known else new.email,
        "is_full": new.role is Role.FULL,
        "agency": agency_of(visit.connection, visit.viewer),
        "clients": None if new.client_ids is None else _clients(visit, new.client_ids),
    }
    return ask_for_yes(visit, OPERATIONS[purpose], new.as_details(), f"confirm_{purpose}.md.j2", summary)


def _clients(visit: Visit, client_ids: tuple[int, ...]) -> list[Client]:
    found = []
    for client_id in client_ids:
        try:
            found.append(client_of(visit.connection, visit.viewer, client_id))
        except NotFound:
            continue  # `check_new` has judged them a moment ago; the yes judges them again
    return found


def _find_clients(visit: Visit, draft: Draft) -> tuple[Draft, bool]:
    """The draft with the clients that its names mean; True when one of them is asked about."""
    ids = list(draft.client_ids or ())
    for place, name in enumerate(draft.clients):
        found = find_clients(visit.connection, visit.viewer, name, OFFERED)
        clients = list(found.clients) if found.total else list(nearest_clients(visit.connection, visit.viewer, name))
        if found.total == 1:
            ids.append(clients[0].id)
            continue
        offered = tuple(client.id for client in clients)
        visit.show("contact_clients.md.j2", searched=name, clients=clients, exact=bool(found.total))
        left = replace(draft, clients=draft.clients[place:], client_ids=tuple(ids) or None, offered=offered)
        return left, True
    return replace(draft, clients=(), client_ids=tuple(dict.fromkeys(ids)), offered=()), False
