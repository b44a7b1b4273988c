"""What the users of the bench say: every text different for our product, the moodbot's own kind for stock Rasa."""

import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import yaml

from bench.load import Conversation

OPENINGS = (
    "Hola, {}", "Buenos días, {}", "Buenas tardes, {}", "Hola, buenas: {}", "Buenas, una consulta: {}",
    "Hola otra vez, {}", "Perdona, {}", "Oye, {}", "Una pregunta: {}", "A ver, {}", "Mira, {}", "{}",
)  # fmt: skip
ENDINGS = ("{}, gracias", "{}, por favor", "{}. Un saludo", "{}. Gracias de antemano", "{}, es urgente", "{} hoy", "{}")

# The ways through the stories and rules of the stock bot, as intents.
MOODBOT_PATHS = (
    ("greet", "mood_great"),
    ("greet", "mood_unhappy", "affirm"),
    ("greet", "mood_unhappy", "deny"),
    ("bot_challenge",),
    ("goodbye",),
)


def examples_by_intent(path: Path) -> dict[str, list[str]]:
    """Intent → sentences of one NLU file in Rasa's format."""
    blocks = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    return {
        block["intent"]: [line.removeprefix("- ").strip() for line in block["examples"].splitlines() if line.strip()]
        for block in blocks
    }


def distinct_sentences(path: Path, seed: int) -> Iterator[str]:
    """Sentences of an NLU file, shuffled, and then their variants with an opening or an ending; none comes twice.

    No text repeats within one start of the server, so a cache by text has nothing to show off with.
    """
    chance = random.Random(seed)
    plain = list(dict.fromkeys(text for texts in examples_by_intent(path).values() for text in texts))
    chance.shuffle(plain)
    seen = set(plain)
    yield from plain
    frames = [opening.format(ending) for opening in OPENINGS for ending in ENDINGS]
    chance.shuffle(frames)
    for frame in frames:
        for text in chance.sample(plain, len(plain)):
            variant = frame.format(text)
            if variant not in seen:
                seen.add(variant)
                yield variant


def moodbot_sentences(path: Path, seed: int) -> Iterator[str]:
    """Examples of the stock bot along its own stories, without end."""
    examples = examples_by_intent(path)
    chance = random.Random(seed)
    for way in cycle(chance.sample(MOODBOT_PATHS, len(MOODBOT_PATHS))):
        yield from (chance.choice(examples[intent]) for intent in way)


def conversations(sentences: Iterator[str], name: str, count: int, turns: int) -> list[Conversation]:
    """`count` conversations of `turns` messages, each with a sender of its own; fewer when the sentences end."""
    held = []
    for index in range(count):
        messages = list(islice(sentences, turns))
        if len(messages) == turns:
            held.append(Conversation(f"{name}-{index}", messages))
    return held
