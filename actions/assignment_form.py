"""The dialogue in which an agency asks for a client: its identifier, and a contract or CUPS so that nobody fishes.

A Rasa form like that of contacts: one question that is never answered, every message read for all that it brings.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.confirmation import ask_for_yes
from actions.contact_form import AskNext, intent_of, since_message
from actions.contacts import ContactTopic
from actions.forms import ASSIGNMENT_FORM, REQUESTED_SLOT
from actions.hand_off import hand_over_by_rule
from actions.texts import buttons
from actions.visit import Events, Visit, text_of, turn_of
from bot.accounts.service import agency_of
from bot.assignments import service
from bot.assignments.model import Problem, Refused, Wanted
from bot.identity.identifiers import Kind, find_identifiers
from bot.identity.operations import cancel
from bot.identity.sessions import session_of
from bot.questions.model import Question
from bot.questions.model import Wish as Asks
from bot.turn import Turn

DRAFT = "assignment_draft"
ASSIGNMENT_ASK = "assignment_ask"
START = "assign_client"
IDENTIFIER, DATUM = "identifier", "datum"
_CONTRACT = re.compile(
    r"(?:contrato|n[uú]mero|n\.?º|num\.?)\s*(?:de contrato\s*)?(?:es\s*)?(?:el\s*)?(?:n\.?º\s*)?:?\s*"
    r"(?P<number>(?=[\w/-]*\d)[\w/-]{3,40})",
    re.IGNORECASE,
)
_ALONE = re.compile(r"^\W*(?:es )?(?:el )?(?P<number>(?=[\w/-]*\d)[\w/-]{3,40})\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of the client that is asked for; `person` is who asks: a draft is nobody else's. All of it is JSON."""

    person: int
    identifier: str = ""
    datum: str = ""

    @classmethod
    def of(cls, saved: object, person: int) -> Self:
        """The draft that a slot holds if it is this person's, else a new one."""
        return cls(**saved) if isinstance(saved, dict) and saved.get("person") == person else cls(person)

    @property
    def asks(self) -> str:
        """What is asked next, "" when nothing is missing."""
        return IDENTIFIER if not self.identifier else "" if self.datum else DATUM

    def told(self, text: str) -> Self:
        """The draft with what a message says, which also corrects what was said before."""
        found = find_identifiers(text, expected=self.asks == IDENTIFIER)
        cups = next((one.value for one in found if one.kind is Kind.CUPS), "")
        client = next((one.value for one in found if one.kind not in (Kind.CUPS, Kind.IBAN)), "")
        number = _CONTRACT.search(text) or (_ALONE.search(text) if self.asks == DATUM and not found else None)
        return replace(
            self,
            identifier=client or self.identifier,
            datum=cups or (number["number"] if number else "") or self.datum,
        )


class ActionClientsAssign(ContactTopic):
    """Begins to ask for a client, with all that the first message says; the form asks for the rest."""

    response = "utter_clients_assign"
    offers = (START,)

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_clients_assign"

    def explains(
        self, turn: Turn, dispatcher: CollectingDispatcher, text: str, question: Question, is_signed_in: bool
    ) -> bool:
        """Explain what only asks how it is done, to strangers whatever names no client by its number."""
        is_asked = bool(find_identifiers(text)) or text.strip() == buttons(START)[0]["title"]
        if is_asked or (is_signed_in and question.wish is not Asks.HOW and "?" not in text):
            return False
        dispatcher.utter_message(response=self.response, buttons=buttons(*self.offers))
        return True

    def answer(self, visit: Visit) -> Events:
        """Open the form, unless this person may ask for no client."""
        if not visit.viewer.may_change_account:
            visit.say("utter_assignment_problem_not_allowed")
            return []
        draft = Draft.of(visit.tracker.get_slot(DRAFT), visit.session.person_id).told(visit.text)
        return [SlotSet(DRAFT, asdict(draft)), ActiveLoop(ASSIGNMENT_FORM.name)]


class ValidateAssignmentForm(Action):
    """Reads a message for the draft; gives the turn to the rule of the message's topic when it brings nothing."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "validate_assignment_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """The draft with what the message says. Rasa calls it again when it comes back from another answer."""
        is_back = since_message(tracker, "action_execution_rejected", ASSIGNMENT_FORM.name)
        saved = tracker.get_slot(DRAFT)
        if not tracker.get_slot(REQUESTED_SLOT) or is_back or not isinstance(saved, dict):
            return []
        with turn_of(tracker) as turn:
            draft = Draft.of(saved, saved["person"])
            if not draft.asks and intent_of(tracker) == "deny":
                session = session_of(turn.connection, turn.address, turn.now)
                if session is not None:
                    cancel(turn.connection, session, turn.now)
                dispatcher.utter_message(response="utter_not_confirmed")
                return ASSIGNMENT_FORM.leave()
            told = draft.told(text_of(tracker))
            return [SlotSet(DRAFT, asdict(told))] if told != draft else []


class ActionAskAssignmentNext(AskNext):
    """Goes on with the client that is being asked for."""

    form, draft = ASSIGNMENT_FORM, DRAFT

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_ask_assignment_next"

    def begun_by(self, saved: dict[str, Any]) -> str:
        """The topic itself."""
        return "action_clients_assign"

    def ask_next(self, visit: Visit, saved: object) -> Events:
        """One question, or the summary."""
        return _ask_next(visit, Draft.of(saved, visit.session.person_id))


def apply_ask(visit: Visit, details: dict[str, Any]) -> Events:
    """Ask the client who was confirmed. Raises NotAllowed."""
    turn = visit.turn
    try:
        procedure = service.ask(turn.connection, turn.area, visit.session, Wanted.of(details), turn.now)
    except Refused as refused:
        visit.say(f"utter_assignment_problem_{refused.problem}")
        return ASSIGNMENT_FORM.leave()
    visit.about = ("procedure", str(procedure.id))
    visit.show("assignment_asked.md.j2", procedure=procedure, days=service.REQUEST_LIFETIME.days)
    hand_over_by_rule(turn, visit.dispatcher, procedure)
    return ASSIGNMENT_FORM.leave()


def _ask_next(visit: Visit, draft: Draft) -> Events:
    wanted = Wanted(draft.identifier, draft.datum)
    problem = service.check_wanted(visit.connection, visit.viewer, wanted, visit.turn.now) if draft.identifier else None
    if problem is not None:
        visit.say(f"utter_assignment_problem_{problem}")
        if problem is not Problem.WRONG_IDENTIFIER:
            return ASSIGNMENT_FORM.leave()
        return [SlotSet(DRAFT, asdict(replace(draft, identifier="")))]
    if draft.asks:
        visit.say(f"utter_ask_assignment_{draft.asks}")
        return [SlotSet(DRAFT, asdict(draft))]
    summary = {"wanted": wanted.tidy(), "agency": agency_of(visit.connection, visit.viewer)}
    details = wanted.as_details()
    return [
        SlotSet(DRAFT, asdict(draft)),
        *ask_for_yes(visit, ASSIGNMENT_ASK, details, "confirm_assignment.md.j2", summary),
    ]
