"""The topics of domain.yml and what they are called on buttons."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from bot.settings import PROJECT

DOMAIN = PROJECT / "domain.yml"
NLU = PROJECT / "data" / "nlu"


@cache
def titles() -> dict[str, str]:
    """Title by topic, for topics whose answer has one."""
    responses: dict[str, Any] = yaml.safe_load(DOMAIN.read_text(encoding="utf-8"))["responses"]
    found = {name.removeprefix("utter_"): (texts[0].get("metadata") or {}) for name, texts in responses.items()}
    return {topic: str(metadata["title"]) for topic, metadata in found.items() if "title" in metadata}


@cache
def trained_topics() -> tuple[str, ...]:
    """The topics that have examples to learn from, and so can be given to a question."""
    read = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(NLU.glob("*.yml")))
    return tuple(dict.fromkeys(str(entry["intent"]) for file in read for entry in file["nlu"] if "intent" in entry))


def title_of(topic: str) -> str:
    """What a topic is called; its name where it has no title."""
    return titles().get(topic, topic.replace("_", " "))
