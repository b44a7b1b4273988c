"""What the trained model makes of requests about the customer area, and whether long ones are kept together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.assistant.engine import RasaAssistant
from tests.assistant.test_understanding import REFUSALS, sentences

NEEDS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[1] / "nlu" / "two_needs.yml").read_text(encoding="utf-8")
)
LEAST_ACCURACY, LEAST_REFUSED, LEAST_FOUND = 0.92, 0.75, 0.9


def topics(assistant: RasaAssistant, text: str) -> list[str]:
    return [need["intent"]["name"] for need in assistant.understand(text)]


@pytest.fixture(scope="module")
def read(assistant: RasaAssistant) -> list[tuple[str, str]]:
    """Pairs of the topic that a sentence is about and the one that it was taken for."""
    parse = assistant._processor.parse_text
    return [(topic, parse(text)["intent"]["name"]) for topic, text in sentences("heldout_area.yml")]


def test_requests_are_told_apart(read: list[tuple[str, str]]) -> None:
    in_scope = [topic == taken for topic, taken in read if topic not in REFUSALS]
    assert sum(in_scope) / len(in_scope) >= LEAST_ACCURACY


def test_most_of_what_only_sounds_like_a_request_is_refused(read: list[tuple[str, str]]) -> None:
    refused = [taken in REFUSALS or taken == "nlu_fallback" for topic, taken in read if topic in REFUSALS]
    assert sum(refused) / len(refused) >= LEAST_REFUSED


def test_a_request_of_ours_is_hardly_ever_refused(read: list[tuple[str, str]]) -> None:
    refused = [taken in REFUSALS for topic, taken in read if topic not in REFUSALS]
    assert sum(refused) / len(refused) <= 0.03


@pytest.mark.parametrize("text", NEEDS["one_need"])
def test_a_long_request_is_not_torn_apart(assistant: RasaAssistant, text: str) -> None:
    assert [need["text"] for need in assistant.understand(text)] == [text]


def test_two_needs_in_one_message_are_found(assistant: RasaAssistant) -> None:
    found = [set(each["needs"]) <= set(topics(assistant, each["text"])) for each in NEEDS["two_needs"]]
    assert sum(found) / len(found) >= LEAST_FOUND
