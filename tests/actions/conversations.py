"""Trackers as Rasa hands them to an action, built by hand, and what an action said and changed."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

Event = dict[str, Any]


def user_event(text: str, intent: str) -> Event:
    return {"event": "user", "text": text, "parse_data": {"intent": {"name": intent}, "text": text}}


def tracker_of(
    text: str = "",
    intent: str = "nlu_fallback",
    *,
    form: str | None = None,
    before: tuple[tuple[str, str], ...] = (),
    ranking: tuple[str, ...] = (),
    **slots: Any,
) -> Tracker:
    """A tracker whose latest message is `text`, after the messages `before`, inside `form` when one is named."""
    latest = {"text": text, "intent": {"name": intent}, "intent_ranking": [{"name": name} for name in ranking]}
    events = [user_event(*said) for said in (*before, (text, intent))]
    if form:
        events.append({"event": "action", "name": form})
    return Tracker("me", {"form_failures": 0.0, **slots}, latest, events, False, None, {"name": form}, "action_listen")


class Outcome:
    """What an action did: the responses it uttered and the events it returned."""

    def __init__(self, dispatcher: CollectingDispatcher, events: list[Event]) -> None:
        self.messages = dispatcher.messages
        self.events = events

    @property
    def said(self) -> list[str]:
        return [message["response"] for message in self.messages]

    @property
    def slots(self) -> dict[str, Any]:
        return {event["name"]: event["value"] for event in self.events if event["event"] == "slot"}

    @property
    def loops(self) -> list[str | None]:
        return [event["name"] for event in self.events if event["event"] == "active_loop"]


def outcome_of(action: Any, tracker: Tracker, domain: dict[str, Any] | None = None) -> Outcome:
    dispatcher = CollectingDispatcher()
    result = action.run(dispatcher, tracker, domain or {})
    events = asyncio.run(result) if isinstance(result, Coroutine) else result
    return Outcome(dispatcher, events)
