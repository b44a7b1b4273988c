"""The tables of invoices and payment days, and the queries on them.

An agency asks for the invoices of its clients in some weeks: the two indexes begin with the client and go on with the
day, so that the work is that of the agency's own rows, however many others there are.
"""

from __future__ import annotations

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

from bot.accounts.model import Page, Viewer
from bot.accounts.store import (
    NUMBER_CHARACTERS,
    client_table,
    clients_assigned_to,
    contract_table,
    identity,
    supply_point_table,
)
from bot.database import metadata
from bot.invoices.model import Filters, Invoice, Period, State, Total

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
_WHOLE = (
    select(
        invoice_table,
        client_table.c.name.label("client_name"),
        contract_table.c.number.label("contract_number"),
        supply_point_table.c.cups,
    )
    .join_from(invoice_table, client_table, client_table.c.id == invoice.client_id)
    .join(contract_table, contract_table.c.id == invoice.contract_id)
    .join(supply_point_table, supply_point_table.c.id == contract_table.c.supply_point_id)
)
_URGENCY = {state.value: place for place, state in enumerate(State)}


def _in_list_order(columns: Any) -> tuple[ColumnElement[Any], ...]:
    """Overdue ones first; within a state the one that is due last first."""
    urgency: ColumnElement[int] = case(_URGENCY, value=columns.state, else_=len(_URGENCY))
    return urgency, columns.due_on.desc(), columns.id.desc()


def page_query(viewer: Viewer, filters: Filters, page: Page) -> Select[Any]:
    """One page of the invoices asked for: its ids are chosen, from an index alone if no amount is asked, then looked up."""
    chosen = (
        select(invoice.id)
        .where(*_asked(viewer, filters))
        .order_by(*_in_list_order(invoice))
        .limit(page.limit)
        .offset(page.offset)
        .subquery("chosen")
    )
    return _WHOLE.join(chosen, chosen.c.id == invoice.id).order_by(*_in_list_order(invoice))


def invoices(connection: Connection, viewer: Viewer, filters: Filters, page: Page) -> list[Invoice]:
    """One page of the invoices of the viewer's clients."""
    return [_invoice(row) for row in connection.execute(page_query(viewer, filters, page))]


def invoice_by_id(connection: Connection, viewer: Viewer, invoice_id: int) -> Invoice | None:
    """An invoice of the viewer's clients; None for anybody else's and for none."""
    row = connection.execute(_WHOLE.where(invoice.id == invoice_id, *_asked(viewer, Filters()))).first()
    return None if row is None else _invoice(row)


def totals(connection: Connection, viewer: Viewer, filters: Filters) -> dict[State, Total]:
    """How many invoices of each state are asked for, and their sum."""
    query = (
        select(invoice.state, func.count().label("number"), func.sum(invoice.amount_cents).label("cents"))
        .where(*_asked(viewer, filters))
        .group_by(invoice.state)
    )
    return {State(row.state): Total(row.number, int(row.cents)) for row in connection.execute(query)}


def payment_day_of(connection: Connection, viewer: Viewer, client_id: int, contract_id: int | None) -> int | None:
    """The day of payment of a contract, else that of its client; None where none is chosen."""
    query = (
        select(payment_day.day)
        .where(payment_day.client_id == client_id, payment_day.client_id.in_(clients_assigned_to(viewer)))
        .where(payment_day.contract_id.is_(None) | (payment_day.contract_id == contract_id))
        .order_by(payment_day.contract_id.is_(None))
    )
    return connection.execute(query.limit(1)).scalar()


def _asked(viewer: Viewer, filters: Filters) -> list[ColumnElement[bool]]:
    conditions = [invoice.client_id.in_(clients_assigned_to(viewer)), *_days(filters), *_belongings(filters)]
    if filters.states:
        conditions.append(invoice.state.in_(sorted(filters.states)))
    if filters.least_cents is not None:
        conditions.append(invoice.amount_cents >= filters.least_cents)
    if filters.most_cents is not None:
        conditions.append(invoice.amount_cents <= filters.most_cents)
    return conditions


def _days(filters: Filters) -> list[ColumnElement[bool]]:
    asked = ((invoice.issued_on, filters.issued), (invoice.due_on, filters.due))
    return [column.between(period.first, period.last) for column, period in asked if period is not None]


def _belongings(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.client_id is not None:
        conditions.append(invoice.client_id == filters.client_id)
    if filters.contract_id is not None:
        conditions.append(invoice.contract_id == filters.contract_id)
    if filters.supply_point_id is not None:
        there = select(contract_table.c.id).where(contract_table.c.supply_point_id == filters.supply_point_id)
        conditions.append(invoice.contract_id.in_(there))
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
        issued_on=row.issued_on,
        due_on=row.due_on,
        period=Period(row.period_from, row.period_to),
        amount_cents=row.amount_cents,
        state=State(row.state),
        paid_on=row.paid_on,
    )
