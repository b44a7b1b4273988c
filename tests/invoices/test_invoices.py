"""Which invoices are found, in which order, and what they sum up to."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError

from bot.accounts.model import NotFound, Page, Viewer
from bot.accounts.service import viewer_of
from bot.accounts.store import contract_table
from bot.database import Database
from bot.invoices.model import UNPAID, Filters, Invoice, Period, State
from bot.invoices.service import invoice_of, invoices_of, payment_day_of, totals_of
from bot.invoices.store import invoice_table, page_query, payment_day_table
from tests.conftest import DEMO_DAY

BEATRIZ, IGNACIO, ARANDA, LLORENTE = 1, 2, 1, 2
CLIENT_OF_LLORENTE, INVOICE_OF_LLORENTE = 61, 4000
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def viewer(database: Database, person: int = IGNACIO, agency: int = LLORENTE) -> Viewer:
    with database.reading() as connection:
        return viewer_of(connection, person, agency, DEMO_DAY)


def found(database: Database, page: Page | None = None, **filters: object) -> list[Invoice]:
    with database.reading() as connection:
        return invoices_of(connection, viewer(database), Filters(**filters), page or Page(limit=100))  # type: ignore[arg-type]


def test_overdue_ones_come_first_then_the_other_states_then_by_day(demo: Database) -> None:
    rows = [row for offset in range(0, 3000, 100) for row in found(demo, Page(offset, 100))]
    places = [(list(State).index(row.state), -row.due_on.toordinal(), -row.id) for row in rows]
    assert {row.state for row in rows} == set(State)
    assert places == sorted(places)


def test_pages_together_hold_every_invoice_once(demo: Database) -> None:
    rows = [row.id for offset in range(0, 400, 100) for row in found(demo, Page(offset, 100), due=MARCH)]
    with demo.reading() as connection:
        assert len(set(rows)) == len(rows) == totals_of(connection, viewer(demo), Filters(due=MARCH)).all.count > 100


def test_periods_include_both_ends(demo: Database) -> None:
    day = found(demo, due=MARCH)[0].due_on
    assert {row.due_on for row in found(demo, due=Period(day, day))} == {day}
    assert {row.issued_on.month for row in found(demo, issued=MARCH)} == {3}


def test_amounts_include_both_ends(demo: Database) -> None:
    cents = found(demo)[5].amount_cents
    assert {row.amount_cents for row in found(demo, least_cents=cents, most_cents=cents)} == {cents}
    assert all(row.amount_cents >= 30_000 for row in found(demo, least_cents=30_000))


def test_states_clients_contracts_and_supply_points_combine(demo: Database) -> None:
    wanted = found(demo)[0]
    with demo.reading() as connection:
        point = connection.execute(
            select(contract_table.c.supply_point_id).where(contract_table.c.id == wanted.contract_id)
        ).scalar_one()
    by = {"client_id": wanted.client_id, "contract_id": wanted.contract_id, "supply_point_id": point}
    rows = found(demo, **by, states=frozenset({wanted.state}))
    assert wanted in rows
    assert {(row.client_id, row.contract_id, row.cups, row.state) for row in rows} == {
        (wanted.client_id, wanted.contract_id, wanted.cups, wanted.state)
    }


def test_totals_are_those_of_the_list(demo: Database) -> None:
    rows = found(demo, client_id=CLIENT_OF_LLORENTE)
    with demo.reading() as connection:
        totals = totals_of(connection, viewer(demo), Filters(client_id=CLIENT_OF_LLORENTE))
    unpaid = [row.amount_cents for row in rows if row.state in UNPAID]
    assert totals.all.count == len(rows)
    assert totals.all.amount_cents == sum(row.amount_cents for row in rows)
    assert (totals.unpaid.count, totals.unpaid.amount_cents) == (len(unpaid), sum(unpaid))


def test_one_invoice_is_found_by_its_id(demo: Database) -> None:
    wanted = found(demo)[0]
    with demo.reading() as connection:
        assert invoice_of(connection, viewer(demo), wanted.id) == wanted


@pytest.mark.parametrize("invoice_id", [INVOICE_OF_LLORENTE, 10**7, -1])
def test_another_agency_s_invoice_is_as_one_that_does_not_exist(demo: Database, invoice_id: int) -> None:
    with demo.reading() as connection, pytest.raises(NotFound):
        invoice_of(connection, viewer(demo, BEATRIZ, ARANDA), invoice_id)


def test_another_agency_s_client_has_no_invoices(demo: Database) -> None:
    stranger = viewer(demo, BEATRIZ, ARANDA)
    with demo.reading() as connection:
        for client_id in (CLIENT_OF_LLORENTE, 10**6):
            assert invoices_of(connection, stranger, Filters(client_id=client_id)) == []
            assert totals_of(connection, stranger, Filters(client_id=client_id)).all.count == 0


def test_a_contract_s_own_payment_day_comes_before_its_client_s(demo: Database) -> None:
    contract_id = found(demo, client_id=CLIENT_OF_LLORENTE)[0].contract_id
    with demo.writing() as connection:
        connection.execute(payment_day_table.delete())
        for day, contract in ((5, None), (17, contract_id)):
            row = {"client_id": CLIENT_OF_LLORENTE, "contract_id": contract, "day": day}
            connection.execute(insert(payment_day_table), row)
        mine, stranger = viewer(demo), viewer(demo, BEATRIZ, ARANDA)
        assert payment_day_of(connection, mine, CLIENT_OF_LLORENTE) == 5
        assert payment_day_of(connection, mine, CLIENT_OF_LLORENTE, contract_id) == 17
        assert payment_day_of(connection, mine, CLIENT_OF_LLORENTE + 1) is None
        assert payment_day_of(connection, stranger, CLIENT_OF_LLORENTE, contract_id) is None


@pytest.mark.parametrize("day", [0, 29])
def test_a_payment_day_is_one_that_every_month_has(demo: Database, day: int) -> None:
    with pytest.raises(DatabaseError), demo.writing() as connection:
        connection.execute(insert(payment_day_table), {"client_id": 1, "contract_id": 1, "day": day})


def test_a_client_has_one_payment_day(demo: Database) -> None:
    with pytest.raises(DatabaseError), demo.writing() as connection:
        connection.execute(insert(payment_day_table), [{"client_id": 1, "day": day} for day in (3, 4)])


@pytest.mark.parametrize(
    "wrong",
    [{"paid_on": None}, {"due_on": date(2020, 1, 1)}, {"period_to": date(2020, 1, 1)}, {"state": "due"}],
)
def test_the_tables_refuse_invoices_that_cannot_be(demo: Database, wrong: dict[str, object]) -> None:
    day = date(2026, 3, 3)
    days = dict.fromkeys(("issued_on", "due_on", "period_from", "period_to", "paid_on"), day)
    row = {"number": "N", "client_id": 1, "contract_id": 1, "amount_cents": 1, "state": "paid"} | days
    with pytest.raises(DatabaseError), demo.writing() as connection:
        connection.execute(insert(invoice_table), row | wrong)


@pytest.mark.parametrize("column", ["due", "issued"])
def test_a_question_for_a_month_reads_an_index(demo: Database, column: str) -> None:
    with demo.writing() as connection:
        connection.exec_driver_sql("ANALYZE")
        asked = Filters(states=UNPAID, **{column: MARCH})
        query = page_query(viewer(demo), asked, Page()).compile(connection, compile_kwargs={"literal_binds": True})
        # PostgreSQL reads a table of some pages whole; among a million invoices it takes the index (bench/imports.py).
        if not demo.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if demo.is_sqlite else "EXPLAIN"
        plan = " ".join(str(row) for row in connection.execute(text(f"{explain} {query}".replace(":", r"\:"))))
    assert f"ix_invoice_client_id_{column}_on_state" in plan
