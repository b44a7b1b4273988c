"""Train one pipeline on one data set inside Rasa and ask it every test sentence. A process of its own for each pair.

`python -m bench.nlu_measure <task.json> <result.json>`; the task is written by `bench.nlu`.
"""

import asyncio
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.assistant.nlu.needs import needs_of

WARM_UP = 10


def resident_megabytes() -> float:
    """Resident memory of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def measured(task: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Figures and answers; `folder` takes the model."""
    (folder / "config.yml").write_text(yaml.safe_dump(task["config"]), "utf-8")
    (folder / "nlu.yml").write_text(yaml.safe_dump(_training_data(task["train"]), allow_unicode=True), "utf-8")
    from rasa.model_training import train_nlu

    start = time.monotonic()
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"))
    training_seconds = time.monotonic() - start
    return {"training_seconds": training_seconds, **_asked(str(model), task["test"], task["two_needs"])}


def _training_data(examples: Sequence[Sequence[str]]) -> dict[str, Any]:
    by_topic: dict[str, list[str]] = {}
    for text, topic in examples:
        by_topic.setdefault(topic, []).append(text)
    blocks = [{"intent": topic, "examples": "".join(f"- {t}\n" for t in texts)} for topic, texts in by_topic.items()]
    return {"version": "3.1", "nlu": blocks}


def _asked(model: str, test: Sequence[Sequence[str]], two_needs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Load the model and ask; the memory is what it adds to a process in which Rasa is already imported."""
    from rasa.core.agent import Agent

    before, start = resident_megabytes(), time.monotonic()
    agent = Agent.load(model)
    loading_seconds = time.monotonic() - start
    answers = asyncio.run(_answers(agent, test))
    return {
        "loading_seconds": loading_seconds,
        "megabytes": resident_megabytes() - before,
        "archive_megabytes": Path(model).stat().st_size / 1_000_000,
        "answers": answers,
        "needs": _needs(agent, test, two_needs) if two_needs else None,
    }


def _needs(agent: Any, single: Sequence[Sequence[str]], two_needs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Share of messages with two needs of which both are found, and of those with one need that are torn apart."""

    def topics(text: str) -> set[str]:
        return {need.topic for need in needs_of(lambda part: asyncio.run(agent.parse_message(part)), text)}

    found = sum(set(each["needs"]) <= topics(each["text"]) for each in two_needs)
    torn = sum(len(topics(text)) > 1 for text, _ in single)
    return {"recall": found / len(two_needs), "false_splits": torn / len(single)}


async def _answers(agent: Any, test: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    for text, _ in test[:WARM_UP]:
        await agent.parse_message(text)
    return [await _answer(agent, text, label) for text, label in test]


async def _answer(agent: Any, text: str, label: str) -> dict[str, Any]:
    start = time.perf_counter()
    parsed = await agent.parse_message(text)
    elapsed = (time.perf_counter() - start) * 1000
    first = next((c for c in parsed["intent_ranking"] if c["name"] != "nlu_fallback"), parsed["intent"])
    return {
        "label": label,
        "first": first["name"],
        "probability": first["confidence"],
        "decision": parsed["intent"]["name"],
        "milliseconds": elapsed,
    }


def main(task_file: str, result_file: str) -> None:
    import structlog

    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    task = json.loads(Path(task_file).read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        result = measured(task, Path(folder))
    Path(result_file).write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
