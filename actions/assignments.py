"""Giving a client up, and hearing in the chat what a client has answered."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.confirmation import ask_for_yes
from actions.contacts import ContactTopic
from actions.find_client import client_asked
from actions.visit import Events, Visit, turn_of, who_is_here
from bot.accounts.service import agency_of
from bot.assignments import service
from bot.identity.identifier_cues import folded
from bot.questions.model import Question
from bot.turn import Turn

ASSIGNMENT_END = "assignment_end"
_ENDS = re.compile(
    r"\b(?:QUIT|DEJ|BAJ|ELIMIN|BORR|SAC|SAL|RENUNCI|DESASIGN|DESVINCUL|SOLT|SUELT|RETIR|CANCEL|ANUL|TERMIN|DESAPUNT|FUERA|YA NO"
    r"|NO (?:QUIER|QUER|LLEV|GESTION|SOMOS|TRABAJ|ESTA))"
)
"""What has to be said by who no longer wants a client: too much is lost by a topic that was only guessed."""


class ActionClientsUnassign(ContactTopic):
    """Ends what an agency does for a client, after a yes."""

    response = "utter_clients_unassign"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_clients_unassign"

    def is_request(self, turn: Turn, text: str, is_signed_in: bool) -> bool:
        """Who is signed in and says so means it; others are told how it is done."""
        return is_signed_in and _ENDS.search(folded(text)) is not None

    def answer(self, visit: Visit) -> Events:
        """The client that is meant, or which ones it may be."""
        if not visit.viewer.may_change_account:
            visit.say("utter_assignment_problem_not_allowed")
            return []
        return propose_end(visit, visit.question, visit.client_meant)


def propose_end(visit: Visit, question: Question, chosen: int | None = None) -> Events:
    """Ask for the yes, or for which client it is."""
    asked = client_asked(visit, question, "action_clients_unassign", chosen)
    if asked.events is not None:
        return asked.events
    if asked.client is None:
        visit.say("utter_clients_unassign_which")
        return []
    summary = {"client": asked.client, "agency": agency_of(visit.connection, visit.viewer)}
    return ask_for_yes(visit, ASSIGNMENT_END, {"client_id": asked.client.id}, "confirm_assignment_end.md.j2", summary)


def apply_end(visit: Visit, details: dict[str, Any]) -> Events:
    """Give up the client who was confirmed. Raises NotAllowed and NotFound."""
    client_id = int(details["client_id"])
    visit.about = ("client", str(client_id))
    name = service.end(visit.connection, visit.viewer, client_id, visit.turn.address, visit.turn.now)
    visit.say("utter_assignment_ended", client=name)
    return []


class ActionAssignmentAnswered(Action):
    """Answers the event of a client's answer. Names are told to who is signed in for that agency, and to nobody else."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_assignment_answered"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Tell every answer once; an event that comes twice says nothing more."""
        with turn_of(tracker) as turn:
            _, viewer = who_is_here(turn)
            for news in service.news_for(turn.connection, turn.address, turn.now):
                is_theirs = viewer is not None and viewer.agency_id == news.agency_id and viewer.may_change_account
                what = news.answer if is_theirs or news.answer == "expired" else "closed"
                dispatcher.utter_message(
                    response=f"utter_assignment_{what}", client=news.client, tracking_key=news.tracking_key
                )
        return []
