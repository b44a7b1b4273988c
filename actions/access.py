"""Signing in and out in the chat, and what follows a sign-in: the request that it was needed for."""

from __future__ import annotations

from typing import Any, Protocol

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.procedure_draft import DRAFT
from actions.visit import (
    SHOWN,
    WAITING_REQUEST,
    Events,
    ask_to_sign_in,
    ask_which_agency,
    turn_of,
    who_is_here,
)
from bot.accounts.service import agency_of
from bot.area import SPAIN
from bot.identity.persons import Person, person_by_id
from bot.identity.sessions import Session, end_session, session_of
from bot.turn import Turn


class Waits(Protocol):
    """An action whose request can wait."""

    def answer_request(
        self, turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, after_sign_in: bool = False
    ) -> Events:
        """Answer the request that waited."""


REQUESTS: dict[str, Waits] = {}
"""The actions whose requests can wait for a sign-in, by name; `actions.area` fills it."""
NEED_NO_AGENCY = frozenset({"action_clients_accept", "action_affirm"})
"""Those that may be about what a client decides about itself; for all else they ask for the agency themselves."""


class ActionSignIn(Action):
    """Gives the link of the sign-in page."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_sign_in"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Give the link, or say who is signed in already."""
        with turn_of(tracker) as turn:
            session = session_of(turn.connection, turn.address, turn.now)
            if session is None:
                ask_to_sign_in(turn, dispatcher, "utter_sign_in")
            else:
                dispatcher.utter_message(response="utter_already_signed_in", name=_person(turn, session).name)
        return []


class ActionSignOut(Action):
    """Ends the session of this conversation."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_sign_out"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """End the session and forget what was shown in it."""
        with turn_of(tracker) as turn:
            ended = end_session(turn.connection, turn.address, turn.now)
        dispatcher.utter_message(response="utter_sign_out" if ended else "utter_who_am_i")
        return [SlotSet(SHOWN, None), SlotSet(WAITING_REQUEST, None), SlotSet(DRAFT, None)]


class ActionWhoAmI(Action):
    """Says who is signed in, for which agency and with which right."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_who_am_i"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Utter it; a stranger is told that nobody is signed in."""
        with turn_of(tracker) as turn:
            session, viewer = who_is_here(turn)
            if session is None:
                dispatcher.utter_message(response="utter_who_am_i")
                return []
            if viewer is None:
                return ask_which_agency(turn, session, dispatcher)
            dispatcher.utter_message(
                response=f"utter_who_am_i_{viewer.role}",
                name=_person(turn, session).name,
                agency=agency_of(turn.connection, viewer).name,
                since=f"{session.signed_in_at.astimezone(SPAIN):%H:%M}",
            )
        return []


class ActionSignedIn(Action):
    """Answers the sign-in itself: greets by name and goes on with what the person had asked for."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_signed_in"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Greet, then run the request that waited. The session may have ended again by now."""
        with turn_of(tracker) as turn:
            session, viewer = who_is_here(turn)
            if session is None:
                dispatcher.utter_message(response="utter_who_am_i")
                return []
            person = _person(turn, session)
            if viewer is None:
                dispatcher.utter_message(response="utter_signed_in_without_agency", name=person.first_name)
                if _waiting_here(turn, tracker).get("action") in NEED_NO_AGENCY:
                    return go_on(turn, dispatcher, tracker)
                return ask_which_agency(turn, session, dispatcher)
            agency = agency_of(turn.connection, viewer)
            dispatcher.utter_message(response="utter_signed_in", name=person.first_name, agency=agency.name)
            return go_on(turn, dispatcher, tracker)


def go_on(turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    """Run the request that waited for the sign-in, or for the choice of an agency."""
    waiting = _waiting_here(turn, tracker)
    action = REQUESTS.get(waiting.get("action", ""))
    if action is None:
        dispatcher.utter_message(response="utter_signed_in_menu")
        return [SlotSet(WAITING_REQUEST, None)]
    events = action.answer_request(turn, dispatcher, tracker, str(waiting.get("text", "")), after_sign_in=True)
    return [SlotSet(WAITING_REQUEST, None), *events]


def _waiting_here(turn: Turn, tracker: Tracker) -> dict[str, Any]:
    """The request that waits; what somebody asked while signed in waits for nobody else."""
    session, waiting = session_of(turn.connection, turn.address, turn.now), tracker.get_slot(WAITING_REQUEST)
    if session is None or not isinstance(waiting, dict):
        return {}
    return waiting if waiting.get("person") in (None, session.person_id) else {}


def _person(turn: Turn, session: Session) -> Person:
    person = person_by_id(turn.connection, session.person_id)
    assert person is not None, "sessions point to persons"
    return person
