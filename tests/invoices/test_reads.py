"""Orders, the newer filters, numbers, sums by client, and what is offered where nothing is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, text

from bot.accounts.model import Energy, NotFound, Page, Viewer, searchable
from bot.database import Database
from bot.invoices.filters_json import from_json, to_json
from bot.invoices.model import UNPAID, Dropped, Filters, Invoice, Nearby, Order, Period, State, Total
from bot.invoices.service import (
    first_invoices_of,
    invoice_numbered,
    invoices_of,
    invoices_with_ids,
    nearest_of,
    totals_by_client,
    totals_of,
)
from bot.invoices.store import invoice_table, page_query
from tests.invoices.test_invoices import (
    ARANDA,
    BEATRIZ,
    CLIENT_OF_LLORENTE,
    INVOICE_OF_LLORENTE,
    MARCH,
    found,
    viewer,
)

APRIL = Period(date(2026, 4, 1), date(2026, 4, 30))


def everything(database: Database, filters: Filters, who: Viewer | None = None) -> list[Invoice]:
    with database.reading() as connection:
        return first_invoices_of(connection, who or viewer(database), filters, 10_000)


def near(database: Database, filters: Filters) -> list[Nearby]:
    with database.reading() as connection:
        return nearest_of(connection, viewer(database), filters)


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (Order.NEWEST, lambda row: (-row.issued_on.toordinal(), -row.id)),
        (Order.OLDEST, lambda row: (row.issued_on, row.id)),
        (Order.LARGEST, lambda row: (-row.amount_cents, -row.id)),
        (Order.SMALLEST, lambda row: (row.amount_cents, row.id)),
        (Order.DUE_FIRST, lambda row: (row.due_on, row.id)),
        (Order.DUE_LAST, lambda row: (-row.due_on.toordinal(), -row.id)),
    ],
)
def test_lists_come_in_the_order_that_is_asked(demo: Database, order: Order, key: object) -> None:
    wanted = sorted(everything(demo, Filters()), key=key)[50:150]  # type: ignore[arg-type]
    with demo.reading() as connection:
        assert invoices_of(connection, viewer(demo), Filters(), Page(50, 100), order) == wanted


def test_a_list_by_client_has_each_client_s_invoices_together(demo: Database) -> None:
    with demo.reading() as connection:
        rows = invoices_of(connection, viewer(demo), Filters(), Page(0, 100), Order.CLIENT)
    names = [searchable(row.client_name) for row in rows]
    assert names == sorted(names)
    assert len(set(names)) > 1
    same = [row for row in rows if row.client_id == rows[0].client_id]
    assert same == sorted(same, key=lambda row: (-row.due_on.toordinal(), -row.id))


def test_a_count_is_that_of_the_list(demo: Database) -> None:
    asked = Filters(due=MARCH, states=frozenset({State.PAID}))
    with demo.reading() as connection:
        assert totals_of(connection, viewer(demo), asked).all.count == len(everything(demo, asked)) > 50


@pytest.mark.parametrize("energy", list(Energy))
def test_only_invoices_of_one_energy_can_be_asked(demo: Database, energy: Energy) -> None:
    rows, every = everything(demo, Filters(energy=energy)), everything(demo, Filters())
    assert {row.energy for row in every} == set(Energy)
    assert rows == [row for row in every if row.energy is energy]


def test_a_supply_point_is_found_by_its_cups_however_it_is_written(demo: Database) -> None:
    some = found(demo)[0]
    rows = everything(demo, Filters(cups=f" {some.cups[:6].lower()} {some.cups[6:]}"))
    assert some in rows
    assert {row.cups for row in rows} == {some.cups}


def test_another_agency_s_supply_point_has_no_invoices(demo: Database) -> None:
    stranger = viewer(demo, BEATRIZ, ARANDA)
    assert everything(demo, Filters(cups=found(demo)[0].cups), stranger) == []


def test_an_invoice_is_found_by_its_number(demo: Database) -> None:
    some = found(demo)[3]
    with demo.reading() as connection:
        for written in (some.number, f" {some.number.lower()} "):
            assert invoice_numbered(connection, viewer(demo), written) == some


def test_a_number_as_it_is_written_comes_before_the_one_in_capitals(demo: Database) -> None:
    large, small = found(demo)[:2]
    with demo.writing() as connection:
        rename = invoice_table.update().where(invoice_table.c.id == small.id)
        connection.execute(rename.values(number=large.number.lower()))
        assert invoice_numbered(connection, viewer(demo), large.number.lower()).id == small.id
        assert invoice_numbered(connection, viewer(demo), large.number).id == large.id


def test_another_agency_s_number_is_as_one_that_does_not_exist(demo: Database) -> None:
    number = found(demo)[0].number
    with demo.reading() as connection:
        for wrong in (number, "FE0000-000000", ""):
            with pytest.raises(NotFound):
                invoice_numbered(connection, viewer(demo, BEATRIZ, ARANDA), wrong)


def test_chosen_invoices_come_in_the_order_of_their_ids(demo: Database) -> None:
    ids = [row.id for row in found(demo)][5:0:-2]
    with demo.reading() as connection:
        assert [row.id for row in invoices_with_ids(connection, viewer(demo), ids)] == ids


@pytest.mark.parametrize("wrong", [INVOICE_OF_LLORENTE, 10**7])
def test_one_wrong_id_among_chosen_ones_refuses_them_all(demo: Database, wrong: int) -> None:
    mine = viewer(demo, BEATRIZ, ARANDA)
    ids = [row.id for row in everything(demo, Filters(), mine)[:3]]
    with demo.reading() as connection, pytest.raises(NotFound):
        invoices_with_ids(connection, mine, [*ids, wrong])


def test_who_owes_most_comes_first(demo: Database) -> None:
    owed: Counter[int] = Counter()
    for row in everything(demo, Filters(states=UNPAID)):
        owed[row.client_id] += row.amount_cents
    with demo.reading() as connection:
        totals = totals_by_client(connection, viewer(demo), Filters(states=UNPAID), 5)
        asked = Filters(client_id=totals[0].client_id, states=UNPAID)
        assert totals[0].total == totals_of(connection, viewer(demo), asked).all
    largest = sorted(owed.items(), key=lambda item: (-item[1], item[0]))[:5]
    assert [(one.client_id, one.total.amount_cents) for one in totals] == largest
    assert totals[0].client_name == found(demo, client_id=totals[0].client_id)[0].client_name


def test_where_no_state_fits_the_other_states_are_offered(demo: Database) -> None:
    asked = Filters(client_id=CLIENT_OF_LLORENTE, due=MARCH, states=frozenset({State.ISSUED}))
    first = near(demo, asked)[0]
    assert (first.dropped, first.filters) == (Dropped.STATES, replace(asked, states=frozenset()))
    assert first.total.count == len(found(demo, client_id=CLIENT_OF_LLORENTE, due=MARCH)) > 0


def test_where_the_month_has_none_the_nearest_month_is_offered(demo: Database) -> None:
    with demo.writing() as connection:
        connection.execute(delete(invoice_table).where(invoice_table.c.due_on.between(MARCH.first, MARCH.last)))
    for day, month in ((MARCH.first, 2), (MARCH.last, 4)):
        (nearby,) = near(demo, Filters(client_id=CLIENT_OF_LLORENTE, due=Period(day, day)))
        assert nearby.dropped is Dropped.PERIOD
        assert nearby.filters.due is not None
        assert nearby.filters.due.first.month == month
        assert nearby.total.count == len(found(demo, client_id=CLIENT_OF_LLORENTE, due=nearby.filters.due)) > 0


def test_the_offered_month_is_a_whole_one(demo: Database) -> None:
    with demo.writing() as connection:
        connection.execute(delete(invoice_table).where(invoice_table.c.issued_on < APRIL.first))
    nearby = near(demo, Filters(issued=MARCH))[0]
    assert (nearby.dropped, nearby.filters.issued) == (Dropped.PERIOD, APRIL)


def test_an_open_period_finds_the_nearest_month_too(demo: Database) -> None:
    (nearby,) = near(demo, Filters(client_id=CLIENT_OF_LLORENTE, due=Period(date.min, date(2020, 1, 1))))
    first = min(row.due_on for row in everything(demo, Filters(client_id=CLIENT_OF_LLORENTE)))
    assert nearby.filters.due is not None
    assert nearby.filters.due.first == first.replace(day=1)


def test_amounts_and_places_are_left_out_where_that_helps(demo: Database) -> None:
    some = found(demo, client_id=CLIENT_OF_LLORENTE)[0]
    (dear,) = near(demo, Filters(client_id=CLIENT_OF_LLORENTE, least_cents=10**9))
    (elsewhere,) = near(demo, Filters(client_id=CLIENT_OF_LLORENTE, cups="ES0000000000000000XX", due=MARCH))
    assert (dear.dropped, elsewhere.dropped) == (Dropped.AMOUNT, Dropped.PLACE)
    assert dear.filters == Filters(client_id=some.client_id)


def test_where_no_single_change_helps_all_but_the_client_is_dropped(demo: Database) -> None:
    asked = Filters(client_id=CLIENT_OF_LLORENTE, cups="ES0000000000000000XX", least_cents=10**9)
    (nearby,) = near(demo, asked)
    assert (nearby.dropped, nearby.filters) == (Dropped.ALL_BUT_CLIENT, Filters(client_id=CLIENT_OF_LLORENTE))


def test_of_another_agency_s_client_nothing_is_offered(demo: Database) -> None:
    assert near(demo, Filters(client_id=1, due=MARCH, states=UNPAID)) == []


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(client_id=3, supply_point_id=4, cups="ES1", contract_id=0, energy=Energy.GAS, issued=MARCH, due=APRIL),
        Filters(states=UNPAID, least_cents=0, most_cents=-5),
    ],
)
def test_filters_come_back_from_json_as_they_were(filters: Filters) -> None:
    assert from_json(to_json(filters)) == filters


@pytest.mark.parametrize("filters", [Filters(energy=Energy.GAS, due=MARCH), Filters(due=MARCH, least_cents=1)])
@pytest.mark.parametrize("order", list(Order))
def test_every_order_and_filter_of_a_month_reads_an_index(demo: Database, filters: Filters, order: Order) -> None:
    with demo.writing() as connection:
        connection.exec_driver_sql("ANALYZE")
        query = page_query(viewer(demo), filters, Page(), order)
        sql = query.compile(connection, compile_kwargs={"literal_binds": True})
        if not demo.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if demo.is_sqlite else "EXPLAIN"
        plan = " ".join(str(row) for row in connection.execute(text(f"{explain} {sql}".replace(":", r"\:"))))
    # Of one energy the agency's contracts may be gone through instead of its clients: both are its own rows.
    assert any(index in plan for index in ("ix_invoice_client_id_due_on_state", "ix_invoice_contract_id"))


def test_a_total_of_nothing_is_zero(demo: Database) -> None:
    with demo.reading() as connection:
        assert totals_of(connection, viewer(demo), Filters(least_cents=10**9)).all == Total(0, 0)
