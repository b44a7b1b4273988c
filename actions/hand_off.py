"""A person is asked for: what honestly happens is told, and the customer chooses how to be answered."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import FORMS, REQUESTED_SLOT, Form
from actions.procedure_draft import DRAFT, Draft
from actions.satisfaction import ask_about_person
from actions.texts import Link, buttons, masked, render
from actions.visit import Events, text_of, turn_of
from bot.desk import store
from bot.desk.model import Case, Choice, Reason, email_in, phone_in
from bot.desk.office import opening_in_words, read_office, wait_in_words
from bot.desk.rules import handed_over
from bot.desk.service import MAIL, PHONE, choose, open_case, place_of, stop_waiting
from bot.identity.masking import masked_email
from bot.procedures.model import Kind, Procedure
from bot.turn import Turn

PAUSED = "paused_form"
_UNSURE = "nlu_fallback"
_CHOICES = {"handoff_wait": Choice.WAIT, "handoff_call": Choice.CALL, "handoff_mail": Choice.MAIL}


class ActionHandOff(Action):
    """Puts the conversation into the queue of the desk. A form that is being filled waits."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_hand_off"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say place, wait and key, or when the office opens; offer the ways to be answered."""
        reason = _reason(tracker)
        with turn_of(tracker) as turn:
            hand_off(turn, dispatcher, reason, text_of(tracker))
        return pause_form(tracker)


class ActionHandOffChoice(Action):
    """What was chosen on the buttons of the hand-off."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_hand_off_choice"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Keep the choice and ask for what is missing; without a case that waits say so."""
        intent = str((tracker.latest_message.get("intent") or {}).get("name"))
        with turn_of(tracker) as turn:
            waiting = store.live_at(turn.connection, turn.address)
            if waiting is None:
                dispatcher.utter_message(response="utter_handoff_nobody_waited_for")
            elif intent in _CHOICES:
                _choose(turn, dispatcher, waiting, _CHOICES[intent], text_of(tracker))
            else:
                return stop_the_wait(turn, dispatcher, tracker, waiting)
        return []


class ActionHandedBack(Action):
    """The person has left: the assistant says that it is back, and the form that waited asks again."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_handed_back"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say so; go on with the form at the question where it stopped."""
        goes_on = bool(_paused_form(tracker) or tracker.active_loop_name)
        dispatcher.utter_message(response="utter_handed_back_to_form" if goes_on else "utter_handed_back")
        if not goes_on:
            with turn_of(tracker) as turn:
                ask_about_person(turn, dispatcher)
        return _resume_form(tracker)


def hand_off(turn: Turn, dispatcher: CollectingDispatcher, reason: Reason, text: str) -> None:
    """Open the case, or find the one that waits, and say how things stand."""
    opened, is_new = open_case(turn.connection, turn.area, turn.address, reason, turn.now)
    _say_how_it_stands(turn, dispatcher, opened, is_new, text)


def say_how_it_stands(turn: Turn, dispatcher: CollectingDispatcher, waiting: Case) -> None:
    """Tell who waits for a person their place and how long others have waited, or when the office opens."""
    _say_how_it_stands(turn, dispatcher, waiting, False, "")


def hand_over_by_rule(turn: Turn, dispatcher: CollectingDispatcher, sent: Procedure) -> None:
    """Give a request that was just sent to a person where the company wants it so; not who has or waits for one already."""
    if sent.kind not in handed_over(turn.company) or store.live_at(turn.connection, turn.address):
        return
    opened, _ = open_case(turn.connection, turn.area, turn.address, Reason.RULE, turn.now, sent)
    _say_how_it_stands(turn, dispatcher, opened, True, "")


def _say_how_it_stands(turn: Turn, dispatcher: CollectingDispatcher, opened: Case, is_new: bool, text: str) -> None:
    if phone_in(text):
        opened = choose(turn.connection, turn.area, opened, Choice.CALL, text, turn.now)
    place, office = place_of(turn.connection, opened, turn.now), read_office(turn.company)
    told = render(
        "handoff.md.j2",
        is_open=office.is_open(turn.now),
        is_new=is_new,
        reason=opened.reason.value,
        ahead=place.ahead,
        wait=wait_in_words(place.wait) if place.wait is not None else "",
        opens=opening_in_words(office.opens_at(turn.now), turn.now),
        asks_phone=opened.asking == PHONE,
        phone=opened.phone if opened.choice is Choice.CALL else "",
        key=opened.tracking_key,
        agency_phone=turn.company.get("agency_phone", ""),
        agency_phone_link=Link(turn.company.get("agency_phone_link", "")),
    )
    dispatcher.utter_message(text=told, buttons=buttons("handoff_wait", "handoff_call", "handoff_mail"))


def _choose(turn: Turn, dispatcher: CollectingDispatcher, waiting: Case, choice: Choice, text: str) -> None:
    chosen = choose(turn.connection, turn.area, waiting, choice, text, turn.now)
    if chosen.asking:
        response = {PHONE: "utter_handoff_ask_phone", MAIL: "utter_handoff_ask_mail"}[chosen.asking]
        dispatcher.utter_message(response=response)
    elif choice is Choice.WAIT:
        dispatcher.utter_message(response="utter_handoff_wait")
    else:
        response = {Choice.CALL: "utter_handoff_call", Choice.MAIL: "utter_handoff_mail"}[choice]
        # Whoever sits at the chat now need not be who was signed in: an address on record is not told in full.
        email = chosen.email if email_in(text) else masked(masked_email(chosen.email or ""))
        values = {"phone": chosen.phone, "email": email, "key": chosen.tracking_key}
        dispatcher.utter_message(response=response, **values)


def pause_form(tracker: Tracker) -> Events:
    """Take the active form out of the way with all that it knows; `action_handed_back` brings it back."""
    form = FORMS.get(tracker.active_loop_name or "")
    if form is None:
        return []
    slots = {name: tracker.get_slot(name) for name in (*form.questions, *form.derived)}
    paused = {"form": form.name, "question": tracker.get_slot(REQUESTED_SLOT), "slots": slots}
    return [SlotSet(PAUSED, paused), SlotSet(REQUESTED_SLOT, None), ActiveLoop(None)]


def stop_the_wait(turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, waiting: Case) -> Events:
    """Nobody need come any more: out of the queue, and on with the form that the hand-off took out of the way."""
    stop_waiting(turn.connection, turn.area, waiting, turn.now)
    if waiting.reason is Reason.RULE:
        dispatcher.utter_message(response="utter_handoff_stopped_request_goes_on", key=waiting.tracking_key)
    else:
        goes_on = bool(_paused_form(tracker) or tracker.active_loop_name)
        dispatcher.utter_message(response="utter_handoff_stopped_to_form" if goes_on else "utter_handoff_stopped")
    return _resume_form(tracker)


def _paused_form(tracker: Tracker) -> Form | None:
    paused = tracker.get_slot(PAUSED)
    return FORMS.get(paused.get("form", "")) if isinstance(paused, dict) else None


def _resume_form(tracker: Tracker) -> Events:
    """Bring the form that waits back at its question; one that was begun meanwhile is not disturbed."""
    form, paused = _paused_form(tracker), tracker.get_slot(PAUSED)
    if form is None or tracker.active_loop_name:
        return [SlotSet(PAUSED, None)]
    asked = [SlotSet(name, value) for name, value in paused.get("slots", {}).items()]
    question = SlotSet(REQUESTED_SLOT, paused.get("question"))
    return [SlotSet(PAUSED, None), *asked, ActiveLoop(form.name), question, FollowupAction(form.name)]


def _reason(tracker: Tracker) -> Reason:
    draft = Draft.of(tracker.get_slot(DRAFT))
    if draft is not None and draft.kind == Kind.COMPLAINT:
        return Reason.COMPLAINT
    return Reason.MISUNDERSTOOD if _was_unsure(tracker) else Reason.ASKED


def _was_unsure(tracker: Tracker) -> bool:
    """Whether the message before the latest one was not understood."""
    said = [event for event in tracker.events if event.get("event") == "user"][-2:-1]
    return any(((each.get("parse_data") or {}).get("intent") or {}).get("name") == _UNSURE for each in said)
