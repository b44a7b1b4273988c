"""Choosing the day of payment: who may, which days, whose clients, and what the audit says of it."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from bot.accounts.model import NotAllowed, NotFound, Role, Viewer
from bot.audit.model import Search
from bot.audit.service import search
from bot.database import Database
from bot.invoices.payment_day import set_payment_day
from bot.invoices.service import payment_day_of
from bot.invoices.store import payment_day_table
from tests.conftest import DEMO_DAY
from tests.invoices.test_invoices import CLIENT_OF_LLORENTE, IGNACIO, LLORENTE, found, viewer


@pytest.fixture
def empty(demo: Database) -> Database:
    with demo.writing() as connection:
        connection.execute(delete(payment_day_table))
    return demo


def choose(database: Database, day: int, contract_id: int | None = None, who: Viewer | None = None) -> None:
    mine = who or viewer(database)
    with database.writing() as connection:
        client = set_payment_day(connection, mine, CLIENT_OF_LLORENTE, contract_id, day, DEMO_DAY, "web:1")
        assert client.id == CLIENT_OF_LLORENTE


def chosen(database: Database, contract_id: int | None = None) -> int | None:
    with database.reading() as connection:
        return payment_day_of(connection, viewer(database), CLIENT_OF_LLORENTE, contract_id)


@pytest.mark.parametrize("day", [1, 28])
def test_a_client_s_day_is_chosen_and_chosen_again(empty: Database, day: int) -> None:
    choose(empty, 15)
    choose(empty, day)
    assert chosen(empty) == day


def test_a_contract_s_day_is_beside_its_client_s(empty: Database) -> None:
    contract_id = found(empty, client_id=CLIENT_OF_LLORENTE)[0].contract_id
    for day in (7, 9):
        choose(empty, day, contract_id)
    choose(empty, 3)
    assert (chosen(empty), chosen(empty, contract_id)) == (3, 9)


@pytest.mark.parametrize("day", [0, 29, -1])
def test_days_that_a_month_may_lack_are_refused(empty: Database, day: int) -> None:
    with pytest.raises(ValueError, match="1 to 28"):
        choose(empty, day)
    assert chosen(empty) is None


def test_who_may_only_look_may_not_choose(empty: Database) -> None:
    with pytest.raises(NotAllowed):
        choose(empty, 5, who=Viewer(IGNACIO, LLORENTE, Role.READ_ONLY, DEMO_DAY))
    assert chosen(empty) is None


def test_another_agency_s_client_is_not_found(empty: Database) -> None:
    with pytest.raises(NotFound):
        choose(empty, 5, who=viewer(empty, 1, 1))
    assert chosen(empty) is None


def test_a_contract_of_another_client_is_not_found(empty: Database) -> None:
    other = next(row for row in found(empty) if row.client_id != CLIENT_OF_LLORENTE)
    for contract_id in (other.contract_id, 1, 10**6):
        with pytest.raises(NotFound):
            choose(empty, 5, contract_id)


def test_the_audit_says_who_chose_for_which_client(empty: Database) -> None:
    choose(empty, 5)
    with empty.reading() as connection:
        (recorded,) = search(connection, Search(action="payment_day_set"))
    entry = recorded.entry
    assert (entry.person_id, entry.agency_id, entry.address) == (IGNACIO, LLORENTE, "web:1")
    assert (entry.object_kind, entry.object_id) == ("client", str(CLIENT_OF_LLORENTE))
