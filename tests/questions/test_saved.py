"""A question in a slot comes back as it was, and an old or broken slot does no harm."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.accounts.model import Energy
from bot.invoices.model import Order, Period, State
from bot.questions.model import Question, Subject, Wish
from bot.questions.saved import from_json, to_json

PERIODS = st.tuples(st.dates(), st.dates()).map(lambda days: Period(min(days), max(days)))
WORDS = st.text(max_size=20)
NUMBERS = st.none() | st.integers(0, 10**9)
QUESTIONS = st.builds(
    Question,
    subject=st.none() | st.sampled_from(Subject),
    wish=st.sampled_from(Wish),
    wish_said=st.booleans(),
    issued=st.none() | PERIODS,
    due=st.none() | PERIODS,
    states=st.frozensets(st.sampled_from(State)),
    unfiltered=st.booleans(),
    least_cents=NUMBERS,
    most_cents=NUMBERS,
    number=WORDS,
    cups=WORDS,
    identifier=WORDS,
    name=WORDS,
    ordinals=st.lists(st.integers(-3, 9), max_size=3).map(tuple),
    limit=NUMBERS,
    order=st.sampled_from(Order),
    energy=st.none() | st.sampled_from(Energy),
    day=st.none() | st.integers(1, 31),
    unreadable=WORDS,
    follow_up=st.booleans(),
)


@given(question=QUESTIONS)
def test_a_question_comes_back_as_it_was(question: Question) -> None:
    assert from_json(json.loads(json.dumps(to_json(question)))) == question


def test_only_what_was_said_is_written() -> None:
    assert to_json(Question()) == {}
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    question = Question(subject=Subject.INVOICES, issued=march, states=frozenset({State.OVERDUE}), ordinals=(2,))
    assert to_json(question) == {
        "subject": "invoices",
        "issued": ["2026-03-01", "2026-03-31"],
        "states": ["overdue"],
        "ordinals": [2],
    }


@pytest.mark.parametrize(
    "broken",
    [
        {"subject": "weather"},
        {"wish": None},
        {"issued": ["2026-03-31", "2026-03-01"]},
        {"due": ["2026-02-30", "2026-03-01"]},
        {"due": "ayer"},
        {"due": 3},
        {"states": ["lost"]},
        {"states": "paid"},
        {"least_cents": "300"},
        {"most_cents": True},
        {"limit": 10**30},
        {"name": None},
        {"name": ["Sol"]},
        {"ordinals": [1.5]},
        {"ordinals": 2},
        {"follow_up": "yes"},
        {"a_key_of_tomorrow": 1},
    ],
)
def test_what_nobody_knows_is_left_out(broken: dict[str, Any]) -> None:
    assert from_json({**broken, "cups": "ES1"}) == Question(cups="ES1")


@settings(max_examples=200)
@given(
    saved=st.dictionaries(
        st.sampled_from([*Question.__dataclass_fields__, "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
            max_leaves=5,
        ),
    )
)
def test_any_json_gives_a_question(saved: dict[str, Any]) -> None:
    assert isinstance(from_json(saved), Question)
