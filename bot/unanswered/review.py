"""The file of questions with a topic, in the form of `data/nlu`, which a developer reviews into the training data."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from sqlalchemy import Connection

from bot.unanswered import store

HEADER = """\
# Questions that were not understood, with the topic that a supervisor gave them. Review each before you copy it to
# data/nlu: words in capitals (NOMBRE, NÚMERO …) stand for what was taken out.
version: "3.1"
nlu:
"""


def written(connection: Connection) -> str:
    """The whole file, every wording once."""
    by_topic: dict[str, list[str]] = defaultdict(list)
    for topic, text in store.assigned(connection):
        by_topic[topic].append(_line(text))
    blocks = [f"- intent: {topic}\n  examples: |\n" + "".join(lines) for topic, lines in by_topic.items()]
    return HEADER + "\n".join(blocks) if blocks else HEADER.replace("nlu:\n", "nlu: []\n")


def _line(text: str) -> str:
    """An example; brackets would be entities in this format."""
    return f"    - {text.translate(str.maketrans('[]{}', '()()'))}\n"


def write(connection: Connection, path: Path) -> None:
    """Write the file; its folder is made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(connection), encoding="utf-8")
