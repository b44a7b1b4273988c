"""The first words of a conversation."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, SessionStarted
from rasa_sdk.executor import CollectingDispatcher

_METADATA_SLOT = "session_started_metadata"


class ActionSessionStart(Action):
    """Greets, and shows the menu when the chat was opened without a question (metadata `{"opened": true}`)."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_session_start"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Utter the welcome, then wait for the person."""
        dispatcher.utter_message(response="utter_welcome")
        metadata = tracker.get_slot(_METADATA_SLOT)
        if isinstance(metadata, dict) and metadata.get("opened") is True:
            dispatcher.utter_message(response="utter_welcome_menu")
        return [SessionStarted(), ActionExecuted("action_listen")]
