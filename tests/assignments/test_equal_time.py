"""Asking for a client takes as long whether or not there is such a client."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, insert, select

from bot.accounts.store import assignment_table, client_table, contract_table
from bot.assignments import service
from bot.assignments.model import Wanted
from bot.assignments.store import request
from tests.assignments.street import Street
from tests.contacts.office import ANA, AREA, LUNA, NOW
from tests.equal_time import ASKED_OF_EACH, check_equal_time

FIRST, OTHERS = 1000, 500_000
APART = timedelta(minutes=15)
"""So long after each other that no limit gets in the way."""


def cif(number: int) -> str:
    """A valid one with a digit at its end."""
    digits = f"{number:07}"
    total = sum(map(int, digits[1::2])) + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::2])
    return f"A{digits}{-total % 10}"


def fill(street: Street) -> None:
    """Clients of the other agency with mailboxes and contracts, and as much of everything as a real database has."""
    numbers = range(FIRST, FIRST + ASKED_OF_EACH)
    known = {"identifier_kind": "cif", "name": "Una", "address": "", "search_text": "una", "email": "una@una.example"}
    ran = {"supply_point_id": 1, "product": "Gas", "starts_on": date(2024, 1, 1)}
    since = {"agency_id": LUNA, "valid_from": NOW}
    with street.database.writing() as connection:
        connection.execute(insert(client_table), [known | {"id": n, "identifier": cif(n)} for n in numbers])
        connection.execute(insert(contract_table), [ran | {"number": f"N-{n}", "client_id": n} for n in numbers])
        connection.execute(insert(assignment_table), [since | {"client_id": n} for n in numbers])


def test_a_client_that_is_there_and_one_that_is_not_take_as_long(street: Street) -> None:
    fill(street)
    session = street.sign_in(ANA)
    with street.database.writing() as connection:

        def question(is_there: bool, number: int) -> None:
            place = number % ASKED_OF_EACH
            wanted = Wanted(cif(FIRST + place + (0 if is_there else OTHERS)), f"N-{FIRST + place}")
            service.ask(connection, AREA, session, wanted, street.now + number * APART)

        check_equal_time(question)
        there, asked = connection.execute(select(func.count(request.client_id), func.count(request.id))).one()
    assert asked == 2 * there > 0, "as many were there as were not"
