"""The tables of invoices and payment days, and the queries on them.

An agency asks for the invoices of its clients in some weeks: the two indexes begin with the client and go on with the
day, so that the work is that of the agency's own rows, however many others there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    Row,
    Select,
    SmallInteger,
    String,
    Table,
    case,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.accounts.model import Energy, Page, Viewer, compact
from bot.accounts.store import (
    NUMBER_CHARACTERS,
    client_table,
    clients_assigned_to,
    contract_table,
    supply_point_table,
)
from bot.database import identity, metadata
from bot.invoices.model import ClientTotal, Filters, Invoice, Order, Period, State, Total

invoice_table = Table(
    "invoice",
    metadata,
    Column("id", identity, primary_key=True),
    Column("number", String(NUMBER_CHARACTERS), nullable=False, unique=True),
    Column("client_id", ForeignKey("client.id"), nullable=False),
    Column("contract_id", ForeignKey("contract.id"), nullable=False, index=True),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("period_from", Date, nullable=False),
    Column("period_to", Date, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("paid_on", Date),
    CheckConstraint("due_on >= issued_on", name="ck_invoice_due_after_issue"),
    CheckConstraint("period_to >= period_from", name="ck_invoice_period"),
    CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="ck_invoice_paid_has_its_day"),
    Index("ix_invoice_client_id_due_on_state", "client_id", "due_on", "state"),
    Index("ix_invoice_client_id_issued_on_state", "client_id", "issued_on", "state"),
)

payment_day_table = Table(
    "payment_day",
    metadata,
    Column("id", identity, primary_key=True),
    Column("client_id", ForeignKey("client.id"), nullable=False),
    Column("contract_id", ForeignKey("contract.id"), unique=True),
    Column("day", SmallInteger, nullable=False),
    CheckConstraint("day BETWEEN 1 AND 28", name="ck_payment_day_is_in_every_month"),
    Index(
        "uq_payment_day_of_client",
        "client_id",
        unique=True,
        sqlite_where=text("contract_id IS NULL"),
        postgresql_where=text("contract_id IS NULL"),
    ),
)

invoice, payment_day = invoice_table.c, payment_day_table.c
contract, supply_point = contract_table.c, supply_point_table.c
_WHOLE = (
    select(
        invoice_table,
        client_table.c.name.label("client_name"),
        contract.number.label("contract_number"),
        supply_point.cups,
        supply_point.energy,
    )
    .join_from(invoice_table, client_table, client_table.c.id == invoice.client_id)
    .join(contract_table, contract.id == invoice.contract_id)
    .join(supply_point_table, supply_point.id == contract.supply_point_id)
)
_DAYS = {"issued": invoice.issued_on, "due": invoice.due_on}
_URGENCY = {state.value: place for place, state in enumerate(State)}


def _sorted(order: Order, columns: Any) -> tuple[ColumnElement[Any], ...]:
    """The columns that a list is sorted by; the id makes every order a total one."""
    by_column = {
        Order.NEWEST: (columns.issued_on.desc(), columns.id.desc()),
        Order.OLDEST: (columns.issued_on, columns.id),
        Order.LARGEST: (columns.amount_cents.desc(), columns.id.desc()),
        Order.SMALLEST: (columns.amount_cents, columns.id),
        Order.DUE_FIRST: (columns.due_on, columns.id),
        Order.DUE_LAST: (columns.due_on.desc(), columns.id.desc()),
        Order.CLIENT: (_name_of(columns), columns.due_on.desc(), columns.id.desc()),
    }
    if order in by_column:
        return by_column[order]
    urgency: ColumnElement[int] = case(_URGENCY, value=columns.state, else_=len(_URGENCY))
    return urgency, columns.due_on.desc(), columns.id.desc()


def _name_of(columns: Any) -> ColumnElement[str]:
    """The client's name without accents, so that "Álvarez" stands where people look for it."""
    names = client_table.alias("named").c
    return select(names.search_text).where(names.id == columns.client_id).scalar_subquery()


def page_query(viewer: Viewer, filters: Filters, page: Page, order: Order = Order.URGENCY) -> Select[Any]:
    """One page of the invoices asked for: its ids are chosen, from an index alone where it can be, then looked up."""
    return _piece(viewer, filters, order, page.limit, page.offset)


def _piece(viewer: Viewer, filters: Filters, order: Order, limit: int, offset: int = 0) -> Select[Any]:
    chosen = (
        select(invoice.id)
        .where(*_asked(viewer, filters))
        .order_by(*_sorted(order, invoice))
        .limit(limit)
        .offset(offset)
        .subquery("chosen")
    )
    return _WHOLE.join(chosen, chosen.c.id == invoice.id).order_by(*_sorted(order, invoice))


def invoices(connection: Connection, viewer: Viewer, filters: Filters, page: Page, order: Order) -> list[Invoice]:
    """One page of the invoices of the viewer's clients."""
    return [_invoice(row) for row in connection.execute(page_query(viewer, filters, page, order))]


def first_invoices(connection: Connection, viewer: Viewer, filters: Filters, limit: int, order: Order) -> list[Invoice]:
    """The first `limit` invoices asked for, in the order of the list."""
    return [_invoice(row) for row in connection.execute(_piece(viewer, filters, order, limit))]


def invoices_by_id(connection: Connection, viewer: Viewer, ids: Sequence[int]) -> list[Invoice]:
    """Of these invoices those of the viewer's clients, in the order of the ids."""
    rows = connection.execute(_WHOLE.where(invoice.id.in_(ids), *_asked(viewer, Filters())))
    return sorted((_invoice(row) for row in rows), key=lambda found: ids.index(found.id))


def invoice_by_id(connection: Connection, viewer: Viewer, invoice_id: int) -> Invoice | None:
    """An invoice of the viewer's clients; None for anybody else's and for none."""
    row = connection.execute(_WHOLE.where(invoice.id == invoice_id, *_asked(viewer, Filters()))).first()
    return None if row is None else _invoice(row)


def invoice_by_number(connection: Connection, viewer: Viewer, number: str) -> Invoice | None:
    """The invoice of the viewer's clients with that number, as it is written or in capitals."""
    spellings = {number, number.upper()}
    query = _WHOLE.where(invoice.number.in_(spellings), *_asked(viewer, Filters())).order_by(invoice.number != number)
    row = connection.execute(query).first()
    return None if row is None else _invoice(row)


def totals(connection: Connection, viewer: Viewer, filters: Filters) -> dict[State, Total]:
    """How many invoices of each state are asked for, and their sum."""
    query = (
        select(invoice.state, func.count().label("number"), func.sum(invoice.amount_cents).label("cents"))
        .where(*_asked(viewer, filters))
        .group_by(invoice.state)
    )
    return {State(row.state): Total(row.number, int(row.cents)) for row in connection.execute(query)}


def totals_by_client(connection: Connection, viewer: Viewer, filters: Filters, limit: int) -> list[ClientTotal]:
    """The clients with the largest sums of what is asked for, the largest first."""
    cents = func.sum(invoice.amount_cents).label("cents")
    sums = (
        select(invoice.client_id, func.count().label("number"), cents)
        .where(*_asked(viewer, filters))
        .group_by(invoice.client_id)
        .order_by(cents.desc(), invoice.client_id)
        .limit(limit)
        .subquery("sums")
    )
    query = (
        select(sums, client_table.c.name)
        .join_from(sums, client_table, client_table.c.id == sums.c.client_id)
        .order_by(sums.c.cents.desc(), sums.c.client_id)
    )
    rows = connection.execute(query)
    return [ClientTotal(row.client_id, row.name, Total(row.number, int(row.cents))) for row in rows]


def days_around(connection: Connection, viewer: Viewer, filters: Filters, which: str) -> list[date]:
    """The last day before and the first one after the period `which` ("issued" or "due") with an invoice, as there are."""
    period, column = getattr(filters, which), _DAYS[which]
    no_period: dict[str, Any] = {which: None}
    elsewhere = _asked(viewer, replace(filters, **no_period))
    sides = (
        select(func.max(column)).where(*elsewhere, column < period.first),
        select(func.min(column)).where(*elsewhere, column > period.last),
    )
    return [day for day in (connection.execute(side).scalar() for side in sides) if day is not None]


def payment_day_of(connection: Connection, viewer: Viewer, client_id: int, contract_id: int | None) -> int | None:
    """The day of payment of a contract, else that of its client; None where none is chosen."""
    query = (
        select(payment_day.day)
        .where(payment_day.client_id == client_id, payment_day.client_id.in_(clients_assigned_to(viewer)))
        .where(payment_day.contract_id.is_(None) | (payment_day.contract_id == contract_id))
        .order_by(payment_day.contract_id.is_(None))
    )
    return connection.execute(query.limit(1)).scalar()


def set_payment_day(connection: Connection, client_id: int, contract_id: int | None, day: int) -> None:
    """Store the day of a contract, or of the whole client; the former one is replaced."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(payment_day_table).values(client_id=client_id, contract_id=contract_id, day=day)
    where: dict[str, Any] = {"index_elements": ["contract_id"]}
    if contract_id is None:
        where = {"index_elements": ["client_id"], "index_where": payment_day.contract_id.is_(None)}
    connection.execute(row.on_conflict_do_update(set_={"day": day}, **where))


def _asked(viewer: Viewer, filters: Filters) -> list[ColumnElement[bool]]:
    conditions = [invoice.client_id.in_(clients_assigned_to(viewer)), *_days(filters), *_belongings(viewer, filters)]
    if filters.states:
        conditions.append(invoice.state.in_(sorted(filters.states)))
    if filters.least_cents is not None:
        conditions.append(invoice.amount_cents >= filters.least_cents)
    if filters.most_cents is not None:
        conditions.append(invoice.amount_cents <= filters.most_cents)
    return conditions


def _days(filters: Filters) -> list[ColumnElement[bool]]:
    asked = ((_DAYS["issued"], filters.issued), (_DAYS["due"], filters.due))
    return [column.between(period.first, period.last) for column, period in asked if period is not None]


def _belongings(viewer: Viewer, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.client_id is not None:
        conditions.append(invoice.client_id == filters.client_id)
    if filters.contract_id is not None:
        conditions.append(invoice.contract_id == filters.contract_id)
    places = _places(filters)
    if places:
        # Without the viewer's clients the contracts of the whole company would be gone through for "gas".
        mine = contract.client_id.in_(clients_assigned_to(viewer))
        there = select(contract.id).join_from(contract_table, supply_point_table).where(mine, *places)
        conditions.append(invoice.contract_id.in_(there))
    return conditions


def _places(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.supply_point_id is not None:
        conditions.append(supply_point.id == filters.supply_point_id)
    if filters.cups is not None:
        conditions.append(supply_point.cups == compact(filters.cups))
    if filters.energy is not None:
        conditions.append(supply_point.energy == filters.energy)
    return conditions


def _invoice(row: Row[Any]) -> Invoice:
    return Invoice(
        id=row.id,
        number=row.number,
        client_id=row.client_id,
        client_name=row.client_name,
        contract_id=row.contract_id,
        contract_number=row.contract_number,
        cups=row.cups,
        energy=Energy(row.energy),
        issued_on=row.issued_on,
        due_on=row.due_on,
        period=Period(row.period_from, row.period_to),
        amount_cents=row.amount_cents,
        state=State(row.state),
        paid_on=row.paid_on,
    )
