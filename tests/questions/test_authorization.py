"""Sentences that authorize somebody are read into their parts, whatever is written and in whatever order."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.accounts.model import Role
from bot.questions.authorization import Authorization, Part, contact_meant, read_authorization
from bot.questions.person_names import Name, split_name
from tests.questions.sentences import table

TODAY = date(2026, 11, 22)
SENTENCES = table("authorization.yml")
WORDS = sorted({word for said, _ in SENTENCES for word in said.split()})
DAYS = st.dates(date(2000, 1, 1), date(2080, 12, 31))


def shorthand(said: Authorization) -> dict[str, Any]:
    """What was said, as the table has it."""
    whole: dict[str, Any] = {
        "first": said.name.first_name,
        "surnames": said.name.surnames,
        "problem": said.problem.value if said.problem else None,
        "email": said.email,
        "role": said.role.value if said.role else None,
        "until": said.until.isoformat() if said.until else None,
        "endless": said.is_endless,
        "clients": list(said.clients),
        "all_clients": said.all_clients,
        "unreadable": sorted(map(str, said.unreadable)),
        "question": said.is_question,
        "how": said.asks_how,
    }
    if said.kind is not None:
        whole[said.kind.value] = said.identifier
    return {part: value for part, value in whole.items() if value}


@pytest.mark.parametrize(("said", "meaning"), SENTENCES, ids=[said for said, _ in SENTENCES])
def test_a_sentence_is_read(said: str, meaning: dict[str, Any]) -> None:
    assert shorthand(read_authorization(said, TODAY)) == meaning


def test_the_table_is_long_and_says_nothing_twice() -> None:
    said = [sentence for sentence, _ in SENTENCES]
    assert len(said) >= 80
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("said", "first_name", "surnames"),
    [
        ("marta", "Marta", ""),
        ("paco ruiz", "Paco", "Ruiz"),
        ("Luz", "Luz", ""),
        ("es Marta Ruiz Gil", "Marta", "Ruiz Gil"),
    ],
)
def test_a_name_that_was_asked_for_may_be_a_single_small_word(said: str, first_name: str, surnames: str) -> None:
    name = read_authorization(said, TODAY, expected=Part.NAME).name
    assert (name.first_name, name.surnames) == (first_name, surnames)


def test_a_number_without_its_letter_counts_only_when_it_was_asked_for() -> None:
    assert read_authorization("12345678", TODAY, expected=Part.IDENTIFIER).identifier == "12345678"
    assert read_authorization("llama al 612345678", TODAY).identifier == ""


@pytest.mark.parametrize(("said", "day"), [("junio", date(2027, 6, 30)), ("el 31/12", date(2026, 12, 31))])
def test_a_day_that_was_asked_for_needs_no_word_before_it(said: str, day: date) -> None:
    assert read_authorization(said, TODAY, expected=Part.UNTIL).until == day
    assert read_authorization(said, TODAY).until is None


def test_a_client_that_was_asked_for_may_be_any_words() -> None:
    assert read_authorization("sol 14", TODAY, expected=Part.CLIENTS).clients == ("sol 14",)
    assert read_authorization("todos", TODAY, expected=Part.CLIENTS).all_clients
    assert read_authorization("no", TODAY, expected=Part.CLIENTS).clients == ()


@pytest.mark.parametrize(
    ("today", "last"), [(date(2026, 6, 15), date(2026, 6, 30)), (date(2026, 7, 1), date(2027, 6, 30))]
)
def test_a_month_is_the_next_one_that_has_not_passed(today: date, last: date) -> None:
    assert read_authorization("solo lectura hasta junio", today).until == last


@pytest.mark.parametrize(
    ("said", "words", "is_sure"),
    [
        ("quítale el acceso a Luis ya", ("Luis",), True),
        ("pásame a Sandra López a consulta", ("Sandra López",), True),
        ("desactivame a ismael plis", ("Ismael",), False),
        ("da de baja el contacto 43920640R", ("43920640R",), True),
        ("desactivar un contacto", (), False),
        ("quítale el acceso", (), False),
    ],
)
def test_who_is_meant(said: str, words: tuple[str, ...], is_sure: bool) -> None:
    meant = contact_meant(said, TODAY)
    assert (meant.words, meant.is_sure) == (words, is_sure)


@pytest.mark.parametrize(
    ("written", "first_name", "surnames"),
    [
        ("Marta", "Marta", ""),
        ("Marta Ruiz", "Marta", "Ruiz"),
        ("Marta Ruiz Gil", "Marta", "Ruiz Gil"),
        ("José Luis Martín", "José Luis", "Martín"),
        ("Ana de la Torre", "Ana", "de la Torre"),
        ("", "", ""),
    ],
)
def test_a_name_has_two_parts(written: str, first_name: str, surnames: str) -> None:
    assert split_name(tuple(written.split())) == Name(first_name, surnames)


@pytest.mark.parametrize(
    ("said", "alone"),
    [
        ("no, hasta el 31 de marzo", True),
        ("mejor solo lectura, por favor", True),
        ("Marta Ruiz", True),
        ("mis facturas hasta el 31 de marzo", False),
        ("el total de las facturas", False),
    ],
)
def test_it_is_known_whether_anything_else_is_said(said: str, alone: bool) -> None:
    assert read_authorization(said, TODAY).stands_alone is alone


def well_formed(said: Authorization) -> bool:
    return (said.identifier == "") == (said.kind is None) and said.name.whole == said.name.whole.strip()


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=300), today=DAYS, expected=st.sampled_from([None, *Part]))
def test_any_text_is_read(text: str, today: date, expected: Part | None) -> None:
    assert well_formed(read_authorization(text, today, expected=expected))
    contact_meant(text, today)


@settings(max_examples=400, deadline=None)
@given(
    text=st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
    today=DAYS,
    expected=st.sampled_from([None, *Part]),
)
def test_any_jumble_of_our_words_is_read_the_same_way_twice(text: str, today: date, expected: Part | None) -> None:
    said = read_authorization(text, today, expected=expected)
    assert well_formed(said)
    assert read_authorization(text, today, expected=expected) == said


@settings(max_examples=100, deadline=None)
@given(order=st.permutations(["Marta Ruiz", "12345678Z", "marta@ejemplo.es", "solo lectura", "hasta el 31/12"]))
def test_the_order_of_the_parts_does_not_matter(order: list[str]) -> None:
    said = read_authorization(f"autoriza: {', '.join(order)}", TODAY)
    assert (said.name.whole, said.identifier, said.email) == ("Marta Ruiz", "12345678Z", "marta@ejemplo.es")
    assert (said.role, said.until) == (Role.READ_ONLY, date(2026, 12, 31))


@pytest.mark.parametrize(
    "piece", ["a ", "de ", "Sol y ", "no ", "hasta ", "comunidad ", "x@", "12345678Z ", "arroba ", "a punto "]
)
def test_a_long_text_takes_no_longer_than_a_moment(piece: str) -> None:
    text = (piece * 2000)[:2000]
    began = time.process_time()
    read_authorization(text, TODAY)
    assert time.process_time() - began < 0.2
