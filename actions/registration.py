"""Was the account registered with NIF or CIF? Answered from the form of the identifier alone, nothing is looked up."""

from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.contact_form import since_message
from actions.forms import ALLOWED_FAILURES, FAILURES, REGISTRATION_FORM, REQUESTED_SLOT
from actions.procedures import begin_registration_update, wants_registration_update
from actions.registration_check import LOOKUP
from actions.visit import WAITING_REQUEST, turn_of, who_is_here
from bot.identity.identifiers import Identifier, Kind, find_identifiers
from bot.identity.representation import still_represents

_IDENTIFIER, _STILL_REPRESENTATIVE = REGISTRATION_FORM.questions
_KIND = "registration_kind"

_KIND_OF_INTENT = {"registered_with_cif": Kind.CIF, "registered_with_nif": Kind.NIF}
_NO_ANSWER = frozenset(
    {
        *("nlu_fallback", "out_of_scope", "identifier_given", "registered_unknown", "affirm", "deny"),
        *("near_meter_reading", "near_tariffs", "near_tax_advice", "near_supply_changes"),
    }
)
"""Intents of a message that neither answers the form's question nor asks one that a rule answers."""

Slots = dict[str, Any]
Events = list[dict[str, Any]]


class ValidateRegistrationForm(FormValidationAction):
    """Reads the answers of the registration form.

    An `extract_` method that returns nothing makes Rasa leave the turn to the rule of the message's intent, after which
    the form asks its question again. It has to come to the same result when it is called twice in a turn.
    """

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "validate_registration_form"

    def domain_slots(self, domain: dict[str, Any]) -> list[str]:
        """All that the form may ask for, known without the domain, which need not travel with every call."""
        return list(REGISTRATION_FORM.questions)

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Read the message; at the start of the form first forget what an earlier one, ended half way, left behind."""
        if _is_of_no_use(tracker):
            return REGISTRATION_FORM.leave()
        if tracker.get_slot(REQUESTED_SLOT):
            return list(await super().run(dispatcher, tracker, domain))
        forgotten = REGISTRATION_FORM.clear()
        tracker.slots.update({event["name"]: event["value"] for event in forgotten})
        return [*forgotten, *await super().run(dispatcher, tracker, domain)]

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        """What is still asked: the identifier first, and whether its person still represents only of a person."""
        if _failures(tracker) >= ALLOWED_FAILURES:
            return []
        kind = tracker.get_slot(_KIND)
        if kind is None:
            return [_IDENTIFIER]
        return [] if kind == Kind.CIF else [_STILL_REPRESENTATIVE]

    def extract_registration_identifier(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """The message, when it answers; at the start of the form only when it holds an identifier."""
        is_answer = _is_asked(tracker, _IDENTIFIER) and _intent(tracker) in {*_NO_ANSWER, *_KIND_OF_INTENT}
        return {_IDENTIFIER: _text(tracker)} if is_answer or _asked_identifier(tracker) else {}

    def validate_registration_identifier(
        self, text: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """The normalised identifier and its kind; a bad answer is told why and counted."""
        found = _asked_identifier(tracker)
        if found is None and _intent(tracker) in _KIND_OF_INTENT:
            return {_IDENTIFIER: None, _KIND: str(_KIND_OF_INTENT[_intent(tracker)])}
        if found is None and not _is_asked(tracker, _IDENTIFIER):
            return {_IDENTIFIER: None}
        refusal = _refusal(found)
        if found and not refusal:
            return {_IDENTIFIER: found.value, _KIND: str(found.kind)}
        return {_IDENTIFIER: None} | _refuse(dispatcher, tracker, refusal, identifier=found.value if found else "")

    def extract_still_representative(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Yes or no from the words, else from the intent; the message itself when it says neither."""
        if not _is_asked(tracker, _STILL_REPRESENTATIVE):
            return {}
        said = still_represents(_text(tracker))
        if said is not None:
            return {_STILL_REPRESENTATIVE: said}
        if _intent(tracker) in ("affirm", "deny"):
            return {_STILL_REPRESENTATIVE: _intent(tracker) == "affirm"}
        return {_STILL_REPRESENTATIVE: _text(tracker)} if _intent(tracker) in _NO_ANSWER else {}

    def validate_still_representative(
        self, answer: bool | str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Yes or no as it was read; an answer that is neither is told so and counted."""
        if isinstance(answer, bool):
            return {_STILL_REPRESENTATIVE: answer}
        return {_STILL_REPRESENTATIVE: None} | _refuse(dispatcher, tracker, "utter_still_representative_unclear")


def _is_of_no_use(tracker: Tracker) -> bool:
    """Whether another answer was given whose sign-in, which was asked for or has happened, tells all that the form would find out."""
    if not since_message(tracker, "action_execution_rejected", REGISTRATION_FORM.name):
        return False
    if since_message(tracker, "slot", WAITING_REQUEST, set_to_something=True):
        return True
    with turn_of(tracker) as turn:
        return who_is_here(turn)[1] is not None


class ActionRegistrationResult(Action):
    """Says what follows from the answers of the registration form, then forgets them."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_registration_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Utter what follows and offer to check the account; empties the slots of the form."""
        dispatcher.utter_message(response=_result(tracker))
        return [*REGISTRATION_FORM.clear(), *_offer_check(dispatcher, tracker.get_slot(_IDENTIFIER))]


class ActionAnswerIdentifier(Action):
    """Answers a message with an identifier in it, or about the one that the account was registered with."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_answer_identifier"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Utter the answer; without an identifier in the message, what is known about its topic or what to write."""
        intent = _intent(tracker)
        with turn_of(tracker) as turn:
            if wants_registration_update(turn, _text(tracker)):
                return begin_registration_update(dispatcher, tracker)
        found = _best(find_identifiers(_text(tracker), expected=intent == "identifier_given"))
        if found:
            refusal, is_about_registration = _refusal(found), _is_about_registration(tracker)
            response = refusal or _answer(found, is_about_registration)
            dispatcher.utter_message(response=response, identifier=found.value)
            if is_about_registration and not refusal:
                return _offer_check(dispatcher, found.value)
        else:
            dispatcher.utter_message(response=f"utter_{intent}")
        return []


def _offer_check(dispatcher: CollectingDispatcher, identifier: str | None) -> Events:
    """What the form of an identifier says is told; what the account was registered with takes a mailed code."""
    if not identifier:
        return []
    dispatcher.utter_message(response="utter_registration_check_offered")
    return [SlotSet(LOOKUP, identifier)]


def _result(tracker: Tracker) -> str:
    if _failures(tracker) >= ALLOWED_FAILURES:
        return "utter_registration_gave_up"
    if tracker.get_slot(_KIND) == Kind.CIF:
        return "utter_registration_cif"
    return "utter_registration_nif_ok" if tracker.get_slot(_STILL_REPRESENTATIVE) else "utter_registration_nif_changed"


def _answer(found: Identifier, about_registration: bool) -> str:
    if not about_registration:
        return f"utter_identifier_kind_{found.kind}"
    return "utter_registration_cif" if found.kind is Kind.CIF else "utter_registered_with_nif"


def _refusal(found: Identifier | None) -> str:
    """The response that says why this cannot be what an account was registered with; empty when it can."""
    if found is None:
        return "utter_identifier_not_found"
    if found.kind in (Kind.CUPS, Kind.IBAN):
        return f"utter_identifier_{found.kind}"
    return f"utter_identifier_{found.problem}" if found.problem else ""


def _refuse(dispatcher: CollectingDispatcher, tracker: Tracker, response: str, **values: str) -> Slots:
    """Counts a bad answer and says why; after the last one only the end of the form speaks."""
    failures = _failures(tracker) + 1
    if failures < ALLOWED_FAILURES:
        dispatcher.utter_message(response=response, **values)
    return {FAILURES: failures}


def _asked_identifier(tracker: Tracker) -> Identifier | None:
    return _best(find_identifiers(_text(tracker), expected=_is_asked(tracker, _IDENTIFIER)))


def _best(found: tuple[Identifier, ...]) -> Identifier | None:
    """The first that can be answered, else the first of a person or company, else any."""
    ranked = sorted(found, key=lambda one: (one.kind in (Kind.CUPS, Kind.IBAN), one.problem is not None))
    return ranked[0] if ranked else None


def _is_about_registration(tracker: Tracker) -> bool:
    text = _text(tracker).lower()
    return _intent(tracker) in _KIND_OF_INTENT or "alta" in text.split() or "registr" in text


def _is_asked(tracker: Tracker, slot: str) -> bool:
    return bool(tracker.get_slot(REQUESTED_SLOT) == slot)


def _failures(tracker: Tracker) -> float:
    return float(tracker.get_slot(FAILURES) or 0)


def _text(tracker: Tracker) -> str:
    return str(tracker.latest_message.get("text") or "")


def _intent(tracker: Tracker) -> str:
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")
