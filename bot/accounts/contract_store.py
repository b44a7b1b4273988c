"""The queries on contracts. What an agency sees of them stands on `clients_assigned_to`, as everything does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from bot.accounts.model import Contract, ContractFilters, Energy, Page, Viewer, compact
from bot.accounts.store import (
    client,
    client_table,
    clients_assigned_to,
    contract,
    contract_table,
    supply_point,
    supply_point_table,
)

_CONTRACT = (
    select(
        contract.id,
        contract.number,
        contract.client_id,
        client.name.label("client_name"),
        supply_point.cups,
        supply_point.address,
        supply_point.energy,
        contract.product,
        contract.starts_on,
        contract.ends_on,
    )
    .join_from(contract_table, client_table)
    .join(supply_point_table)
)


def contracts(connection: Connection, viewer: Viewer, asked: ContractFilters, page: Page) -> list[Contract]:
    """Contracts of the viewer's clients, those that began last first."""
    found = _CONTRACT.where(*_asked(viewer, asked)).order_by(contract.starts_on.desc(), contract.id)
    return [_contract(row) for row in connection.execute(found.limit(page.limit).offset(page.offset))]


def count_contracts(connection: Connection, viewer: Viewer, asked: ContractFilters) -> int:
    """How many of the contracts of the viewer's clients are asked for."""
    joined = contract_table.join(supply_point_table)
    return connection.execute(select(func.count()).select_from(joined).where(*_asked(viewer, asked))).scalar_one()


def contract_by_id(connection: Connection, viewer: Viewer, contract_id: int) -> Contract | None:
    """A contract of a client of the viewer; None for anybody else's and for none."""
    query = _CONTRACT.where(contract.id == contract_id, *_asked(viewer, ContractFilters()))
    row = connection.execute(query).first()
    return None if row is None else _contract(row)


def _asked(viewer: Viewer, asked: ContractFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [contract.client_id.in_(clients_assigned_to(viewer))]
    if asked.client_id is not None:
        conditions.append(contract.client_id == asked.client_id)
    if asked.cups is not None:
        conditions.append(supply_point.cups == compact(asked.cups))
    if asked.number is not None:
        conditions.append(contract.number.in_(_spellings(asked.number)))
    if asked.energy is not None:
        conditions.append(supply_point.energy == asked.energy)
    if asked.on is not None:
        conditions += [contract.starts_on <= asked.on, contract.ends_on.is_(None) | (contract.ends_on >= asked.on)]
    return conditions


def _spellings(number: str) -> set[str]:
    """A contract's number is stored as it was given; a person may leave out its capitals or part it by blanks."""
    written = number.strip()
    return {written, written.upper(), compact(written)}


def _contract(row: Row[Any]) -> Contract:
    return Contract(
        id=row.id,
        number=row.number,
        client_id=row.client_id,
        client_name=row.client_name,
        cups=row.cups,
        address=row.address,
        energy=Energy(row.energy),
        product=row.product,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )
