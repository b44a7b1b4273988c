"""Yes and no. What changes something is shown first, confirmed by the very next message, and applied once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.texts import buttons, render
from actions.visit import WAITING_REQUEST, CustomerAreaAction, Events, Visit, ask_to_sign_in, text_of, turn_of
from bot.accounts.model import NotAllowed, NotFound
from bot.identity.operations import Gone, Pending, SignInTooOld, cancel, cancel_here, look, propose, take
from bot.identity.sessions import session_of
from bot.turn import Turn

PROPOSAL = "proposal"
SIGNED_IN = "signed_in"
READ_LATER = "rest:"
YES_OR_NO = ("confirm", "leave")

_DO_IT = re.compile(
    r"\b(?:s[ií]|hazl\w|hacedl\w|haz|adelante|dale|venga|claro|p[ií]del\w|tram[ií]tal\w)(?!\w)", re.IGNORECASE
)

Begin = Callable[[CollectingDispatcher, Tracker], Events]
OFFERED: dict[str, Begin] = {}
"""What a yes begins right after an answer whose first button offers it, by the payload of that button."""

Apply = Callable[[Visit, dict[str, Any]], Events]
APPLY: dict[str, Apply] = {}
"""How each kind of operation is applied; `actions.area` fills it."""

AnswerYes = Callable[[Turn, CollectingDispatcher, Tracker, bool], Events | None]
OF_NO_AGENCY: list[AnswerYes] = []
"""Who takes a yes first that is given for no agency, after a sign-in or not; None where it is none. `actions.area` fills it."""


def ask_for_yes(visit: Visit, kind: str, details: dict[str, Any], template: str, summary: dict[str, Any]) -> Events:
    """Write an operation down and show what it would do. It is bound to the agency that the person acts for now."""
    text = render(template, **summary)
    bound = details | {"agency_id": visit.viewer.agency_id, "summary": text}
    reference = propose(visit.connection, visit.session, kind, bound, visit.turn.now)
    visit.dispatcher.utter_message(text=text, buttons=buttons(*YES_OR_NO))
    return [SlotSet(PROPOSAL, reference)]


class ActionAffirm(CustomerAreaAction):
    """A yes: applies what was shown just before it. Any other yes is only polite."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_affirm"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Without anything that waits for a yes, none of the customer area is touched: what was just offered is begun."""
        if not tracker.get_slot(PROPOSAL):
            begin = OFFERED.get(_offered_last(tracker)) if _DO_IT.search(text_of(tracker)) else None
            if begin is not None:
                return begin(dispatcher, tracker)
            dispatcher.utter_message(response="utter_affirm")
            return []
        return super().run(dispatcher, tracker, domain)

    def answer_request(
        self, turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, after_sign_in: bool = False
    ) -> Events:
        """What a client decides about itself needs no agency, nor a sign-in where a mailed code was typed."""
        for answer_yes in OF_NO_AGENCY:
            answered = answer_yes(turn, dispatcher, tracker, after_sign_in)
            if answered is not None:
                return answered
        return super().answer_request(turn, dispatcher, tracker, text, after_sign_in)

    def answer(self, visit: Visit) -> Events:
        """Apply it, if this yes is the answer to it; else show it again."""
        reference = str(visit.tracker.get_slot(PROPOSAL) or "")
        pending = look(visit.connection, visit.session, reference, visit.turn.now)
        if pending is None or pending.details.get("agency_id") != visit.viewer.agency_id:
            visit.say("utter_operation_gone")
            return [SlotSet(PROPOSAL, None)]
        if not visit.after_sign_in and not was_just_asked(visit.tracker, visit.turn.address):
            visit.dispatcher.utter_message(text=str(pending.details["summary"]), buttons=buttons(*YES_OR_NO))
            return [SlotSet(PROPOSAL, reference)]
        return _apply(visit, pending)


def _apply(visit: Visit, pending: Pending) -> Events:
    try:
        take(visit.connection, visit.session, pending.reference, visit.turn.now)
        return [SlotSet(PROPOSAL, None), *APPLY[pending.kind](visit, pending.details)]
    except SignInTooOld:
        ask_to_sign_in(visit.turn, visit.dispatcher, "utter_sign_in_again")
        waiting = {"action": "action_affirm", "text": visit.text, "person": visit.session.person_id}
        return [SlotSet(WAITING_REQUEST, waiting)]
    except Gone:
        visit.say("utter_operation_gone")
    except NotAllowed:
        visit.say("utter_read_only")
    except NotFound:
        visit.say("utter_not_found")
    return [SlotSet(PROPOSAL, None)]


class ActionDeny(Action):
    """A no: what waited for a yes is cancelled."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_deny"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Cancel it, or answer a no that is only a no."""
        if not tracker.get_slot(PROPOSAL):
            dispatcher.utter_message(response="utter_deny")
            return []
        with turn_of(tracker) as turn:
            session = session_of(turn.connection, turn.address, turn.now)
            cancel_here(turn.connection, turn.address, turn.now)
            if session is not None:
                cancel(turn.connection, session, turn.now)
        dispatcher.utter_message(response="utter_not_confirmed")
        return [SlotSet(PROPOSAL, None)]


def was_just_asked(tracker: Tracker, address: str) -> bool:
    """Whether the yes was asked for between the person's last message and this one, and the person has read it.

    What is said because of an event (a sign-in) is pushed to a chat, but a caller of the REST channel reads it only with
    the answer to the next message, which therefore confirms nothing.
    """
    said = [index for index, event in enumerate(tracker.events) if event.get("event") == "user"]
    if len(said) < 2:
        return False
    before, now = said[-2:]
    asked = [event for event in tracker.events[before:now] if event.get("name") == PROPOSAL]
    is_unread = _is_event(tracker.events[before]) and address.startswith(READ_LATER)
    return bool(asked) and asked[-1].get("value") is not None and not is_unread


def _offered_last(tracker: Tracker) -> str:
    """The payload of the first button of what was said last before this message; "" where there was none."""
    said: dict[str, Any] = next((event for event in reversed(tracker.events) if event.get("event") == "bot"), {})
    offered = (said.get("data") or {}).get("buttons") or [{}]
    return str(offered[0].get("payload") or "")


def _is_event(said: dict[str, Any]) -> bool:
    """Whether a message of the dialogue is an event of the system; people cannot have that intent."""
    intent = (said.get("parse_data") or {}).get("intent") or {}
    return intent.get("name") == SIGNED_IN
