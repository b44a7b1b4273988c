"""The dialogue in which somebody complains, leaves a question, brings a registration up to date or cancels a procedure.

It is a Rasa form with a single question that is never answered, as that of contacts is: what somebody tells in their own
words reaches it whatever the model takes it for, in as many messages as they like, and what was said may be corrected
until the yes. Who is not signed in can do it too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.confirmation import PROPOSAL
from actions.forms import PROCEDURE_FORM, REQUESTED_SLOT
from actions.procedure_draft import DRAFT, NOBODY, Draft, Part
from actions.procedure_sending import client_named, send, show_summary
from actions.texts import render
from actions.visit import Events, day_of, text_of, turn_of
from bot.identity.sessions import session_of
from bot.procedures.model import Kind
from bot.questions.request import (
    Request,
    adds_something,
    asks_for_something,
    is_called_off,
    is_go_ahead,
    is_short_question,
    own_text,
    read_request,
    word_count,
)
from bot.turn import Turn

_EVENTS = frozenset({"signed_in", "procedure_changed"})
_COMMANDS = frozenset(
    {
        *("cancel", "go_back", "start_over", "sign_in", "sign_out", "who_am_i", "human_request", "procedures_track"),
        *("code_given", "bot_challenge", "capabilities", "greet", "thanks", "goodbye", "registration_check"),
    }
)
"""Topics that are meant for the assistant, not for the text, when the message is short."""
_NEVER_TOLD = frozenset({"how_long"})
"""Topics known by their form, which are no part of what somebody tells."""
_WAYS_OUT = frozenset({"cancel", "human_request", "start_over"})
_URGENT = frozenset({"gas_smell"})
_OWN = frozenset(
    {
        *("complaint", "leave_question", "registration_update", "nlu_fallback", "out_of_scope", "insult", "affirm"),
        *("deny", "follow_up", "identifier_given"),
    }
)
"""Topics that the model takes somebody's own words for."""
_SURE = 0.8
_SHORT_COMMAND, _SHORT_WAY_OUT, _SHORT_MAILBOX, _SHORT_ANSWER = 5, 6, 10, 4


class ValidateProcedureForm(Action):
    """Reads a message for the draft; gives the turn to the rule of the message's topic when it brings nothing."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "validate_procedure_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """The draft with what the message says, or its end. Rasa calls it again when it comes back from another answer."""
        draft = Draft.of(tracker.get_slot(DRAFT))
        if not tracker.get_slot(REQUESTED_SLOT) or draft is None or _came_back(tracker):
            return []
        with turn_of(tracker) as turn:
            mine = draft.for_person(_person_here(turn))
            if mine is None or intent_of(tracker) in _EVENTS:
                return []
            return _heard(turn, dispatcher, tracker, mine)


class ActionAskProcedureNext(Action):
    """Asks for what is missing, or shows what would be sent."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_ask_procedure_next"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """One question. The form ends without a word where the draft is another's, or something else was wanted instead."""
        draft = Draft.of(tracker.get_slot(DRAFT))
        if draft is None or _waits_for_another_yes(tracker) or (draft.cancels and _is_left_undecided(tracker)):
            return PROCEDURE_FORM.leave()
        with turn_of(tracker) as turn:
            mine = draft.for_person(_person_here(turn))
            return PROCEDURE_FORM.leave() if mine is None else _ask(turn, dispatcher, mine)


def begin(draft: Draft) -> Events:
    """Events that open the form with a draft; it asks by itself for what is missing."""
    return [SlotSet(DRAFT, draft.as_json()), SlotSet(REQUESTED_SLOT, None), ActiveLoop(PROCEDURE_FORM.name)]


def request_of(turn: Turn, text: str, asks: Part | None = None) -> Request:
    """What a message says, read in the light of what was asked."""
    is_number, is_name = asks in (Part.IDENTIFIER, Part.CIF), asks is Part.NAME
    return read_request(text, day_of(turn), expects_identifier=is_number, expects_name=is_name)


def told(draft: Draft, said: Request) -> Draft:
    """The draft with the identifiers, the name and the e-mail of a message, which also correct what was said before."""
    changed: dict[str, Any] = {"email": said.email} if said.email else {}
    if not draft.takes_words and not draft.cancels:
        found = {"identifier": said.identifier, "cif": said.cif, "name": said.name}
        changed |= {part: value for part, value in found.items() if value}
    return replace(draft, **changed)


def intent_of(tracker: Tracker) -> str:
    """What the model takes the message for."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def _heard(turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, draft: Draft) -> Events:
    text, intent = text_of(tracker), intent_of(tracker)
    if intent == "go_back" and not is_called_off(text):
        return _keep(draft.before())
    if intent in _NEVER_TOLD:
        return []
    said = request_of(turn, text, draft.asks)
    brings = said.email or said.identifier or said.cif
    is_answer = intent in ("affirm", "deny") and word_count(text) <= _SHORT_ANSWER and not brings
    if draft.asks is Part.CONFIRM and ((is_answer and intent == "affirm") or is_go_ahead(text)):
        return [*PROCEDURE_FORM.leave(), *send(turn, dispatcher, draft)]
    is_no = (is_answer and intent == "deny") or is_called_off(text)
    if is_no or (intent == "procedure_cancel" and draft.takes_words):
        dispatcher.utter_message(response="utter_procedure_not_sent")
        return PROCEDURE_FORM.leave()
    if draft.cancels:
        return []  # whoever says something else does not want to decide it now
    if draft.takes_words:
        return _heard_words(turn, dispatcher, tracker, draft, said)
    return _heard_data(dispatcher, tracker, draft, said)


def _heard_words(turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, draft: Draft, said: Request) -> Events:
    """A message of somebody who tells what happened, unless it is about something else."""
    text = text_of(tracker)
    after = told(draft, said)
    if draft.asks is Part.EMAIL and said.has_wrong_email:
        dispatcher.utter_message(response="utter_contact_problem_wrong_email")
        return _keep(draft)
    if said.email and said.own_words <= _SHORT_MAILBOX and (draft.text or not said.has_own_words):
        return _keep(after)
    if is_go_ahead(text):
        return _keep(after)
    if _is_about_else(tracker, draft, said):
        return []
    more = after.with_words(own_text(text))
    if more is None:
        dispatcher.utter_message(response="utter_procedure_text_full")
        return _keep(after)
    return _keep(replace(more, client=more.client or client_named(turn, text)))


def _heard_data(dispatcher: CollectingDispatcher, tracker: Tracker, draft: Draft, said: Request) -> Events:
    """A message that answers a question for an identifier, a name or an e-mail, or corrects one."""
    after = told(draft, said)
    is_named = draft.asks is Part.NAME and said.name
    if said.identifier or said.cif or said.email or is_named:
        if not is_named and draft.name and not said.identifier:
            after = replace(after, name=draft.name)
        return _keep(after)
    if draft.asks in (Part.IDENTIFIER, Part.CIF) and said.wrong:
        kind = said.wrong.problem or said.wrong.kind
        dispatcher.utter_message(response=f"utter_identifier_{kind}", identifier=said.wrong.value)
        return _keep(draft)
    if draft.asks is Part.EMAIL and said.has_wrong_email:
        dispatcher.utter_message(response="utter_contact_problem_wrong_email")
        return _keep(draft)
    is_unsure = intent_of(tracker) in _OWN - {"complaint", "leave_question"} or _confidence(tracker) < _SURE
    if said.name and draft.asks is Part.CONFIRM and is_unsure:
        return _keep(after)
    return _keep(draft) if is_unsure and intent_of(tracker) not in ("nlu_fallback", "out_of_scope") else []


def _is_about_else(tracker: Tracker, draft: Draft, said: Request) -> bool:
    """Whether a message is no part of what somebody tells: a command, a question to the assistant, a danger."""
    intent, length = intent_of(tracker), word_count(text_of(tracker))
    if intent in _URGENT:
        return True
    if intent in _COMMANDS:
        is_plain = length <= _SHORT_COMMAND and not said.has_own_words
        return is_plain or (intent in _WAYS_OUT and length <= _SHORT_WAY_OUT and _confidence(tracker) >= _SURE)
    text = text_of(tracker)
    if intent == "complaint":
        return said.asks_how and is_short_question(text)
    is_the_question = draft.kind == Kind.QUESTION and draft.asks is Part.TEXT
    if intent in _OWN or _confidence(tracker) < _SURE or is_the_question:
        return False
    return not adds_something(text) and (is_short_question(text) or asks_for_something(text))


def _ask(turn: Turn, dispatcher: CollectingDispatcher, draft: Draft) -> Events:
    if draft.asks is Part.CONFIRM:
        return show_summary(turn, dispatcher, draft) or PROCEDURE_FORM.leave()
    dispatcher.utter_message(text=render("ask_procedure.md.j2", draft=draft, asks=draft.asks.value))
    return _keep(draft)


def _keep(draft: Draft) -> Events:
    return [SlotSet(DRAFT, draft.as_json())]


def _person_here(turn: Turn) -> int:
    session = session_of(turn.connection, turn.address, turn.now)
    return session.person_id if session else NOBODY


def _confidence(tracker: Tracker) -> float:
    return float((tracker.latest_message.get("intent") or {}).get("confidence") or 0.0)


def _came_back(tracker: Tracker) -> bool:
    return any(
        event.get("event") == "action_execution_rejected" and event.get("name") == PROCEDURE_FORM.name
        for event in _since_message(tracker)
    )


def _is_left_undecided(tracker: Tracker) -> bool:
    """Whether another answer was given in place of one to this draft, and no new draft was begun by it."""
    since = _since_message(tracker)
    rejected = [place for place, event in enumerate(since) if event.get("event") == "action_execution_rejected"]
    return bool(rejected) and not any(event.get("name") == DRAFT for event in since[rejected[-1] :])


def _waits_for_another_yes(tracker: Tracker) -> bool:
    return any(event.get("name") == PROPOSAL and event.get("value") for event in _since_message(tracker))


def _since_message(tracker: Tracker) -> list[dict[str, Any]]:
    """What has happened since the person's message."""
    events = list(tracker.events)
    said = [place for place, event in enumerate(events) if event.get("event") == "user"]
    return events[said[-1] + 1 :] if said else events
