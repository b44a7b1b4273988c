"""Whatever is written is read: without an error, always the same way, and in bounded time."""

from __future__ import annotations

import time
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.questions.model import Question
from bot.questions.reading import read
from tests.questions.sentences import TODAY, table

LONG = 2000
SECONDS_FOR_A_LONG_TEXT = 0.020

WORDS = sorted({word for said, _ in table("sentences.yml") for word in said.split()})
DAYS = st.dates(date(2000, 1, 1), date(2080, 12, 31))
BABBLE = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)


def well_formed(question: Question) -> bool:
    periods = [period for period in (question.issued, question.due) if period]
    return (
        all(period.first <= period.last for period in periods)
        and (None in question.amount or question.least_cents <= question.most_cents)
        and all(place and abs(place) <= 100 for place in question.ordinals)
        and (question.day is None or 1 <= question.day <= 31)
        and (question.limit is None or 1 <= question.limit <= 1000)
        and question.name == question.name.strip()
    )


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=300), today=DAYS)
def test_any_text_is_read(text: str, today: date) -> None:
    assert well_formed(read(text, today))


@settings(max_examples=600, deadline=None)
@given(text=BABBLE, today=DAYS)
def test_any_jumble_of_our_words_is_read_the_same_way_twice(text: str, today: date) -> None:
    question = read(text, today)
    assert well_formed(question)
    assert read(text, today) == question


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="0123456789/.-,€ªº dey", max_size=80), today=DAYS)
def test_any_jumble_of_digits_and_signs_is_read(text: str, today: date) -> None:
    assert well_formed(read(text, today))


PIECES = (
    *("de ", "mil ", "1 ", "cien y ", "la 1 y ", "A", "Sol 14 ", "\"'", "del 1 al 15 ", "entre 1 y ", "S. L. ", "x y "),
    *(
        "más de ",
        "menos las que ",
        "enero y ",
        "fin de mes ",
        "cuánto a b ",
        "calle de la ",
        "ñ\u0301 ",
        "que no ",
        "El ",
    ),
    *("(", "FE2603-", "€ ", "12345678 "),
)


def seconds_for(text: str) -> float:
    began = time.process_time()
    read(text, TODAY)
    return time.process_time() - began


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_of_one_piece_takes_no_longer_than_a_moment(piece: str) -> None:
    text = (piece * LONG)[:LONG]
    assert min(seconds_for(text) for _ in range(3)) < SECONDS_FOR_A_LONG_TEXT


def test_long_jumbles_take_no_longer_than_a_moment() -> None:
    random = Random(7)
    for _ in range(30):
        text = " ".join(random.choice(WORDS) for _ in range(400))[:LONG]
        assert min(seconds_for(text) for _ in range(3)) < SECONDS_FOR_A_LONG_TEXT


@settings(max_examples=200, deadline=None)
@given(name=st.text(alphabet="abcdefghijklmnñopqrstuvwxyzáéíóú", min_size=3, max_size=12))
def test_what_stands_in_quotation_marks_is_the_name(name: str) -> None:
    question = read(f'facturas de "{name} zz" de marzo', TODAY)
    assert question.name == f"{name} zz"
    assert question.issued == read("facturas de marzo", TODAY).issued
