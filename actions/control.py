"""Commands that work anywhere: cancel, go back, start over."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, AllSlotsReset
from rasa_sdk.executor import CollectingDispatcher

from actions.confirmation import PROPOSAL, ActionDeny
from actions.follow_up import answer_if_it_goes_on
from actions.forms import FORMS, REQUESTED_SLOT, Form
from actions.hand_off import stop_the_wait
from actions.visit import turn_of
from bot.desk.chat import was_just_handed_off
from bot.desk.store import live_at


class ActionCancel(Action):
    """Leaves the form that is being filled and forgets its answers; outside of one it may end what was shown."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_cancel"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """End the active form or what waits for a yes, or say that there is nothing to end; right after a hand-off the person is called off."""
        form = _active_form(tracker)
        if form is None and tracker.get_slot(PROPOSAL):
            return ActionDeny().run(dispatcher, tracker, domain)
        events = None if form else _nobody_need_come(dispatcher, tracker) or answer_if_it_goes_on(dispatcher, tracker)
        if events is not None:
            return events
        dispatcher.utter_message(response="utter_cancelled" if form else "utter_nothing_to_cancel")
        return form.leave() if form else []


class ActionGoBack(Action):
    """Forgets the previous answer of a form, which then asks for it again by itself; going back from a yes is a no."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_go_back"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Forget the previous answer, or say that there is none."""
        form = _active_form(tracker)
        if form is None and tracker.get_slot(PROPOSAL):
            return ActionDeny().run(dispatcher, tracker, domain)
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
        return form.leave() if form else []


def _nobody_need_come(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[dict[str, Any]] | None:
    with turn_of(tracker) as turn:
        waiting = live_at(turn.connection, turn.address)
        if waiting is None or not was_just_handed_off(turn.connection, turn.address):
            return None
        return stop_the_wait(turn, dispatcher, tracker, waiting)


def _active_form(tracker: Tracker) -> Form | None:
    return FORMS.get(tracker.active_loop_name or "")
