"""Which days an expression of time means, depending on the day on which it is said."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.invoices.model import Period
from bot.questions.model import NO_FIRST, NO_LAST
from bot.questions.reading import read
from bot.questions.vocabulary import vocabulary

MONTHS = vocabulary().months
NOW = ["este mes", "esta semana", "este año", "este trimestre", "este semestre", "hoy", "los últimos 3 meses"]
PAST = ["el mes pasado", "la semana pasada", "el año pasado", "el último trimestre", "el semestre anterior", "ayer"]
DAYS = st.dates(date(2005, 1, 1), date(2060, 12, 31))


def issued(said: str, today: date) -> Period | None:
    return read(f"facturas {said}", today).issued


def due(said: str, today: date) -> Period | None:
    return read(f"facturas {said}", today).due


def days(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("today", "said", "first", "last"),
    [
        ("2026-11-20", "de diciembre", "2025-12-01", "2025-12-31"),
        ("2026-12-01", "de diciembre", "2026-12-01", "2026-12-31"),
        ("2026-01-10", "de diciembre", "2025-12-01", "2025-12-31"),
        ("2026-01-10", "del mes pasado", "2025-12-01", "2025-12-31"),
        ("2026-01-10", "del último trimestre", "2025-10-01", "2025-12-31"),
        ("2026-01-10", "de marzo del año pasado", "2025-03-01", "2025-03-31"),
        ("2026-02-10", "de enero a marzo", "2026-01-01", "2026-03-31"),
        ("2026-06-10", "de noviembre a febrero", "2025-11-01", "2026-02-28"),
        ("2026-12-10", "de noviembre a enero", "2025-11-01", "2026-01-31"),
        ("2026-06-10", "de noviembre a febrero de 2024", "2023-11-01", "2024-02-29"),
        ("2026-06-10", "de noviembre de 2024 a febrero", "2024-11-01", "2025-02-28"),
        ("2026-06-10", "de marzo a enero", "2025-03-01", "2026-01-31"),
        ("2026-03-20", "de marzo y abril", "2026-03-01", "2026-04-30"),
        ("2026-03-31", "de los últimos 3 meses", "2025-12-31", "2026-03-31"),
        ("2024-03-31", "del último mes", "2024-02-01", "2024-02-29"),
        ("2026-03-05", "del 20 de marzo", "2025-03-20", "2025-03-20"),
        ("2026-03-01", "de la semana pasada", "2026-02-16", "2026-02-22"),
        ("2026-03-05", "del día 20", "2026-02-20", "2026-02-20"),
        ("2026-03-05", "del 1 al 15", "2026-03-01", "2026-03-15"),
        ("2026-05-31", "de hace 3 meses", "2026-02-01", "2026-02-28"),
        ("2026-05-15", "del 29 de febrero", "2024-02-29", "2024-02-29"),
    ],
)
def test_days_of_issue(today: str, said: str, first: str, last: str) -> None:
    assert issued(said, date.fromisoformat(today)) == days(first, last)


@pytest.mark.parametrize(
    ("today", "said", "first", "last"),
    [
        ("2026-02-20", "que vencen en marzo", "2026-03-01", "2026-03-31"),
        ("2026-11-20", "que vencen en enero", "2027-01-01", "2027-01-31"),
        ("2026-05-15", "que vencen en diciembre", "2025-12-01", "2025-12-31"),
        ("2026-02-20", "que vencieron en marzo", "2025-03-01", "2025-03-31"),
        ("2026-05-20", "que vencen el 5", "2026-06-05", "2026-06-05"),
        ("2026-05-15", "que vencen el lunes", "2026-05-18", "2026-05-18"),
        ("2026-12-20", "que vencen el mes que viene", "2027-01-01", "2027-01-31"),
        ("2026-05-15", "con vencimiento entre el 1 y el 10 de junio", "2026-06-01", "2026-06-10"),
        ("2026-05-15", "con vencimiento de 2027", "2027-01-01", "2027-12-31"),
    ],
)
def test_days_when_payment_is_due(today: str, said: str, first: str, last: str) -> None:
    assert due(said, date.fromisoformat(today)) == days(first, last)
    assert issued(said, date.fromisoformat(today)) is None


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("facturas del 31 de febrero", "31 de febrero"),
        ("facturas de Sol 14 del 31/11/2025", "31/11/2025"),
        ("facturas del 0 de marzo", "0 de marzo"),
        ("facturas del 2026-13-01", "2026-13-01"),
        ("facturas del quinto trimestre", "quinto trimestre"),
        ("facturas del 29 de febrero de 2025", "29 de febrero de 2025"),
        ("facturas de enero y marzo", "enero y marzo"),
        ("todas menos las de marzo", "marzo"),
    ],
)
def test_a_date_that_is_none_is_told_and_is_no_name(said: str, written: str) -> None:
    question = read(said, date(2026, 5, 15))
    assert question.unreadable == written
    assert question.issued is None
    assert question.name in ("", "Sol 14")


@settings(max_examples=150, deadline=None)
@given(today=DAYS, said=st.sampled_from(NOW))
def test_what_is_now_holds_today(today: date, said: str) -> None:
    period = issued(f"de {said}", today)
    assert period is not None
    assert period.first <= today <= period.last


@settings(max_examples=150, deadline=None)
@given(today=DAYS, said=st.sampled_from(PAST))
def test_what_is_past_ended_before_today(today: date, said: str) -> None:
    period = issued(f"de {said}", today)
    assert period is not None
    assert period.first <= period.last < today


@settings(max_examples=200, deadline=None)
@given(today=DAYS, month=st.integers(1, 12))
def test_a_month_is_the_latest_that_has_begun(today: date, month: int) -> None:
    period = issued(f"de {MONTHS[month - 1]}", today)
    assert period is not None
    assert (period.first.month, period.first.day) == (month, 1)
    assert period.last.day == monthrange(period.last.year, month)[1]
    assert today - timedelta(days=366) < period.first <= today


@settings(max_examples=200, deadline=None)
@given(today=DAYS, first=st.integers(1, 12), last=st.integers(1, 12))
def test_a_range_of_months_runs_forward_and_has_begun(today: date, first: int, last: int) -> None:
    period = issued(f"de {MONTHS[first - 1]} a {MONTHS[last - 1]}", today)
    assert period is not None
    assert (period.first.month, period.last.month) == (first, last)
    assert period.first <= today
    assert period.last - period.first < timedelta(days=366)


@settings(max_examples=200, deadline=None)
@given(today=DAYS, one=DAYS, other=DAYS)
def test_dates_as_they_are_written_are_read_back_in_their_order(today: date, one: date, other: date) -> None:
    said = f"entre el {one:%d/%m/%Y} y el {other.day} de {MONTHS[other.month - 1]} de {other.year}"
    assert issued(said, today) == Period(min(one, other), max(one, other))


@settings(max_examples=100, deadline=None)
@given(today=DAYS, day=DAYS)
def test_half_open_periods_have_one_end(today: date, day: date) -> None:
    said = f"{day:%d/%m/%Y}"
    assert issued(f"desde el {said}", today) == Period(day, NO_LAST)
    assert issued(f"hasta el {said}", today) == Period(NO_FIRST, day)
    assert issued(f"antes del {said}", today) == Period(NO_FIRST, day - timedelta(days=1))
    assert issued(f"después del {said}", today) == Period(day + timedelta(days=1), NO_LAST)
