"""A yes counts when it answers the question that was read just before it."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker

from actions.confirmation import PROPOSAL, was_just_asked
from tests.actions.conversations import user_event

ASKED = {"event": "slot", "name": PROPOSAL, "value": "reference"}
FORGOTTEN = {"event": "slot", "name": PROPOSAL, "value": None}
REQUEST, QUESTION, YES = (
    user_event("pon el 5", "payment_day"),
    user_event("¿y eso?", "documents_why"),
    user_event("sí", "affirm"),
)
SIGNED_IN = user_event("/signed_in", "signed_in")


def tracker_with(*events: dict[str, Any]) -> Tracker:
    return Tracker("me", {}, {}, list(events), False, None, {}, "action_listen")


@pytest.mark.parametrize(
    ("events", "address", "counts"),
    [
        ((REQUEST, ASKED, YES), "web:1", True),
        ((REQUEST, ASKED, YES), "rest:1", True),
        ((REQUEST, ASKED, QUESTION, YES), "web:1", False),
        ((REQUEST, ASKED, YES, FORGOTTEN, YES), "web:1", False),
        ((REQUEST, ASKED, FORGOTTEN, YES), "web:1", False),
        ((SIGNED_IN, ASKED, YES), "web:1", True),
        ((SIGNED_IN, ASKED, YES), "rest:1", False),
        ((ASKED, YES), "web:1", False),
        ((YES,), "web:1", False),
        ((), "web:1", False),
    ],
)
def test_only_the_yes_that_follows_what_was_read(
    events: tuple[dict[str, Any], ...], address: str, counts: bool
) -> None:
    assert was_just_asked(tracker_with(*events), address) is counts
