"""What clerks write, and what it means."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.questions.model import Wish
from bot.questions.reading import read
from tests.questions.sentences import TODAY, shorthand, table

SENTENCES = [*table("sentences.yml"), *table("heldout.yml")]


@pytest.mark.parametrize(("said", "meaning"), SENTENCES, ids=[said for said, _ in SENTENCES])
def test_a_sentence_is_read(said: str, meaning: dict[str, Any]) -> None:
    assert shorthand(read(said, TODAY)) == meaning


def test_the_table_is_long_and_says_nothing_twice() -> None:
    said = [sentence for sentence, _ in SENTENCES]
    assert len(said) >= 250
    assert len(set(said)) == len(said)


def test_a_sentence_takes_less_than_a_millisecond() -> None:
    for said, _ in SENTENCES:
        read(said, TODAY)
    began = time.process_time()
    for said, _ in SENTENCES:
        read(said, TODAY)
    assert (time.process_time() - began) / len(SENTENCES) < 0.001


@pytest.mark.parametrize(
    ("said", "was_said"),
    [
        ("enséñame las de marzo", True),
        ("¿cuáles son?", True),
        ("descárgala", True),
        ("las del mes pasado", False),
        ("facturas de Pascual", False),
        ("la segunda", False),
        ("¿y Panadería López?", False),
    ],
)
def test_it_is_known_whether_the_wish_was_said(said: str, was_said: bool) -> None:
    assert read(said, TODAY).wish_said is was_said


def test_a_sentence_about_nothing_asks_for_a_list_of_nothing() -> None:
    for said in ("", " ", "¿?", "gracias", "hola, buenos días"):
        question = read(said, TODAY)
        assert (question.wish, question.subject, question.follow_up, question.name) == (Wish.LIST, None, False, "")


def test_what_comes_after_six_hundred_characters_is_not_read() -> None:
    assert read("hola " * 120 + "facturas de marzo", TODAY).subject is None
