"""Commands that work anywhere: cancel, go back, start over."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, AllSlotsReset, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import FORMS, REQUESTED_SLOT, Form


class ActionCancel(Action):
    """Leaves the form that is being filled and forgets its answers."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_cancel"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """End the active form, or say that there is none."""
        form = _active_form(tracker)
        dispatcher.utter_message(response="utter_cancelled" if form else "utter_nothing_to_cancel")
        return _leave(form) if form else []


class ActionGoBack(Action):
    """Forgets the previous answer of a form, which then asks for it again by itself."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_go_back"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Forget the previous answer, or say that there is none."""
        form = _active_form(tracker)
        if form is None:
            dispatcher.utter_message(response="utter_nothing_to_go_back")
            return []
        return form.clear_from(form.question_before(tracker.get_slot(REQUESTED_SLOT)))


class ActionStartOver(Action):
    """Forgets everything of the conversation."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_start_over"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Reset every slot and end the form."""
        dispatcher.utter_message(response="utter_started_over")
        return [AllSlotsReset(), ActiveLoop(None)]


class ActionLeaveForm(Action):
    """Ends a form without a word: what was said in its place matters more (gas, a person is wanted)."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_leave_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """End the active form, if any, and forget its answers."""
        form = _active_form(tracker)
        return _leave(form) if form else []


def _leave(form: Form) -> list[dict[str, Any]]:
    return [*form.clear(), SlotSet(REQUESTED_SLOT, None), ActiveLoop(None)]


def _active_form(tracker: Tracker) -> Form | None:
    return FORMS.get(tracker.active_loop_name or "")
