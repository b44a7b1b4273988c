"""A dialogue as one small JSON text: slots, the active form and the last events. Its size does not grow with the talk."""

from __future__ import annotations

import copy
import json
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

WINDOW_EVENTS = 16
KEPT_PARSE_KEYS = ("intent", "entities", "intent_ranking")
KEPT_RANKING = 5

Frozen = dict[str, Any]


class DialogueTracker(DialogueStateTracker):
    """Rasa copies the tracker for every action by replaying its events into a new one; the state itself is quicker."""

    def copy(self) -> DialogueTracker:
        """The same state again, which changes on its own from here."""
        other = copy.copy(self)
        other.events = self._create_events(self.events)
        other.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
        other.active_loop = copy.copy(self.active_loop)
        return other


def freeze(tracker: DialogueStateTracker) -> str:
    """The tracker's window as JSON, about 4 kB: the last events and, before them, what the dropped ones had set.

    Everything is in the events, because Rasa builds trackers from nothing else in the middle of a form.
    """
    window = _window(list(tracker.events))
    dropped = list(tracker.events)[: len(tracker.events) - len(window)]
    events = [_light(event) for event in [*_summary(tracker, dropped), *window]]
    return json.dumps({"followup": tracker.followup_action, "events": events}, ensure_ascii=False)


def thaw(text: str, sender_id: str, domain: Domain) -> DialogueTracker:
    """The tracker that `freeze` wrote. Slots and forms that the domain no longer has are left out."""
    frozen: Frozen = json.loads(text)
    tracker = DialogueTracker(sender_id, domain.slots)
    for parameters in frozen["events"]:
        event = EVENT_TYPES[parameters["event"]]._from_parameters(parameters)
        if event is not None and _is_known(event, tracker, domain):
            tracker.update(event)
    tracker.followup_action = frozen["followup"]
    return tracker


def _summary(tracker: DialogueStateTracker, dropped: list[Event]) -> list[Event]:
    """The slots and the form that the dropped events leave behind."""
    before = tracker.init_copy()
    for event in dropped:
        before.update(event)
    slots = [SlotSet(name, slot.value) for name, slot in before.slots.items() if slot.value != slot.initial_value]
    return [*slots, ActiveLoop(before.active_loop_name)] if before.active_loop_name else slots


def _window(events: list[Event]) -> list[Event]:
    """The last events, cut before a person's message so that no turn is halved."""
    if len(events) <= WINDOW_EVENTS:
        return events
    for index in range(len(events) - WINDOW_EVENTS, len(events)):
        if isinstance(events[index], UserUttered):
            return _with_listen(events, index)
    return events[-WINDOW_EVENTS:]


def _with_listen(events: list[Event], index: int) -> list[Event]:
    """A person's message stands after the `action_listen` that waited for it; rules look at the pair."""
    before = events[index - 1] if index else None
    starts_with_listen = isinstance(before, ActionExecuted) and before.action_name == "action_listen"
    return events[index - 1 :] if starts_with_listen else events[index:]


def _light(event: Event) -> Frozen:
    """The event without model ids and without the long tail of the intent ranking."""
    parameters: Frozen = event.as_dict()
    parameters.pop("metadata", None)
    if isinstance(event, UserUttered):
        parameters["parse_data"] = {key: event.parse_data.get(key) for key in KEPT_PARSE_KEYS}
        parameters["parse_data"]["intent_ranking"] = (event.parse_data.get("intent_ranking") or [])[:KEPT_RANKING]
        parameters["parse_data"]["text"] = event.text
    return parameters


def _is_known(event: Event, tracker: DialogueStateTracker, domain: Domain) -> bool:
    if isinstance(event, SlotSet):
        return event.key in tracker.slots
    if isinstance(event, ActiveLoop):
        return event.name is None or event.name in domain.forms
    return True


def _event_types() -> dict[str, type[Event]]:
    """Every event class by the name it is written under; Rasa walks all classes for each event instead."""
    return {kind.type_name: kind for kind in all_subclasses(Event) if getattr(kind, "type_name", None)}


EVENT_TYPES = _event_types()
