"""What the assistant does when it is unsure: asks which of two topics is meant, and the second time offers a person."""

from collections.abc import Iterator
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.follow_up import answer_if_it_goes_on
from actions.visit import text_of
from bot.conversation.model import channel_of
from bot.turn import current_turn
from bot.unanswered.model import Reason
from bot.unanswered.service import keep

_UNSURE = "nlu_fallback"
_PERSON = "human_request"
_QUESTION = "leave_question"
_OFFERED_TOPICS = 2
_NEVER_OFFERED = frozenset(
    {
        _UNSURE,
        *(_PERSON, _QUESTION),  # have buttons of their own
        *("out_of_scope", "near_meter_reading", "near_tariffs", "near_tax_advice", "near_supply_changes"),
        *("greet", "goodbye", "thanks", "affirm", "deny", "bot_challenge", "insult", "capabilities"),
        *("cancel", "go_back", "start_over"),
        *("handoff_wait", "handoff_call", "handoff_mail", "handoff_stop", "handed_back"),
    }
)


class ActionClarify(Action):
    """Offers the two likeliest topics as buttons; twice unsure in a row, a person."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_clarify"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Utter the question or the offer; a message that goes on from what was shown is answered instead."""
        events = answer_if_it_goes_on(dispatcher, tracker)
        if events is not None:
            return events
        _keep(tracker, Reason.UNSURE)
        person = _buttons([_PERSON], domain)
        if _was_unsure_before(tracker):
            dispatcher.utter_message(response="utter_person_offered", buttons=person + _buttons([_QUESTION], domain))
        else:
            dispatcher.utter_message(
                response="utter_clarify", buttons=_buttons(_likely(tracker, domain), domain) + person
            )
        return []


class ActionOutOfScope(Action):
    """Says what the assistant is for; a short message that goes on from what was shown is answered instead."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_out_of_scope"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Utter it; changes no slot."""
        events = answer_if_it_goes_on(dispatcher, tracker)
        if events is None:
            _keep(tracker, Reason.OUT_OF_SCOPE)
            dispatcher.utter_message(response="utter_out_of_scope")
        return events or []


def _keep(tracker: Tracker, reason: Reason) -> None:
    """Keep the question for those who teach the assistant, without who asked it. Rasa's own commands keep nothing."""
    turn = current_turn()
    if turn is None:
        return
    ranking = tracker.latest_message.get("intent_ranking") or []
    guesses = [
        (str(guess["name"]), float(guess.get("confidence") or 0)) for guess in ranking if guess["name"] != _UNSURE
    ]
    keep(turn.connection, text_of(tracker), reason, channel_of(turn.address), guesses, turn.now)


def _was_unsure_before(tracker: Tracker) -> bool:
    """Whether the message before the latest one was not understood either."""
    said = (event for event in reversed(tracker.events) if event.get("event") == "user")
    next(said, None)
    before = next(said, None) or {}
    return bool(((before.get("parse_data") or {}).get("intent") or {}).get("name") == _UNSURE)


def _likely(tracker: Tracker, domain: dict[str, Any]) -> list[str]:
    """The likeliest topics that can be offered, best first."""
    ranking = tracker.latest_message.get("intent_ranking") or []
    names = (candidate.get("name") for candidate in ranking)
    topics = [name for name in names if name not in _NEVER_OFFERED and _title(name, domain)]
    return topics[:_OFFERED_TOPICS]


def _buttons(topics: list[str], domain: dict[str, Any]) -> list[dict[str, str]]:
    titles: Iterator[tuple[str, str | None]] = ((topic, _title(topic, domain)) for topic in topics)
    return [{"title": title, "payload": f"/{topic}"} for topic, title in titles if title]


def _title(topic: str, domain: dict[str, Any]) -> str | None:
    """The title of a topic's answer in domain.yml; None when the answer has none."""
    variations = domain.get("responses", {}).get(f"utter_{topic}") or [{}]
    title = (variations[0].get("metadata") or {}).get("title")
    return str(title) if title else None
