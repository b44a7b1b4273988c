"""Messages that go on from what was shown: "la segunda", "¿y las de febrero?", "descárgala", "más"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import assignments, clients, contact_list, contracts, invoices, payment_day, procedure_list
from actions.find_client import CHOOSING
from actions.places import at_place
from actions.procedure_rows import PROCEDURES
from actions.visit import MANY_AGENCIES, SHOWN, Events, Visit, day_of, shown_to, text_of, turn_of, visit_of
from bot.accounts.model import NotFound
from bot.accounts.service import agencies_of, client_of, contract_of
from bot.identity.sessions import choose_agency, session_of
from bot.questions.merging import merged
from bot.questions.model import Question, Subject, Wish
from bot.questions.reading import read
from bot.questions.saved import from_json
from bot.turn import Turn


def follow(visit: Visit) -> Events:
    """Go on; without anything shown, a filter alone is about invoices."""
    kind = visit.shown.get("kind")
    said = visit.question
    before = from_json(visit.shown.get("question") or {})
    if kind == CHOOSING:
        return _choose(visit, before)
    if kind == payment_day.PAYMENT_DAY and (said.day or said.ordinals or any(said.who)):
        return payment_day.follow(visit)
    if kind == clients.CLIENTS:
        return _from_clients(visit)
    if kind == contact_list.CONTACTS:
        return contact_list.follow(visit)
    if kind == PROCEDURES:
        return procedure_list.follow(_scene(visit))
    if kind == contracts.CONTRACTS:
        return _from_contracts(visit, before)
    if kind == invoices.INVOICES:
        return _from_invoices(visit, before)
    if said.subject is Subject.INVOICES or said.states or said.issued or said.due or said.number:
        return invoices.answer(visit, said)
    visit.say("utter_follow_up_of_what")
    return []


def answer_if_it_goes_on(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events | None:
    """Answer a message of no clear topic that goes on from what a signed-in person was shown; None when it does not."""
    if not tracker.get_slot(SHOWN):
        return None
    with turn_of(tracker) as turn:
        visit = visit_of(turn, dispatcher, tracker, text_of(tracker))
        return follow(visit) if visit is not None and goes_on(visit) else None


def goes_on(visit: Visit) -> bool:
    """Whether a message goes on from what was shown; a bare name does when a client was just asked for."""
    said = visit.question
    if not visit.shown:
        return False
    waits = visit.shown.get("kind") in (CHOOSING, payment_day.PAYMENT_DAY)
    if visit.shown.get("kind") == contact_list.CONTACTS:
        return contact_list.goes_on(visit)
    if visit.shown.get("kind") == PROCEDURES:
        return procedure_list.goes_on(said, visit.text)
    return said.follow_up or (waits and any(said.who) and said.subject is None)


def agency_chosen(turn: Turn, tracker: Tracker, text: str) -> bool:
    """Whether this message is the choice of one of the agencies that were offered; then it is made."""
    session = session_of(turn.connection, turn.address, turn.now)
    shown: dict[str, Any] = shown_to(tracker, session) if session else {}
    if session is None or shown.get("kind") != MANY_AGENCIES:
        return False
    chosen = _at(read(text, day_of(turn)), shown)
    if chosen is None or chosen not in agencies_of(turn.connection, session.person_id, turn.now):
        return False
    choose_agency(turn.connection, session, chosen)
    return True


def _scene(visit: Visit) -> procedure_list.Scene:
    here = (visit.turn, visit.session, visit.dispatcher)
    return procedure_list.Scene(*here, visit.text, visit.question, visit.shown)


def _at(said: Question, shown: dict[str, Any]) -> int | None:
    """The id at the place that was said, counted on over the pages of a list."""
    return at_place(map(int, shown.get("ids") or ()), said.ordinals, int(shown.get("offset") or 0))


def _choose(visit: Visit, before: Question) -> Events:
    """One of the clients that fitted a name; or another name."""
    chosen = _at(visit.question, visit.shown)
    action = visit.shown.get("action")
    if chosen is None and visit.question.ordinals:
        visit.say("utter_no_such_row")
        return []
    if chosen is None and visit.question.subject is Subject.CLIENTS and not any(visit.question.who):
        return clients.list_clients(visit, visit.question, 0)
    question = replace(before, name="", identifier="") if chosen is not None else merged(before, visit.question)
    if action == "action_contracts":
        return contracts.list_contracts(visit, question, chosen)
    if action == "action_payment_day":
        return payment_day.answer(visit, question, chosen)
    if action == "action_clients_unassign":
        return assignments.propose_end(visit, question, chosen)
    return invoices.answer(visit, question, chosen)


def _from_clients(visit: Visit) -> Events:
    """One of the clients shown, its invoices or its contracts; else another search."""
    said, ids = visit.question, visit.shown.get("ids") or []
    chosen = _at(said, visit.shown) or (int(ids[0]) if len(ids) == 1 and said.subject else None)
    if chosen is None:
        if said.ordinals:
            visit.say("utter_no_such_row")
            return []
        is_about_invoices = said.subject is Subject.INVOICES or said.states or said.issued or said.due
        return invoices.answer(visit, said) if is_about_invoices else clients.follow(visit)
    rest = replace(said, ordinals=(), wish=Wish.LIST if said.wish in invoices.OF_ONE else said.wish)
    if said.subject is Subject.CONTRACTS:
        return contracts.list_contracts(visit, rest, chosen)
    if said.subject is Subject.INVOICES or said.states or said.issued:
        return invoices.answer(visit, rest, chosen)
    try:
        return clients.show_client(visit, client_of(visit.connection, visit.viewer, chosen))
    except NotFound:
        visit.say("utter_not_found")
        return []


def _from_contracts(visit: Visit, before: Question) -> Events:
    """The invoices of one of the contracts or of its client; else other contracts."""
    said = visit.question
    if said.subject is not Subject.INVOICES:
        return contracts.follow(visit, merged(before, said))
    chosen = _at(said, visit.shown)
    if chosen is None:
        return invoices.answer(visit, said, visit.shown.get("client_id"))
    try:
        contract = contract_of(visit.connection, visit.viewer, chosen)
    except NotFound:
        visit.say("utter_not_found")
        return []
    return invoices.answer(visit, replace(said, ordinals=(), cups=contract.cups), contract.client_id)


def _from_invoices(visit: Visit, before: Question) -> Events:
    """Other invoices, or the contracts of the client whose invoices were shown."""
    if visit.question.subject is Subject.CONTRACTS:
        return contracts.list_contracts(visit, visit.question, visit.shown.get("client_id"))
    return invoices.follow(visit, merged(before, visit.question))
