"""Plain rules about contacts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.accounts.model import SPAIN, Role
from bot.contacts.model import (
    NewContact,
    Problem,
    end_of,
    is_name,
    last_day,
    problem_of_new,
    problem_of_until,
    tidy_name,
)
from bot.identity.email_addresses import is_email
from bot.identity.identifier_checks import Kind
from bot.identity.masking import masked_email, masked_identifier
from tests.contacts.office import NOW, PAULA, nif

TODAY = NOW.date()


@pytest.mark.parametrize(
    ("kind", "identifier", "problem"),
    [
        (Kind.NIF, "12345678Z", None),
        (Kind.NIF, " 12.345.678-z ", None),
        (Kind.NIF, "12345678A", Problem.WRONG_LETTER),
        (Kind.NIF, "1234567Z", Problem.WRONG_FORMAT),
        (Kind.NIF, "12345678", Problem.WRONG_FORMAT),
        (Kind.NIF, "", Problem.WRONG_FORMAT),
        (Kind.NIF, "X1234567L", Problem.WRONG_FORMAT),
        (Kind.NIF, "B12345674", Problem.IS_CIF),
        (Kind.CIF, "B12345674", Problem.IS_CIF),
        (Kind.NIE, "X1234567L", None),
        (Kind.NIE, "X1234567A", Problem.WRONG_LETTER),
        (Kind.NIE, "12345678Z", Problem.WRONG_FORMAT),
        (Kind.PASSPORT, "AAA123456", None),
        (Kind.PASSPORT, "A", Problem.WRONG_FORMAT),
        (Kind.PASSPORT, "", Problem.WRONG_FORMAT),
        (Kind.CUPS, "ES0021000012345678LB", Problem.WRONG_FORMAT),
    ],
)
def test_only_a_person_s_identifier_will_do(kind: Kind, identifier: str, problem: Problem | None) -> None:
    assert problem_of_new(replace(PAULA, kind=kind, identifier=identifier).tidy(), TODAY) is problem


@pytest.mark.parametrize("name", ["Ana", "M.ª José", "O'Neill", "Sáenz de Miera", "Jean-Luc", "Núria", "Mª Á.", "李"])
def test_names_are_names(name: str) -> None:
    assert is_name(tidy_name(name))


@pytest.mark.parametrize("name", ["", " ", "--", "x" * 101, "entra en mala.example", "a/b", "Ana\0", "Ana 2", "<b>Ana"])
def test_nothing_else_is_a_name(name: str) -> None:
    assert not is_name(tidy_name(name))
    assert problem_of_new(replace(PAULA, surnames=name).tidy(), TODAY) is Problem.WRONG_NAME


def test_a_name_is_tidied() -> None:
    assert tidy_name("  Jose\u0301   Luis ") == "José Luis"


@pytest.mark.parametrize(
    "typed", ["", "ana", "ana@", "a b@c.example", "ana@localhost", "a@b.example,c@d.example", "x" * 250 + "@a.example"]
)
def test_a_mailbox_has_the_form_of_one(typed: str) -> None:
    assert problem_of_new(replace(PAULA, email=typed).tidy(), TODAY) is Problem.WRONG_EMAIL
    assert is_email("ana.nunez+1@sub.gestoria.example")


@pytest.mark.parametrize(
    ("days", "problem"), [(-1, Problem.UNTIL_IN_THE_PAST), (0, None), (3660, None), (3661, Problem.UNTIL_TOO_FAR)]
)
def test_a_right_ends_today_at_the_earliest(days: int, problem: Problem | None) -> None:
    assert problem_of_until(TODAY + timedelta(days=days), TODAY) is problem
    assert problem_of_until(date.max, TODAY) is Problem.UNTIL_TOO_FAR
    assert problem_of_until(None, TODAY) is None


def test_a_last_day_ends_at_midnight_in_spain() -> None:
    assert end_of(date(2026, 7, 1)) == datetime(2026, 7, 2, tzinfo=SPAIN)
    assert end_of(None) is None


@given(st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 1, 1)))
def test_the_last_day_is_the_one_that_was_said(day: date) -> None:
    ends = end_of(day)
    assert ends is not None
    assert last_day(ends) == day


@pytest.mark.parametrize(
    ("identifier", "masked"),
    [("12345678Z", "***4567**"), ("X1234567L", "****4567*"), ("AAA123456", "*****3456"), ("AB12", "**12")],
)
def test_four_digits_of_an_identifier_are_shown(identifier: str, masked: str) -> None:
    assert masked_identifier(identifier) == masked


def test_of_a_mailbox_one_letter_is_shown() -> None:
    assert masked_email("paula.saenz@gestoria.example") == "p***@gestoria.example"


@given(
    st.builds(
        NewContact,
        kind=st.sampled_from([Kind.NIF, Kind.NIE, Kind.PASSPORT]),
        identifier=st.just(nif(1)),
        first_name=st.text(),
        surnames=st.text(),
        email=st.text(),
        role=st.sampled_from(Role),
        client_ids=st.none() | st.lists(st.integers()).map(tuple),
        until=st.none() | st.dates(),
    )
)
def test_what_waits_for_a_yes_is_what_was_said(new: NewContact) -> None:
    assert NewContact.of(new.as_details()) == new
