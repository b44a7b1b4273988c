"""The question at the end, how content somebody is, and the thanks for its answer."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.visit import text_of, turn_of
from bot.satisfaction import service
from bot.satisfaction.model import LEAST_CONTENT, About
from bot.turn import Turn

Events = list[dict[str, Any]]


class ActionAskRating(Action):
    """After a goodbye or thanks: asks once a day, where something was answered; never in the middle of a form."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_ask_rating"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Ask, or say nothing."""
        if tracker.active_loop_name:
            return []
        with turn_of(tracker) as turn:
            if service.ask_at_the_end(turn.connection, turn.address, turn.now):
                dispatcher.utter_message(response="utter_ask_rating")
        return []


def ask_about_person(turn: Turn, dispatcher: CollectingDispatcher) -> None:
    """After a talk with somebody of the staff: ask how it was, at most once a day."""
    if service.ask(turn.connection, turn.address, About.PERSON, turn.now):
        dispatcher.utter_message(response="utter_ask_rating_person")


class ActionRatingGiven(Action):
    """Keeps a score. Without a question that it answers it is only thanked for."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_rating_given"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Thank, and leave room for a comment where none was given."""
        with turn_of(tracker) as turn:
            rated = service.rate(turn.connection, turn.address, text_of(tracker), turn.now)
        if rated is None or rated[1]:
            response = "utter_rating_commented"
        else:
            response = "utter_rating_content" if rated[0] >= LEAST_CONTENT else "utter_rating_sorry"
        dispatcher.utter_message(response=response)
        return []


class ActionRatingComment(Action):
    """Keeps what somebody writes after the score."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_rating_comment"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Keep it masked, and thank."""
        with turn_of(tracker) as turn:
            service.comment(turn.connection, turn.address, text_of(tracker), turn.now)
        dispatcher.utter_message(response="utter_rating_commented")
        return []
