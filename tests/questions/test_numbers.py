"""Numbers as they are written and said."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.questions.numbers import cents, whole
from bot.questions.reading import read


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1.250,50", 125050),
        ("1250,50", 125050),
        ("1,250.50", 125050),
        ("1250.5", 125050),
        ("1.250", 125000),
        ("1,250", 125000),
        ("45,3", 4530),
        ("45.30", 4530),
        ("1.250.300", 125030000),
        ("300", 30000),
        ("0,05", 5),
        ("2 mil", 200000),
        ("mil quinientos", 150000),
        ("dos mil trescientos cuarenta y cinco", 234500),
        ("cien", 10000),
        ("1234567890", None),
        ("nada", None),
    ],
)
def test_an_amount_in_cents(written: str, expected: int | None) -> None:
    assert cents(written) == expected


def test_a_number_in_words() -> None:
    assert [whole(said) for said in ("tres", "treinta y uno", "veintidos", "mil", "12", "doce mil", "azul", "")] == [
        *(3, 31, 22, 1000, 12, 12000),
        *(None, None),
    ]


@given(amount=st.integers(0, 99_999_999))
def test_any_amount_is_read_as_it_is_printed(amount: int) -> None:
    euros, hundredths = divmod(amount, 100)
    spanish = f"{euros:,}".replace(",", ".") + f",{hundredths:02}"
    assert read(f"facturas de {spanish} €", date(2026, 5, 15)).amount == (amount, amount)
    assert read(f"facturas de más de {spanish}", date(2026, 5, 15)).amount == (amount, None)
