"""Amounts and days as people in Spain write them."""

from __future__ import annotations

from datetime import date

import pytest

from bot.accounts.model import Energy
from bot.invoices.model import State
from bot.invoices.wording import day, euros, month, short_day, texts


@pytest.mark.parametrize(
    ("cents", "written"),
    [
        (0, "0,00 €"),
        (5, "0,05 €"),
        (123456, "1.234,56 €"),
        (100_000_000, "1.000.000,00 €"),
        (-123456, "-1.234,56 €"),
        (-7, "-0,07 €"),
    ],
)
def test_euros(cents: int, written: str) -> None:
    assert euros(cents) == written


def test_days() -> None:
    assert day(date(2026, 3, 3)) == "3 de marzo de 2026"
    assert short_day(date(2026, 3, 3)) == "03/03/2026"
    assert month(date(2026, 12, 31)) == "diciembre de 2026"


def test_every_month_state_and_energy_has_its_word() -> None:
    assert len(set(texts()["months"])) == 12
    assert set(texts()["states"]) == set(texts()["summary"]["situations"]) == set(State)
    assert set(texts()["energies"]) == set(Energy)
