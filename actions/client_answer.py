"""A client that an agency asked for answers in the chat: with the code of its mail, or signed in; after one yes."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.confirmation import PROPOSAL, was_just_asked
from actions.texts import buttons, render
from actions.visit import WAITING_REQUEST, Events, RequestAction, ask_to_sign_in, text_of
from bot.area import SPAIN
from bot.assignments.in_chat import accept, by_code, waiting_for
from bot.assignments.requests import Asking
from bot.identity.links import Gone as GoneWhy
from bot.identity.links import LinkGone
from bot.identity.operations import (
    Gone,
    Pending,
    SignInTooOld,
    look,
    look_here,
    propose,
    propose_here,
    take,
    take_here,
    was_proposed_here,
)
from bot.identity.sessions import Session, session_of
from bot.turn import Turn

ACCEPT = "assignment_accept"
YES_OR_NO = ("accept_agency", "leave_agency")


class ActionClientsAccept(RequestAction):
    """Shows a client who is signed in what agencies ask of it; others are told to write the code of their mail."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_clients_accept"

    def answer_request(
        self, turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, after_sign_in: bool = False
    ) -> Events:
        """Show the oldest request; after a yes to it the next one may be asked for."""
        session = session_of(turn.connection, turn.address, turn.now)
        if session is None:
            ask_to_sign_in(turn, dispatcher, "utter_clients_accept")
            return [SlotSet(WAITING_REQUEST, {"action": self.name(), "text": text})]
        waiting = waiting_for(turn.connection, session, turn.now)
        if not waiting:
            dispatcher.utter_message(response="utter_clients_accept_none")
            return []
        reference = propose(turn.connection, session, ACCEPT, _details(waiting[0]), turn.now)
        return _show(dispatcher, waiting[0], reference, len(waiting) - 1)


def answer_code(turn: Turn, dispatcher: CollectingDispatcher, code: str) -> Events | None:
    """What a typed code leads to; None when it is none of a request."""
    try:
        asking = by_code(turn.connection, turn.area, turn.address, code, turn.now)
    except LinkGone as gone:
        if gone.why is GoneWhy.UNKNOWN:
            return None
        dispatcher.utter_message(response=f"utter_clients_accept_{gone.why}")
        return []
    reference = propose_here(turn.connection, turn.address, ACCEPT, _details(asking), turn.now)
    return _show(dispatcher, asking, reference)


def answer_yes(turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, after_sign_in: bool) -> Events | None:
    """Accept what was shown, if this yes is the answer to it, else show it again. None: something else waits for a yes."""
    reference = str(tracker.get_slot(PROPOSAL) or "")
    session = session_of(turn.connection, turn.address, turn.now)
    pending = look_here(turn.connection, turn.address, reference, turn.now)
    session = None if pending else session
    if session is not None:
        pending = look(turn.connection, session, reference, turn.now)
    if pending is None or pending.kind != ACCEPT:
        return _gone(dispatcher) if was_proposed_here(turn.connection, turn.address, reference) else None
    if not after_sign_in and not was_just_asked(tracker, turn.address):
        dispatcher.utter_message(text=str(pending.details["summary"]), buttons=buttons(*YES_OR_NO))
        return [SlotSet(PROPOSAL, reference)]
    return _accept(turn, dispatcher, tracker, pending, session)


def _accept(
    turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, pending: Pending, session: Session | None
) -> Events:
    try:
        if session is None:
            take_here(turn.connection, turn.address, pending.reference, turn.now)
        else:
            take(turn.connection, session, pending.reference, turn.now)
        request_id = int(pending.details["request_id"])
        asking = accept(turn.connection, turn.area, request_id, turn.address, session, turn.now)
    except SignInTooOld:
        assert session is not None, "only a sign-in grows old"
        ask_to_sign_in(turn, dispatcher, "utter_sign_in_again")
        waiting = {"action": "action_affirm", "text": text_of(tracker), "person": session.person_id}
        return [SlotSet(WAITING_REQUEST, waiting)]
    except Gone:
        return _gone(dispatcher)
    except LinkGone as gone:
        dispatcher.utter_message(response=f"utter_clients_accept_{gone.why}")
        return [SlotSet(PROPOSAL, None)]
    dispatcher.utter_message(response="utter_clients_accept_done", agency=asking.agency_name, client=asking.client_name)
    return [SlotSet(PROPOSAL, None)]


def _details(asking: Asking) -> dict[str, Any]:
    return {"request_id": asking.request_id, "summary": _summary(asking)}


def _summary(asking: Asking, more: int = 0) -> str:
    until = asking.expires_at.astimezone(SPAIN).date()
    return render("confirm_acceptance.md.j2", asking=asking, until=until, more=more)


def _show(dispatcher: CollectingDispatcher, asking: Asking, reference: str, more: int = 0) -> Events:
    dispatcher.utter_message(text=_summary(asking, more), buttons=buttons(*YES_OR_NO))
    return [SlotSet(PROPOSAL, reference)]


def _gone(dispatcher: CollectingDispatcher) -> Events:
    dispatcher.utter_message(response="utter_operation_gone")
    return [SlotSet(PROPOSAL, None)]
