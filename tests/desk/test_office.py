"""When the office is open, and how its opening is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.desk.model import email_in, phone_in
from bot.desk.office import opening_in_words, read_office, wait_in_words
from bot.settings import BadSetting

COMPANY = {"office_days": "lunes a viernes", "office_hours": "09:00-14:00, 15:00-18:00", "office_region": "MD"}
OFFICE = read_office(COMPANY)


def at(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{clock}:00+00:00").astimezone(UTC) - timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "clock", "is_open"),
    [
        ("11-25", "09:00", True),
        ("11-25", "08:59", False),
        ("11-25", "14:30", False),  # lunch
        ("11-25", "17:59", True),
        ("11-25", "18:00", False),
        ("11-28", "10:00", False),  # Saturday
        ("12-08", "10:00", False),  # a holiday of all Spain
        ("12-09", "10:00", True),
    ],
)
def test_it_is_open_in_its_hours_without_lunch_and_holidays(day: str, clock: str, is_open: bool) -> None:
    assert OFFICE.is_open(at(day, clock)) is is_open


@pytest.mark.parametrize(
    ("day", "clock", "words"),
    [
        ("11-25", "08:00", "hoy a las 9:00"),
        ("11-25", "14:10", "hoy a las 15:00"),
        ("11-25", "23:00", "mañana jueves a las 9:00"),
        ("11-27", "19:00", "el lunes 30 de noviembre a las 9:00"),
        ("12-07", "19:00", "el miércoles 9 de diciembre a las 9:00"),
    ],
)
def test_the_next_opening_is_said_as_people_do(day: str, clock: str, words: str) -> None:
    now = at(day, clock)
    assert opening_in_words(OFFICE.opens_at(now), now) == words


def test_an_office_that_never_closes_is_open() -> None:
    assert read_office(COMPANY | {"office_hours": "siempre"}).is_open(at("12-25", "03:00"))


@pytest.mark.parametrize(
    "wrong",
    [{"office_hours": "mañanas"}, {"office_hours": "18:00-09:00"}, {"office_days": "x"}, {"office_region": "ZZ"}],
)
def test_what_cannot_be_read_is_told(wrong: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="COMPANY_FILE"):
        read_office(COMPANY | wrong)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "menos de un minuto"), (70, "alrededor de un minuto"), (300, "unos 5 minutos"), (7200, "unas 2 horas")],
)
def test_a_wait_is_said_roundly(seconds: int, words: str) -> None:
    assert wait_in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("llámame al 600 12 31 23", "600123123"),
        ("+34 912-100-100", "912100100"),
        ("+351 912 345 678", "+351912345678"),
        ("mi NIF es 12345678Z", None),
        ("el CUPS ES0021000000000001AB", None),
    ],
)
def test_a_telephone_number_is_found(text: str, phone: str | None) -> None:
    assert phone_in(text) == phone


def test_a_mailbox_is_found() -> None:
    assert email_in("a Ana.Gil+luz@Gestoria.example, gracias") == "ana.gil+luz@gestoria.example"
    assert email_in("arroba") is None
