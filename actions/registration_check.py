"""What an account was really registered with: told to who is signed in, or who reads the mailbox on record."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.access import ActionSignedIn
from actions.procedure_status import CODE_FOR, OF_PROCEDURE, OF_REGISTRATION, check_code
from actions.visit import Events, text_of, turn_of, who_is_here
from bot.accounts.registration import Asking, ask, check
from bot.accounts.service import agencies_of, agency_of
from bot.identity.admission import let_in_chat
from bot.identity.codes import Outcome
from bot.identity.confirmations import Confirmation, confirm
from bot.identity.identifiers import find_identifiers
from bot.turn import Turn

LOOKUP = "lookup_identifier"
_ASKED_AGAIN = (Outcome.EXPIRED, Outcome.TOO_MANY)
"""Where another code may be wanted, which is asked for in another way for each of the two."""


class ActionRegistrationIntro(Action):
    """Begins the answer to "¿con qué estoy dado de alta?"."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_registration_intro"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Whoever is signed in learns it at once; others hear how it can be found out, unless they bring what is needed."""
        if tell_if_signed_in(dispatcher, tracker):
            return [FollowupAction("action_listen")]  # there is nothing left for the form to ask
        if not any(one.problem is None for one in find_identifiers(text_of(tracker))):
            dispatcher.utter_message(response="utter_registered_unknown")
        return []


class ActionRegistrationCheck(Action):
    """Mails a code to the mailbox on record of the account of the identifier that was given last."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_registration_check"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say that a code was sent if there is such an account: the same whether there is one or not."""
        identifier = tracker.get_slot(LOOKUP)
        if not identifier:
            dispatcher.utter_message(response="utter_registration_check")
            return []
        with turn_of(tracker) as turn:
            asked = ask(turn.connection, turn.area, turn.address, identifier, turn.now)
        if asked.outcome is not Asking.SENT:
            dispatcher.utter_message(response="utter_code_limited")
            return []
        dispatcher.utter_message(response="utter_code_sent")
        return [SlotSet(CODE_FOR, OF_REGISTRATION)]


class ActionCodeGiven(Action):
    """Checks a code that was typed in the chat: that of what was asked last, else that of the other."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_code_given"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """A code of the sign-in page signs in here; one of the mail tells what was asked: a registration, or how a procedure goes."""
        digits = "".join(character for character in text_of(tracker) if character.isdigit())
        checks = [_check_registration, check_code]
        if tracker.get_slot(CODE_FOR) == OF_PROCEDURE:
            checks.reverse()
        with turn_of(tracker) as turn:
            confirmed = confirm(turn.connection, turn.area, turn.address, digits, turn.now)
            if confirmed.outcome is Confirmation.RIGHT:
                let_in_chat(turn.connection, turn.area, turn.address, confirmed, turn.now, agencies_of)
                return ActionSignedIn().run(dispatcher, tracker, domain)
            outcome = checks[0](turn, dispatcher, digits)
            if outcome is Outcome.NONE:
                outcome = checks[1](turn, dispatcher, digits)
        if outcome is Outcome.RIGHT:
            return [SlotSet(LOOKUP, None)]
        if confirmed.outcome is not Confirmation.NOT_ASKED:
            dispatcher.utter_message(response=f"utter_chat_code_{confirmed.outcome}")
            return []
        is_again = outcome in _ASKED_AGAIN and checks[0] is check_code
        dispatcher.utter_message(response=f"utter_procedure_code_{outcome}" if is_again else f"utter_code_{outcome}")
        return []


def _check_registration(turn: Turn, dispatcher: CollectingDispatcher, digits: str) -> Outcome:
    found = check(turn.connection, turn.area, turn.address, digits, turn.now)
    if found.outcome is Outcome.RIGHT:
        for account in found.accounts:
            _tell(dispatcher, account.agency_name, account.registration)
    return found.outcome


def tell_if_signed_in(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Tell a signed-in person about the agency that they act for; whether there was one to tell."""
    with turn_of(tracker) as turn:
        _, viewer = who_is_here(turn)
        if viewer is None:
            return False
        agency = agency_of(turn.connection, viewer)
    _tell(dispatcher, agency.name, agency.registered_with)
    return True


def _tell(dispatcher: CollectingDispatcher, agency: str, registration: str) -> None:
    dispatcher.utter_message(response=f"utter_account_registered_with_{registration}", agency=agency)
