"""Fifteen working days, by the holidays of the place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import holidays
import pytest

from bot.area import Area
from bot.database import Database, migrate
from bot.procedures import deadlines
from bot.procedures.deadlines import (
    REGIONS,
    deadline_of,
    is_working_day,
    read_local_calendar,
    region_of,
    region_of_address,
)
from bot.procedures.model import Kind
from bot.procedures.service import Opening, open_procedure
from bot.settings import BadSetting
from tests.procedures.calendars import LOCAL, REGIONAL, expected_deadline, official

AREA = Area("https://area.example", b"secret")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES_OF_OPENINGS = 700 * 24 * 60
PLACES = [(None, None), *((region, None) for region in REGIONAL), *((LOCAL[name][0], name) for name in LOCAL)]


@pytest.mark.parametrize("year", [2026, 2027])
@pytest.mark.parametrize("region", [None, *REGIONAL])
def test_the_library_has_the_days_that_we_wrote_down(year: int, region: str | None) -> None:
    assert set(holidays.country_holidays("ES", subdiv=region, years=year)) == official(year, region)


@pytest.mark.parametrize("name", LOCAL)
def test_the_four_towns_have_two_days_of_their_own_a_year(name: str) -> None:
    region, days = LOCAL[name]
    known = deadlines.local_calendar().localities[name.lower()]
    assert known.region == region == region_of(name.upper())
    assert known.days == {date.fromisoformat(day) for day in days}


def test_a_thousand_procedures_are_due_when_a_count_by_hand_says(tmp_path: Path) -> None:
    random, database = Random(7), Database(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(database)
    with database.writing() as connection:
        for _ in range(1000):
            opened_at = FIRST + random.randrange(MINUTES_OF_OPENINGS) * (datetime.resolution * 60_000_000)
            region, locality = random.choice(PLACES)
            opening = Opening(Kind.QUESTION, "web:here", region=region, locality=locality)
            opened = open_procedure(connection, AREA, opening, opened_at)
            assert opened.deadline_on == expected_deadline(opened_at, region, locality), (opened_at, region, locality)
    database.close()


@pytest.mark.parametrize(
    ("opened_at", "last_day"),
    [
        (datetime(2026, 11, 23, 9, tzinfo=UTC), date(2026, 12, 16)),
        (datetime(2026, 11, 20, 22, 59, tzinfo=UTC), date(2026, 12, 15)),
        (datetime(2026, 11, 21, 23, 30, tzinfo=UTC), date(2026, 12, 15)),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), date(2026, 12, 16)),
    ],
)
def test_the_day_of_opening_in_madrid_does_not_count(opened_at: datetime, last_day: date) -> None:
    """From Monday 23 November: without the 7th and the 8th of December, 15 days end on Wednesday 16."""
    assert deadline_of(opened_at, "MD") == last_day


def test_the_canaries_are_an_hour_behind() -> None:
    half_past_midnight_on_monday_in_madrid = datetime(2026, 6, 14, 22, 30, tzinfo=UTC)
    assert deadline_of(half_past_midnight_on_monday_in_madrid, "CN") == date(2026, 7, 3)
    assert deadline_of(half_past_midnight_on_monday_in_madrid) == date(2026, 7, 6)


def test_a_place_that_is_not_known_makes_the_day_come_earlier_never_later() -> None:
    for minute in range(0, MINUTES_OF_OPENINGS, 1441):
        opened_at = FIRST + minute * (datetime.resolution * 60_000_000)
        for name, (region, _) in LOCAL.items():
            assert deadline_of(opened_at) <= deadline_of(opened_at, region) <= deadline_of(opened_at, region, name)


def test_a_town_s_days_do_not_count_in_another_region() -> None:
    almudena = date(2026, 11, 9)
    assert not is_working_day(almudena, "MD", " MADRID ")
    assert is_working_day(almudena, "MD", "Getafe")
    assert is_working_day(almudena, "CT", "Madrid")
    assert is_working_day(almudena, None, "Madrid")


@pytest.mark.parametrize("region", ["", "XX", "md", "Madrid"])
def test_there_is_no_such_region(region: str) -> None:
    with pytest.raises(ValueError, match="no region"):
        deadline_of(FIRST, region)


@pytest.fixture
def operator_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "local_holidays.yml"
    monkeypatch.setattr("bot.procedures.deadlines.local_calendar", lambda: read_local_calendar(file))
    deadlines.holidays_of.cache_clear()
    yield file
    deadlines.holidays_of.cache_clear()


def test_the_operator_corrects_a_region_and_adds_a_town(operator_file: Path) -> None:
    operator_file.write_text(
        "localities: {L'Hospitalet: {region: CT, days: [2027-02-08]}}\n"
        "regions: {MD: {also: [2027-07-26], never: [2027-03-19]}}"
    )
    assert not is_working_day(date(2027, 7, 26), "MD")
    assert is_working_day(date(2027, 3, 19), "MD")
    assert is_working_day(date(2027, 7, 26), "CT")
    assert not is_working_day(date(2027, 2, 8), "CT", "l'hospitalet")


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of the setting."""
    file = tmp_path / "holidays.yml"
    monkeypatch.setenv("HOLIDAYS_FILE", str(file))
    for kept in (deadlines.local_calendar, deadlines.holidays_of):
        kept.cache_clear()
    yield file
    for kept in (deadlines.local_calendar, deadlines.holidays_of):
        kept.cache_clear()


def test_a_file_of_the_operator_s_own_is_laid_over_ours(own_file: Path) -> None:
    own_file.write_text("regions: {ES: {also: [2027-04-30]}, MD: {also: [2027-07-26], never: [2027-03-19]}}")
    assert not is_working_day(date(2027, 7, 26), "MD")
    assert is_working_day(date(2027, 3, 19), "MD")
    assert not is_working_day(date(2027, 3, 19), "PV")
    for region in (None, "MD", "CT"):
        assert not is_working_day(date(2027, 4, 30), region)
    assert region_of("Sevilla") == "AN", "what it does not speak of stays as it was"


def test_a_file_of_the_operator_s_own_that_is_wrong_is_told_with_its_setting(own_file: Path) -> None:
    own_file.write_text("regions: {XX: {}}")
    with pytest.raises(BadSetting, match=r"HOLIDAYS_FILE: holidays\.yml"):
        deadlines.local_calendar()


def test_what_it_says_of_a_town_takes_the_place_of_ours(own_file: Path) -> None:
    own_file.write_text("localities: {Sevilla: {region: AN, days: [2027-04-21, 2027-05-27]}}")
    assert is_working_day(date(2027, 4, 14), "AN", "Sevilla")
    assert not is_working_day(date(2027, 4, 21), "AN", "sevilla")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localities: [",
        "regiones: {MD: {also: [2027-07-26]}}",
        "localities: {Madrid: [2026-05-15]}\nregions: {}",
        "localities: {Madrid: {region: XX, days: []}}\nregions: {}",
        "localities: {Madrid: {region: MD, days: [15 de mayo]}}\nregions: {}",
        "localities: {Madrid: {region: MD, days: 2026-05-15}}\nregions: {}",
        "localities: {Madrid: {region: MD}}\nregions: {}",
        "localities: {}\nregions: {MD: {also: [2026-05-15 10:00:00]}}",
        "localities: {}\nregions: {Madrid: {also: []}}",
    ],
)
def test_a_file_that_is_wrong_says_so_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "local_holidays.yml"
    file.write_text(text)
    with pytest.raises(BadSetting, match=r"local_holidays\.yml") as problem:
        read_local_calendar(file)
    assert "\n" not in str(problem.value)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="nowhere"):
        read_local_calendar(tmp_path / "nowhere.yml")


def test_every_province_lies_in_a_region_and_every_region_has_one() -> None:
    regions = {region_of_address(f"Calle Sol, 3, {province:02}013 Villa") for province in range(1, 53)}
    assert regions == REGIONS


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("Calle Sol, 3, 28013 Madrid", "MD"),
        ("Rúa Nova, 15004 A Coruña", "GA"),
        ("Plaza 2, 01001 Vitoria", "PV"),
        ("Calle Sol, 3, Madrid", None),
        ("Calle 99999", None),
        ("Apartado 128013", None),
        ("", None),
    ],
)
def test_the_postcode_of_an_address_says_its_region(address: str, region: str | None) -> None:
    assert region_of_address(address) == region
