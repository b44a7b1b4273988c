"""The topics of authorized contacts: each explains how it is done to anybody, and does it for who may."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.contact_draft import DRAFT, Draft, Purpose
from actions.contact_list import CONTACTS, Wish, answer, is_about_contact, list_those_of_client
from actions.contact_steps import refusal_of
from actions.forms import CONTACT_FORM
from actions.texts import buttons
from actions.visit import NEEDED, NEEDED_TO_DO, CustomerAreaAction, Events, Visit, day_of
from bot.accounts.model import NotAllowed
from bot.questions.authorization import Authorization, contact_meant, read_authorization
from bot.questions.model import Question
from bot.questions.model import Wish as Asks
from bot.questions.powers import find_manager
from bot.questions.reading import read
from bot.turn import Turn

_HOW = re.compile(r"\b(?:c[oó]mo|com|d[oó]nde|pasos|procedimiento|se pued\w+|puedo|how)\b", re.IGNORECASE)
_REPRESENTATIVE = re.compile(
    r"\b(?:como|nuev[oa]|ser|sea|hazl[oa]|cambi\w+ (?:el |la |de )?|otr[oa]) representante\b", re.IGNORECASE
)
START, START_MANAGER, START_REPRESENTATIVE = "authorize", "register_manager", "change_representative"


class ContactTopic(CustomerAreaAction):
    """A topic of contacts: who only asks how it is done is told so, and so is a stranger who names nobody."""

    response: str
    offers: Sequence[str] = ()
    """Names of the buttons below the explanation."""

    def explains(
        self, turn: Turn, dispatcher: CollectingDispatcher, text: str, question: Question, is_signed_in: bool
    ) -> bool:
        """Explain what is no request."""
        if self.is_request(turn, text, is_signed_in):
            return False
        dispatcher.utter_message(response=self.response, buttons=buttons(*self.offers))
        return True

    def sign_in_needed(self, question: Question) -> str:
        """Rights are changed, unless a topic says otherwise."""
        return NEEDED_TO_DO

    def is_request(self, turn: Turn, text: str, is_signed_in: bool) -> bool:
        """Whether it is to be done now."""
        return contact_meant(text, day_of(turn)).is_sure or (is_signed_in and not _HOW.search(text))


class ActionContactsAdd(ContactTopic):
    """Begins to authorize somebody, with all that the first message says; the form asks for the rest."""

    response = "utter_contacts_add"
    offers = (START,)

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_contacts_add"

    def is_request(self, turn: Turn, text: str, is_signed_in: bool) -> bool:
        """Somebody is named, or a person of the agency wants it."""
        said = read_authorization(text, day_of(turn))
        if said.identifier or said.email or text.strip() == buttons(START)[0]["title"]:
            return True
        return not said.asks_how and (bool(said.name.whole) or (is_signed_in and not said.is_question))

    def answer(self, visit: Visit) -> Events:
        """Open the form, unless this person may authorize nobody."""
        said = read_authorization(visit.text, visit.today)
        if said.may_authorize is not None and not (said.identifier or said.email) and is_about_contact(visit):
            return answer(visit, Wish.POWER)
        return begin_draft(visit, _purpose_of(visit.text), said)


class ActionManagerAdd(ContactTopic):
    """Begins to register an external manager; the form asks for the rest, and a procedure for the papers."""

    response = "utter_manager_add"
    offers = (START_MANAGER,)

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_manager_add"

    def is_request(self, turn: Turn, text: str, is_signed_in: bool) -> bool:
        """Somebody is named with their data, or a person of the agency wants it."""
        return _is_request(turn, text, is_signed_in, START_MANAGER)

    def answer(self, visit: Visit) -> Events:
        """Open the form, unless this person may register nobody."""
        return begin_draft(visit, Purpose.MANAGER, read_authorization(visit.text, visit.today))


class ActionRepresentativeChange(ContactTopic):
    """Begins to put somebody in the place of the representative who asks."""

    response = "utter_representative_change"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_representative_change"

    def is_request(self, turn: Turn, text: str, is_signed_in: bool) -> bool:
        """Somebody is named with their data, or a person of the agency wants it."""
        return _is_request(turn, text, is_signed_in, START_REPRESENTATIVE)

    def answer(self, visit: Visit) -> Events:
        """Open the form, with the contact that was shown where "cambiar representante" follows one."""
        said = read_authorization(visit.text, visit.today)
        chosen = list(visit.shown.get("ids") or []) if visit.shown.get("kind") == CONTACTS else []
        known = int(chosen[0]) if len(chosen) == 1 and not said.names_somebody else 0
        return begin_draft(visit, Purpose.REPRESENTATIVE, said, known)


def begin_draft(visit: Visit, purpose: Purpose, said: Authorization, known: int = 0) -> Events:
    """Open the form for that purpose with what was said, or go on with the draft that waited for a sign-in."""
    refusal = refusal_of(visit.viewer, purpose)
    if refusal is not None:
        visit.say(refusal)
        return []
    draft = Draft.of(visit.tracker.get_slot(DRAFT), visit.session.person_id)
    if draft.purpose != purpose:
        draft = Draft(visit.session.person_id, purpose=purpose)
    draft = replace(draft.told(said), known=known or draft.known)
    return [SlotSet(DRAFT, draft.as_json()), ActiveLoop(CONTACT_FORM.name)]


def _purpose_of(text: str) -> Purpose:
    """What somebody is named for, from the words alone: with a name and a NIF in it a sentence looks like any other."""
    if find_manager(text)[1]:
        return Purpose.MANAGER
    return Purpose.REPRESENTATIVE if _REPRESENTATIVE.search(text) else Purpose.CONTACT


def _is_request(turn: Turn, text: str, is_signed_in: bool, button: str) -> bool:
    said = read_authorization(text, day_of(turn))
    if said.identifier or said.email or text.strip() == buttons(button)[0]["title"]:
        return True
    return is_signed_in and not said.asks_how and not said.is_question


class ActionContactsList(ContactTopic):
    """Who may act for the agency, or who sees a client."""

    response = "utter_contacts_list"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_contacts_list"

    def sign_in_needed(self, question: Question) -> str:
        """They are only shown."""
        return NEEDED

    def is_request(self, turn: Turn, text: str, is_signed_in: bool) -> bool:
        """Who is signed in is shown them at once, however it is asked."""
        return is_signed_in or read(text, day_of(turn)).wish is not Asks.HOW

    def answer(self, visit: Visit) -> Events:
        """The list; one contact in detail when one is named."""
        said: Authorization = read_authorization(visit.text, visit.today)
        if not said.clients:
            return answer(_without_list(visit), Wish.OPEN)
        try:
            return list_those_of_client(visit, said.clients[0])
        except NotAllowed:
            visit.say("utter_contacts_limited")
            return []


class ActionContactsChangeRole(ContactTopic):
    """Another role, or another last day."""

    response = "utter_contacts_change_role"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_contacts_change_role"

    def answer(self, visit: Visit) -> Events:
        """Ask for the yes, or for whom it is."""
        return _change(visit, Wish.ROLE)


class ActionContactsDeactivate(ContactTopic):
    """The end of a contact's right."""

    response = "utter_contacts_deactivate"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_contacts_deactivate"

    def answer(self, visit: Visit) -> Events:
        """Ask for the yes, or for whom it is."""
        return _change(visit, Wish.DEACTIVATE)


class ActionContactsReactivate(ContactTopic):
    """A former contact's right again."""

    response = "utter_contacts_reactivate"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_contacts_reactivate"

    def answer(self, visit: Visit) -> Events:
        """Ask for the yes, or for whom it is."""
        return _change(visit, Wish.REACTIVATE)


def _change(visit: Visit, wish: Wish) -> Events:
    if not visit.viewer.may_change_contacts:
        visit.say("utter_contacts_no_right")
        return []
    return answer(visit, wish)


def _without_list(visit: Visit) -> Visit:
    """A question for the whole list does not mean the one contact that was shown before."""
    visit.shown = {} if not visit.question.ordinals else visit.shown
    return visit
