"""The dialogue window: what comes back is what the next turn needs, and it does not grow."""

from __future__ import annotations

import json

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, AllSlotsReset, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.assistant.dialogue import WINDOW_EVENTS, freeze, thaw
from bot.settings import PROJECT

FORM = "registration_form"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(PROJECT / "domain.yml"))


def turn(text: str) -> list[Event]:
    ranking = [{"name": f"topic{n}", "confidence": 0.01} for n in range(60)]
    parse = {"intent": {"name": "greet"}, "entities": [], "intent_ranking": ranking, "text": text}
    return [
        ActionExecuted("action_listen"),
        UserUttered(text, {"name": "greet"}, [], parse),
        ActionExecuted("utter_greet"),
        BotUttered("hola"),
    ]


def tracker_with(domain: Domain, *events: Event) -> DialogueStateTracker:
    tracker = DialogueStateTracker("web:ana", domain.slots)
    for event in events:
        tracker.update(event)
    return tracker


def again(tracker: DialogueStateTracker, domain: Domain) -> DialogueStateTracker:
    return thaw(freeze(tracker), tracker.sender_id, domain)


def test_slots_form_and_last_action_come_back(domain: Domain) -> None:
    tracker = tracker_with(
        domain, *turn("hola"), ActiveLoop(FORM), SlotSet("registration_identifier", "12345678Z"), ActionExecuted(FORM)
    )
    restored = again(tracker, domain)
    assert restored.current_slot_values() == tracker.current_slot_values()
    assert restored.active_loop_name == FORM
    assert restored.latest_action_name == FORM
    assert restored.latest_message is not None
    assert restored.latest_message.intent == {"name": "greet"}


def test_the_thousandth_turn_is_as_small_as_the_tenth(domain: Domain) -> None:
    sizes = {}
    tracker = tracker_with(domain)
    for number in range(1, 1001):
        for event in turn(f"mensaje {number:04d}"):
            tracker.update(event)
        tracker = again(tracker, domain)
        sizes[number] = len(freeze(tracker))
    assert len(tracker.events) <= WINDOW_EVENTS + 1
    assert sizes[1000] <= sizes[10] * 1.01


def test_a_form_that_began_before_the_window_is_still_active(domain: Domain) -> None:
    tracker = tracker_with(domain, ActiveLoop(FORM), ActionExecuted(FORM))
    for number in range(20):
        for event in turn(str(number)):
            tracker.update(event)
        tracker = again(tracker, domain)
    assert tracker.active_loop_name == FORM


def test_a_slot_set_before_the_window_keeps_its_value(domain: Domain) -> None:
    tracker = tracker_with(domain, SlotSet("registration_identifier", "12345678Z"))
    for number in range(20):
        for event in turn(str(number)):
            tracker.update(event)
        tracker = again(tracker, domain)
    assert tracker.get_slot("registration_identifier") == "12345678Z"


def test_a_tracker_built_from_the_window_s_events_alone_is_the_same(domain: Domain) -> None:
    tracker = tracker_with(domain, ActiveLoop(FORM), SlotSet("requested_slot", "still_representative"))
    for number in range(20):
        for event in turn(str(number)):
            tracker.update(event)
        tracker = again(tracker, domain)
    rebuilt = DialogueStateTracker.from_events("web:ana", list(tracker.events), tracker.slots.values())
    assert rebuilt.current_slot_values() == tracker.current_slot_values()
    assert rebuilt.get_slot("requested_slot") == "still_representative"
    assert rebuilt.active_loop_name == FORM


def test_a_slot_that_was_reset_stays_reset(domain: Domain) -> None:
    tracker = tracker_with(domain, SlotSet("registration_kind", "nif"), AllSlotsReset())
    for number in range(20):
        for event in turn(str(number)):
            tracker.update(event)
        tracker = again(tracker, domain)
    assert tracker.get_slot("registration_kind") is None


def test_the_window_begins_with_the_listening_before_a_message(domain: Domain) -> None:
    tracker = tracker_with(domain)
    for number in range(50):
        for event in turn(str(number)):
            tracker.update(event)
    events = list(again(tracker, domain).events)
    assert isinstance(events[0], ActionExecuted)
    assert events[0].action_name == "action_listen"
    assert isinstance(events[1], UserUttered)


def test_what_the_domain_no_longer_has_is_left_out(domain: Domain) -> None:
    frozen = json.loads(freeze(tracker_with(domain, *turn("hola"))))
    frozen["events"] += [{"event": "slot", "name": "gone", "value": 1}, {"event": "active_loop", "name": "gone_form"}]
    restored = thaw(json.dumps(frozen), "web:ana", domain)
    assert "gone" not in restored.slots
    assert restored.active_loop_name is None


def test_a_copy_has_the_same_state_and_changes_on_its_own(domain: Domain) -> None:
    tracker = again(tracker_with(domain, *turn("hola"), ActiveLoop(FORM), SlotSet("registration_kind", "nif")), domain)
    other = tracker.copy()
    assert other.current_state() == tracker.current_state()
    other.update(SlotSet("registration_kind", "cif"))
    other.update(ActiveLoop(None))
    assert (tracker.get_slot("registration_kind"), tracker.active_loop_name) == ("nif", FORM)
    assert len(tracker.events) + 2 == len(other.events)
