"""Cancel, go back and start over work inside a form and outside."""

from typing import Any

import pytest

from actions.control import ActionCancel, ActionGoBack, ActionLeaveForm, ActionStartOver
from bot.area import Area
from bot.database import Database
from bot.turn import Turn, running
from tests.actions.conversations import Outcome, outcome_of, tracker_of
from tests.conftest import DEMO_DAY

AREA = Area("http://localhost:8080", b"a key of the tests, long enough to be one")
FORM = "registration_form"
FORGOTTEN = {"registration_identifier": None, "still_representative": None, "registration_kind": None}


def in_form(action: Any, **slots: Any) -> Outcome:
    return outcome_of(action, tracker_of("…", "cancel", form=FORM, **slots))


def test_cancel_leaves_the_form_and_forgets_its_answers() -> None:
    outcome = in_form(ActionCancel(), requested_slot="still_representative", registration_identifier="12345678Z")
    assert outcome.said == ["utter_cancelled"]
    assert outcome.slots == {**FORGOTTEN, "form_failures": 0.0, "requested_slot": None}
    assert outcome.loops == [None]


def test_cancel_outside_a_form_says_that_there_is_nothing_to_cancel(database: Database) -> None:
    with database.writing() as connection, running(Turn(connection, "rest:a", DEMO_DAY, AREA)):
        outcome = outcome_of(ActionCancel(), tracker_of("cancela", "cancel"))
    assert (outcome.said, outcome.events) == (["utter_nothing_to_cancel"], [])


@pytest.mark.parametrize("action", [ActionCancel(), ActionGoBack()])
def test_outside_a_form_what_waits_for_a_yes_is_given_up(action: Any, database: Database) -> None:
    with database.writing() as connection, running(Turn(connection, "rest:a", DEMO_DAY, AREA)):
        outcome = outcome_of(action, tracker_of("no espera, no se lo quites", "go_back", proposal="r"))
    assert (outcome.said, outcome.slots) == (["utter_not_confirmed"], {"proposal": None})


def test_going_back_from_the_second_question_forgets_the_first_answer() -> None:
    outcome = in_form(ActionGoBack(), requested_slot="still_representative", registration_identifier="12345678Z")
    assert (outcome.said, outcome.slots, outcome.loops) == ([], FORGOTTEN, [])


def test_going_back_from_the_first_question_asks_it_again() -> None:
    outcome = in_form(ActionGoBack(), requested_slot="registration_identifier")
    assert (outcome.said, outcome.slots, outcome.loops) == ([], FORGOTTEN, [])


def test_going_back_keeps_the_count_of_bad_answers() -> None:
    assert (
        "form_failures" not in in_form(ActionGoBack(), requested_slot="still_representative", form_failures=2.0).slots
    )


def test_going_back_outside_a_form_says_that_there_is_nothing_to_go_back_to() -> None:
    outcome = outcome_of(ActionGoBack(), tracker_of("atrás", "go_back"))
    assert (outcome.said, outcome.events) == (["utter_nothing_to_go_back"], [])


def test_starting_over_forgets_everything_and_ends_the_form() -> None:
    outcome = in_form(ActionStartOver(), requested_slot="still_representative")
    assert outcome.said == ["utter_started_over"]
    assert [event["event"] for event in outcome.events] == ["reset_slots", "active_loop"]
    assert outcome.loops == [None]


def test_leaving_a_form_forgets_its_answers_without_a_word() -> None:
    tracker = tracker_of("huele a gas", "gas_smell", form=FORM, registration_identifier="12345678Z")
    outcome = outcome_of(ActionLeaveForm(), tracker)
    assert (outcome.said, outcome.loops, outcome.slots["registration_identifier"]) == ([], [None], None)


def test_leaving_where_no_form_is_changes_nothing() -> None:
    assert outcome_of(ActionLeaveForm(), tracker_of("huele a gas", "gas_smell")).events == []
