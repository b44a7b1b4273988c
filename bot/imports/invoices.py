"""invoices.csv: the invoices of contracts that are known."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, select

from bot.accounts.store import NUMBER_CHARACTERS, contract_table
from bot.imports.fields import cents_of, day_of, day_or_none, text_of, word_of
from bot.imports.model import BadValue, Change, Layout, StagedValue
from bot.imports.staging import Check, merge, repeated
from bot.invoices.model import State
from bot.invoices.store import invoice_table


def parse(values: Sequence[str]) -> tuple[StagedValue, ...]:
    """One row; raises BadValue."""
    number, contract, issued, due, period_from, period_to, amount, state, paid = values
    issued_on, due_on = day_of("issued_on", issued), day_of("due_on", due)
    first, last = day_of("period_from", period_from), day_of("period_to", period_to)
    kind, paid_on = word_of("state", state), day_or_none("paid_on", paid)
    if due_on < issued_on:
        raise BadValue("due_on is before issued_on")
    if last < first:
        raise BadValue("period_to is before period_from")
    if (kind == State.PAID) != (paid_on is not None):
        raise BadValue("paid_on is needed for a paid invoice, and only for one")
    return (
        text_of("number", number, NUMBER_CHARACTERS),
        text_of("contract", contract, NUMBER_CHARACTERS),
        issued_on,
        due_on,
        first,
        last,
        cents_of("amount", amount),
        kind,
        paid_on,
    )


LAYOUT = Layout(
    name="invoices",
    required=("number", "contract", "issued_on", "due_on", "period_from", "period_to", "amount", "state"),
    optional=("paid_on",),
    staged={
        "number": "text",
        "contract": "text",
        "issued_on": "date",
        "due_on": "date",
        "period_from": "date",
        "period_to": "date",
        "amount_cents": "number",
        "state": "text",
        "paid_on": "date",
    },
    parse=parse,
)


def checks(staged: Table) -> list[Check]:
    """What rows must not say of each other, nor of what is stored."""
    row = staged.c
    with_contract = staged.outerjoin(contract_table, contract_table.c.number == row.contract)
    unknown = select(row.line, row.contract).select_from(with_contract).where(contract_table.c.id.is_(None))
    moved = (
        select(row.line, row.number)
        .join_from(staged, invoice_table, invoice_table.c.number == row.number)
        .join(contract_table, contract_table.c.id == invoice_table.c.contract_id)
        .where(contract_table.c.number != row.contract)
    )
    return [
        Check(repeated(staged, "number"), "the number is that of line {}"),
        Check(unknown.order_by(row.line), "contract: {} is not known"),
        Check(moved.order_by(row.line), "invoice {} is another contract's"),
    ]


def store(connection: Connection, staged: Table) -> list[Change]:
    """The invoices; the client is the contract's."""
    row = staged.c
    query = select(
        row.number,
        contract_table.c.client_id,
        contract_table.c.id.label("contract_id"),
        row.issued_on,
        row.due_on,
        row.period_from,
        row.period_to,
        row.amount_cents,
        row.state,
        row.paid_on,
    ).join_from(staged, contract_table, contract_table.c.number == row.contract)
    return [merge(connection, invoice_table, query, ["number"])]
