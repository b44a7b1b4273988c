"""What a follow-up means after the question that it continues."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.questions.merging import merged
from bot.questions.model import Question, Subject, Wish
from bot.questions.reading import read
from tests.questions.sentences import TODAY, shorthand, table
from tests.questions.test_saved import QUESTIONS

SAID = [said for said, _ in table("sentences.yml")]
READ = st.sampled_from(SAID).map(lambda said: read(said, TODAY))
MARCH, FEBRUARY = "2026-03-01..2026-03-31", "2026-02-01..2026-02-28"


def asked(*said: str) -> dict[str, Any]:
    question = read(said[0], TODAY)
    for sentence in said[1:]:
        question = merged(question, read(sentence, TODAY))
    return shorthand(question)


def parts(**values: Any) -> dict[str, Any]:
    return {"subject": "invoices", **values}


def payment(name: str, day: int) -> dict[str, Any]:
    return {"subject": "payment_day", "wish": "choose", "name": name, "day": day}


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        (("facturas de marzo de Sol 14", "¿y las de febrero?"), parts(name="Sol 14", issued=FEBRUARY)),
        (("facturas de marzo de Sol 14", "solo las vencidas"), parts(name="Sol 14", issued=MARCH, states=["overdue"])),
        (("facturas vencidas de Sol 14", "¿y las pagadas?"), parts(name="Sol 14", states=["paid"])),
        (("facturas vencidas de Sol 14", "enséñame todas"), parts(name="Sol 14", unfiltered=True)),
        (("facturas vencidas de marzo de más de 300 euros", "sin filtrar"), parts(issued=MARCH, unfiltered=True)),
        (("facturas vencidas de Sol 14", "enséñame todas", "solo las pagadas"), parts(name="Sol 14", states=["paid"])),
        (("facturas de marzo de Sol 14", "¿y de Goya 23?"), parts(name="Goya 23", issued=MARCH)),
        (("facturas de B12345674", "y de Goya 23?"), parts(name="Goya 23")),
        (("facturas de Sol 14", "y de B12345674"), parts(identifier="B12345674")),
        (("facturas de Sol 14", "¿y de gas?"), parts(name="Sol 14", energy="gas")),
        (("facturas de Sol 14 de más de 300", "de menos de 100 euros"), parts(name="Sol 14", most_cents=10000)),
        (("facturas de marzo", "las que vencen en junio"), parts(due="2026-06-01..2026-06-30")),
        (("facturas de marzo", "¿y cuánto suman?"), parts(issued=MARCH, wish="total")),
        (("¿cuánto debe Sol 14?", "¿y Goya 23?"), parts(name="Goya 23", wish="total", states=["unpaid"])),
        (("cuánto suman las facturas de marzo", "¿y las de febrero?"), parts(issued=FEBRUARY, wish="total")),
        (("cuánto suman las facturas de marzo", "enséñamelas"), parts(issued=MARCH)),
        (("facturas de marzo", "en excel"), parts(issued=MARCH, wish="sheet")),
        (("facturas de marzo", "en excel", "¿y las de febrero?"), parts(issued=FEBRUARY, wish="sheet")),
        (("facturas vencidas de marzo", "descárgalas todas"), parts(issued=MARCH, states=["overdue"], wish="archive")),
        (("facturas de marzo", "la segunda"), parts(issued=MARCH, ordinals=[2], wish="open")),
        (("facturas de marzo", "la segunda", "descárgala"), parts(issued=MARCH, ordinals=[2], wish="download")),
        (("facturas de marzo", "la segunda", "¿y las de febrero?"), parts(issued=FEBRUARY)),
        (("facturas de marzo", "descárgala", "la segunda"), parts(issued=MARCH, ordinals=[2], wish="download")),
        (("facturas de marzo", "descarga la segunda", "la 3"), parts(issued=MARCH, ordinals=[3], wish="open")),
        (("facturas de marzo", "la segunda", "en excel"), parts(issued=MARCH, wish="sheet")),
        (("la FE2603-000123", "descárgala"), parts(number="FE2603-000123", wish="download")),
        (("la FE2603-000123", "¿y las de marzo?"), parts(issued=MARCH)),
        (("facturas de marzo", "más"), parts(issued=MARCH, wish="more")),
        (("facturas de marzo", "más", "solo las vencidas"), parts(issued=MARCH, states=["overdue"])),
        (("la última factura de Sol", "¿y de Goya 23?"), parts(name="Goya 23", limit=1, order="newest", wish="open")),
        (("la última factura de Sol 14", "¿y las de marzo?"), parts(name="Sol 14", issued=MARCH)),
        (("las últimas 5 facturas de Sol 14", "¿y de Goya 23?"), parts(name="Goya 23", limit=5, order="newest")),
        (
            ("facturas vencidas de gas de Sol 14", "¿y sus contratos?"),
            parts(subject="contracts", name="Sol 14", energy="gas"),
        ),
        (
            ("facturas vencidas de Sol 14", "ordénalas por importe"),
            parts(name="Sol 14", states=["overdue"], order="largest"),
        ),
        (("facturas vencidas", "por importe", "por fecha"), parts(states=["overdue"], order="newest")),
        (
            ("facturas vencidas", "de menor a mayor", "¿y las de marzo?"),
            parts(states=["overdue"], issued=MARCH, order="smallest"),
        ),
        (
            ("facturas vencidas", "por vencimiento", "en excel"),
            parts(states=["overdue"], order="due_first", wish="sheet"),
        ),
        (("la factura más cara de Sol 14", "por fecha"), parts(name="Sol 14", order="newest")),
        (("facturas del 31 de febrero de Sol 14", "las de febrero"), parts(name="Sol 14", issued=FEBRUARY)),
        (("pon el día de pago de Sol 14 al 5", "mejor al 20"), payment("Sol 14", 20)),
        (("cambiar el día de pago de Sol 14", "el 15"), payment("Sol 14", 15)),
        (("cambiar el día de pago de Sol 14", "el día 15"), payment("Sol 14", 15)),
        (("pon el día de pago de Sol 14 al 5", "y el de Goya 23"), payment("Goya 23", 5)),
    ],
    ids=lambda value: " | ".join(value) if isinstance(value, tuple) else "",
)
def test_a_follow_up_changes_its_own_part(said: tuple[str, ...], meaning: dict[str, Any]) -> None:
    assert asked(*said) == meaning


@settings(max_examples=300, deadline=None)
@given(before=QUESTIONS, follow=READ)
def test_saying_it_twice_changes_nothing_more(before: Question, follow: Question) -> None:
    once = merged(before, follow)
    assert merged(once, follow) == once


@given(before=QUESTIONS, follow=QUESTIONS)
def test_what_is_said_now_counts(before: Question, follow: Question) -> None:
    result = merged(before, follow)
    assert not result.follow_up
    assert result.subject == (follow.subject or before.subject)
    assert result.energy == (follow.energy or before.energy)
    assert result.who == (follow.who if any(follow.who) else before.who)
    if result.subject is not Subject.PAYMENT_DAY and (follow.issued or follow.due):
        assert (result.issued, result.due) == (follow.issued, follow.due)
    if follow.unfiltered:
        assert not result.states


@given(before=QUESTIONS)
def test_an_empty_follow_up_changes_no_filter(before: Question) -> None:
    result = merged(before, Question())
    assert replace(result, wish=before.wish, wish_said=before.wish_said) == replace(
        before, follow_up=False, unreadable=""
    )


@given(before=QUESTIONS, follow=QUESTIONS)
def test_another_subject_keeps_only_the_client_and_the_energy(before: Question, follow: Question) -> None:
    before, follow = replace(before, subject=Subject.INVOICES), replace(Question(), subject=Subject.CONTRACTS)
    result = merged(before, follow)
    expected = Question(
        subject=Subject.CONTRACTS,
        name=before.name,
        identifier=before.identifier,
        cups=before.cups,
        energy=before.energy,
    )
    assert replace(result, wish=Wish.LIST, wish_said=False) == expected
