"""The first words of a conversation."""

from typing import Any

import pytest

from actions.session import ActionSessionStart
from tests.actions.conversations import outcome_of, tracker_of


def test_a_session_starts_with_the_welcome_and_waits() -> None:
    outcome = outcome_of(ActionSessionStart(), tracker_of())
    assert outcome.said == ["utter_welcome"]
    assert [event["event"] for event in outcome.events] == ["session_started", "action"]
    assert outcome.events[-1]["name"] == "action_listen"


def test_an_opened_chat_shows_the_menu() -> None:
    outcome = outcome_of(ActionSessionStart(), tracker_of(session_started_metadata={"opened": True}))
    assert outcome.said == ["utter_welcome", "utter_welcome_menu"]


@pytest.mark.parametrize("metadata", [None, {}, {"opened": False}, {"opened": "yes"}, "opened", ["opened"]])
def test_other_metadata_shows_no_menu(metadata: Any) -> None:
    assert outcome_of(ActionSessionStart(), tracker_of(session_started_metadata=metadata)).said == ["utter_welcome"]
