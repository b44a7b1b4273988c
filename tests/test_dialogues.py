"""Every topic and the longer conversations, held over every channel of a running server, as each shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.open_house import CHANNELS, OpenHouse
from tests.talk import plain

DIALOGUES = Path(__file__).parent / "dialogues"
Expected = list[str | list[str]]


def single_questions() -> list[Any]:
    return [
        pytest.param(said, entry["answered"], entry.get("never", []), id=f"{entry['topic']}: {said}")
        for path in sorted(DIALOGUES.glob("*.yml"))
        if path.name != "conversations.yml"
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
        for said in entry["said"]
    ]


def conversations() -> list[Any]:
    entries = yaml.safe_load((DIALOGUES / "conversations.yml").read_text(encoding="utf-8"))
    return [pytest.param(entry.get("signed_in"), entry["turns"], id=entry["name"]) for entry in entries]


def check(answer: str, answered: Expected, never: list[str]) -> None:
    for fact in answered:
        alternatives = fact if isinstance(fact, list) else [fact]
        assert any(plain(alternative) in answer for alternative in alternatives), f"{alternatives} not in: {answer}"
    for forbidden in never:
        assert plain(forbidden) not in answer


@pytest.fixture(scope="module", params=CHANNELS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server for each channel: what one person may ask only so often is asked on each."""
    house = OpenHouse(tmp_path_factory.mktemp("dialogues"), request.param)
    house.start()
    yield house
    house.stop()


@pytest.mark.parametrize(("said", "answered", "never"), single_questions())
def test_a_question_is_answered_with_its_facts(
    house: OpenHouse, said: str, answered: Expected, never: list[str]
) -> None:
    check(house.visitor().ask(said), answered, never)


@pytest.mark.parametrize(("nif", "turns"), conversations())
def test_a_conversation_goes_as_it_should(house: OpenHouse, nif: str | None, turns: list[dict[str, Any]]) -> None:
    visitor = house.visitor()
    if nif:
        assert visitor.sign_in(nif) == 200
        visitor.say("hola")
    for turn in turns:
        check(visitor.ask(turn["said"]), turn["answered"], turn.get("never", []))


def test_nothing_that_was_sent_was_refused_by_the_platform(house: OpenHouse) -> None:
    assert house.refused_by_whatsapp() == []
