"""Every topic and the longer conversations, held over the REST channel of a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browser.server import Server
from tests.talk import Talk, plain

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
    return [pytest.param(entry["turns"], id=entry["name"]) for entry in entries]


def check(answer: str, answered: Expected, never: list[str]) -> None:
    for fact in answered:
        alternatives = fact if isinstance(fact, list) else [fact]
        assert any(plain(alternative) in answer for alternative in alternatives), f"{alternatives} not in: {answer}"
    for forbidden in never:
        assert plain(forbidden) not in answer


@pytest.mark.parametrize(("said", "answered", "never"), single_questions())
def test_a_question_is_answered_with_its_facts(
    talking_server: Server, said: str, answered: Expected, never: list[str]
) -> None:
    check(Talk(talking_server.url).ask(said), answered, never)


@pytest.mark.parametrize("turns", conversations())
def test_a_conversation_goes_as_it_should(talking_server: Server, turns: list[dict[str, Any]]) -> None:
    talk = Talk(talking_server.url)
    for turn in turns:
        check(talk.ask(turn["said"]), turn["answered"], turn.get("never", []))
