"""Dates, amounts, identifiers and words as offices write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.imports.fields import cents_of, cups_of, day_of, identifier_of, moment_at_start_of, text_of, word_of
from bot.imports.model import BadValue


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("1.234,56", 123456),
        ("1234.56", 123456),
        ("1234,56", 123456),
        ("1.234", 123400),
        ("1.234.567,8", 123456780),
        ("12", 1200),
        ("0,05", 5),
        ("-3,10", -310),
        (" 45,00 € ", 4500),
    ],
)
def test_amounts_are_read_as_spain_and_as_machines_write_them(written: str, cents: int) -> None:
    assert cents_of("amount", written) == cents


@pytest.mark.parametrize(
    "written",
    ["", "doce", "1,234.56", "1.23.45", "1.2345", "12,345", "1e5", "--3", "1 2", "9" * 5000, "999999999999999"],
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(BadValue, match=r"^amount"):
        cents_of("amount", written)


@pytest.mark.parametrize("written", ["2026-03-05", "05/03/2026", "5/3/2026", "05-03-2026", " 5.3.2026 "])
def test_dates_are_read_as_spain_and_as_iso_write_them(written: str) -> None:
    assert day_of("due_on", written) == "2026-03-05"


@pytest.mark.parametrize("written", ["", "2026-02-30", "31/04/2026", "5/3/26", "2026/03/05", "05/03-2026", "mañana"])
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(BadValue, match=r"^due_on"):
        day_of("due_on", written)


def test_a_day_begins_at_midnight_in_spain() -> None:
    assert moment_at_start_of("2026-07-01") == "2026-06-30 22:00:00.000000"
    assert moment_at_start_of("2026-01-01") == "2025-12-31 23:00:00.000000"


@pytest.mark.parametrize(
    ("written", "found"),
    [("12.345.678-z", ("nif", "12345678Z")), ("X1234567L", ("nie", "X1234567L")), ("b-12345674", ("cif", "B12345674"))],
)
def test_identifiers_are_read_however_they_are_written(written: str, found: tuple[str, str]) -> None:
    assert identifier_of("client", written) == found


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("12345678A", "wrong letter"),
        ("B12345678", "wrong check digit"),
        ("1234567Z", "too short"),
        ("12345678ZZ", "too long"),
        ("", "empty"),
        ("٣٤٥٦٧٨٩١Z", "wrong format"),
    ],
)
def test_a_wrong_identifier_is_told_what_is_wrong(written: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        identifier_of("client", written)


def test_a_supply_point_s_letters_are_checked() -> None:
    assert cups_of("cups", "es0021 0000 1234 5678 lb") == "ES0021000012345678LB"
    with pytest.raises(BadValue, match="wrong letter"):
        cups_of("cups", "ES0021000012345678LA")


def test_words_are_taken_in_both_languages() -> None:
    assert [word_of("state", word) for word in ("Vencida", "OVERDUE", "devuelta")] == ["overdue", "overdue", "returned"]
    assert word_of("energy", "Eléctrico") == "electricity"
    with pytest.raises(BadValue, match="none of"):
        word_of("state", "perdida")


@pytest.mark.parametrize("written", ["", "   ", "x" * 11, "a\tb", "a\x00b", "a\nb"])
def test_a_text_is_one_line_that_fits(written: str) -> None:
    with pytest.raises(BadValue, match=r"^name"):
        text_of("name", written, 10)


@pytest.mark.parametrize("read", [day_of, identifier_of, cents_of, word_of])
def test_a_reason_shows_no_control_characters(read: Callable[[str, str], object]) -> None:
    with pytest.raises(BadValue) as refused:
        read("state", "\x1b[31m" + "x" * 5000)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 150
