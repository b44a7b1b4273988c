"""The dialogue that authorizes a contact: every message is read for all that it brings; one thing is asked at a time.

It is a Rasa form with a single question that is never answered, so that short answers ("Marta Ruiz", "total") reach it
whatever the model takes them for, a question in the middle is answered by its rule, and a correction may come at any time,
also after the summary. It ends by a yes, a no or "cancelar".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.confirmation import PROPOSAL
from actions.contact_draft import CONFIRM, DRAFT, MANAGER_KIND, SURNAMES, Draft, Purpose
from actions.contact_steps import ask_next
from actions.forms import CONTACT_FORM, REQUESTED_SLOT, Form
from actions.places import at_place
from actions.visit import (
    NEEDED_TO_DO,
    WAITING_REQUEST,
    Events,
    Visit,
    ask_to_sign_in,
    day_of,
    text_of,
    turn_of,
    visit_of,
)
from bot.identity.operations import cancel
from bot.identity.sessions import session_of
from bot.questions.authorization import Authorization, Part, read_authorization
from bot.questions.model import Question
from bot.questions.reading import read

BEGUN_BY = {
    Purpose.CONTACT: "action_contacts_add",
    Purpose.MANAGER: "action_manager_add",
    Purpose.REPRESENTATIVE: "action_representative_change",
}
"""The actions that open the form, and open it again after a sign-in."""

_ANSWERS = frozenset(
    {
        *("contacts_add", "contacts_change_role", "contacts_roles", "affirm", "deny", "follow_up", "identifier_given"),
        *("contact_details", "invited_data", "invited_email", "nlu_fallback", "out_of_scope", "code_given"),
        *("clients_view", "contacts_deactivate", "contacts_reactivate", "near_supply_changes", "near_tax_advice"),
        *("near_tariffs", "near_meter_reading", "representative_change", "representative_change_unregistered"),
        *("representative_what", "manager_add", "manager_what", "manager_delegates", "contacts_who_can"),
    }
)
"""Topics that the model may take an answer for; what is surely about another topic is no answer."""
_NEVER_ANSWERS = frozenset(
    {
        *("cancel", "go_back", "start_over", "signed_in", "sign_in", "sign_out", "human_request"),
        *("documents_arrived", "documents_paper", "how_long"),
    }
)
_SURE = 0.8


class ValidateContactForm(Action):
    """Reads a message for the draft; gives the turn to the rule of the message's topic when it brings nothing."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "validate_contact_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """The draft with what the message says. Rasa calls it again when it comes back from another answer."""
        if not tracker.get_slot(REQUESTED_SLOT) or since_message(
            tracker, "action_execution_rejected", CONTACT_FORM.name
        ):
            return []
        with turn_of(tracker) as turn:
            saved = tracker.get_slot(DRAFT)
            draft = Draft.of(saved, saved["person"] if isinstance(saved, dict) else 0)
            said = read_authorization(text_of(tracker), day_of(turn), expected=_part(draft.asks))
            if draft.asks == CONFIRM and intent_of(tracker) == "deny" and not said.says_anything:
                session = session_of(turn.connection, turn.address, turn.now)
                if session is not None:
                    cancel(turn.connection, session, turn.now)
                dispatcher.utter_message(response="utter_not_confirmed")
                return CONTACT_FORM.leave()
            chosen = _chosen(draft, read(text_of(tracker), day_of(turn)))
            if chosen is not None:
                return [SlotSet(DRAFT, chosen.as_json())]
            is_answer = draft.person and _is_answer(tracker, draft, said)
            return [SlotSet(DRAFT, draft.told(said).as_json())] if is_answer else []


class AskNext(Action, ABC):
    """Asks for what is missing of a draft, or shows what would be done; a form of one question that is never answered."""

    form: Form
    draft: str
    """The slot that holds the draft, which is one person's."""

    @abstractmethod
    def begun_by(self, saved: dict[str, Any]) -> str:
        """The action that opens the form again after a sign-in."""

    @abstractmethod
    def ask_next(self, visit: Visit, saved: object) -> Events:
        """One question, or the summary."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """One question. The form ends without a word when something else waits for a yes or nobody is signed in any more."""
        if since_message(tracker, "slot", PROPOSAL, set_to_something=True):
            return [SlotSet(self.draft, None), SlotSet(REQUESTED_SLOT, None), ActiveLoop(None)]
        if since_message(tracker, "slot", WAITING_REQUEST, set_to_something=True):
            return []
        with turn_of(tracker) as turn:
            visit = visit_of(turn, dispatcher, tracker, text_of(tracker))
            saved = tracker.get_slot(self.draft)
            if visit is None:
                if since_message(tracker, "action_execution_rejected", self.form.name) or saved is None:
                    return self.form.leave()
                waiting = SlotSet(WAITING_REQUEST, {"action": self.begun_by(saved), "text": ""})
                ask_to_sign_in(turn, dispatcher, NEEDED_TO_DO)
                return [waiting, SlotSet(REQUESTED_SLOT, None), ActiveLoop(None)]
            if isinstance(saved, dict) and saved.get("person") != visit.session.person_id:
                return self.form.leave()
            return self.ask_next(visit, saved)


class ActionAskContactNext(AskNext):
    """Goes on with the contact that is being authorized."""

    form, draft = CONTACT_FORM, DRAFT

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_ask_contact_next"

    def begun_by(self, saved: dict[str, Any]) -> str:
        """By what it is for."""
        return BEGUN_BY[Purpose(saved.get("purpose", Purpose.CONTACT))]

    def ask_next(self, visit: Visit, saved: object) -> Events:
        """One question, or the summary."""
        return ask_next(visit, Draft.of(saved, visit.session.person_id))


def _chosen(draft: Draft, said: Question) -> Draft | None:
    """The draft with the client whose place in the offered list was said; None when none was."""
    client_id = at_place(draft.offered, said.ordinals)
    if client_id is None:
        return None
    ids = (*(draft.client_ids or ()), client_id)
    return replace(draft, clients=draft.clients[1:], client_ids=ids, offered=())


def _is_answer(tracker: Tracker, draft: Draft, said: Authorization) -> bool:
    """Whether a message is meant for the draft: it brings an identifier or an e-mail, or what was asked for."""
    intent, sure = intent_of(tracker), _confidence(tracker) >= _SURE
    if not said.says_anything or intent in _NEVER_ANSWERS:
        return False
    if said.identifier or said.email:
        return True
    if said.is_question:
        return False
    if intent in _ANSWERS or said.stands_alone:
        return draft.told(said) != draft
    return not sure and draft.told(said) != draft and _says_what_is_asked(draft, said)


def _says_what_is_asked(draft: Draft, said: Authorization) -> bool:
    asked = {Part.NAME: said.name.whole, SURNAMES: said.name.whole, Part.ROLE: said.role, Part.CLIENTS: said.clients}
    if draft.asks == MANAGER_KIND:
        return said.manager_kind is not None
    return bool(asked.get(draft.asks)) or (draft.asks == Part.UNTIL and bool(said.until or said.is_endless))


def _part(asks: str) -> Part | None:
    if asks in (CONFIRM, MANAGER_KIND):
        return None
    return Part.NAME if asks == SURNAMES else Part(asks)


def since_message(tracker: Tracker, event: str, name: str, *, set_to_something: bool = False) -> bool:
    """Whether something happened since the person's message."""
    for one in reversed(tracker.events):
        if one.get("event") == "user":
            return False
        if one.get("event") == event and one.get("name") == name and (one.get("value") or not set_to_something):
            return True
    return False


def intent_of(tracker: Tracker) -> str:
    """The topic that the model takes the person's message for."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def _confidence(tracker: Tracker) -> float:
    return float((tracker.latest_message.get("intent") or {}).get("confidence") or 0.0)
