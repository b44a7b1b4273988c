"""contracts.csv: the supply points and the contracts of clients that are known."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, func, select

from bot.accounts.store import (
    ADDRESS_CHARACTERS,
    NUMBER_CHARACTERS,
    client_table,
    contract_table,
    supply_point_table,
)
from bot.identity.persons import NAME_CHARACTERS
from bot.imports.fields import cups_of, day_of, day_or_none, identifier_of, text_of, word_of
from bot.imports.model import BadValue, Change, Layout, StagedValue
from bot.imports.staging import Check, contradicting, merge, repeated


def parse(values: Sequence[str]) -> tuple[StagedValue, ...]:
    """One row; raises BadValue."""
    number, client, cups, address, energy, product, starts_on, ends_on = values
    first, last = day_of("starts_on", starts_on), day_or_none("ends_on", ends_on)
    if last is not None and last < first:
        raise BadValue("ends_on is before starts_on")
    return (
        text_of("number", number, NUMBER_CHARACTERS),
        identifier_of("client", client)[1],
        cups_of("cups", cups),
        text_of("address", address, ADDRESS_CHARACTERS),
        word_of("energy", energy),
        text_of("product", product, NAME_CHARACTERS),
        first,
        last,
    )


LAYOUT = Layout(
    name="contracts",
    required=("number", "client", "cups", "address", "energy", "product", "starts_on"),
    optional=("ends_on",),
    staged={
        "number": "text",
        "client": "text",
        "cups": "text",
        "address": "text",
        "energy": "text",
        "product": "text",
        "starts_on": "date",
        "ends_on": "date",
    },
    parse=parse,
)


def checks(staged: Table) -> list[Check]:
    """What rows must not say of each other, nor of what is stored."""
    row = staged.c
    with_client = staged.outerjoin(client_table, client_table.c.identifier == row.client)
    unknown = select(row.line, row.client).select_from(with_client).where(client_table.c.id.is_(None))
    theirs = (
        select(row.line, row.number)
        .join_from(staged, contract_table, contract_table.c.number == row.number)
        .join(client_table, client_table.c.id == contract_table.c.client_id)
        .where(client_table.c.identifier != row.client)
    )
    other_point = "the supply point has another address or energy in line {}"
    return [
        Check(repeated(staged, "number"), "the number is that of line {}"),
        Check(contradicting(staged, "cups", "address", "energy"), other_point),
        Check(unknown.order_by(row.line), "client: {} is not known"),
        Check(theirs.order_by(row.line), "contract {} is another client's: a new holder has a new contract"),
    ]


def store(connection: Connection, staged: Table) -> list[Change]:
    """Supply points, then contracts."""
    row = staged.c
    points = select(row.cups, func.min(row.address).label("address"), func.min(row.energy).label("energy"))
    contracts = (
        select(
            row.number,
            client_table.c.id.label("client_id"),
            supply_point_table.c.id.label("supply_point_id"),
            row.product,
            row.starts_on,
            row.ends_on,
        )
        .join_from(staged, client_table, client_table.c.identifier == row.client)
        .join(supply_point_table, supply_point_table.c.cups == row.cups)
    )
    return [
        merge(connection, supply_point_table, points.group_by(row.cups), ["cups"]),
        merge(connection, contract_table, contracts, ["number"]),
    ]
