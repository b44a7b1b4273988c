"""How long it takes until somebody answers: who waits for a person hears of the queue, all others what is promised."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.hand_off import say_how_it_stands
from actions.visit import Events, turn_of
from bot.desk import store


class ActionHowLong(Action):
    """Answers "¿cuánto tarda eso?"; a form that is being filled goes on."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_how_long"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """In a form it is asked about what is being filled in, whoever else is waited for."""
        with turn_of(tracker) as turn:
            waiting = None if tracker.active_loop_name else store.live_at(turn.connection, turn.address)
            if waiting is not None:
                say_how_it_stands(turn, dispatcher, waiting)
                return []
        dispatcher.utter_message(response="utter_how_long")
        return []
