"""clients.csv: the agencies, their clients, and since when and until when an agency manages a client."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, func, select

from bot.accounts.model import registration_of, searchable
from bot.accounts.store import (
    ADDRESS_CHARACTERS,
    NAME_CHARACTERS,
    agency_table,
    assignment_table,
    client_table,
)
from bot.imports.fields import day_of, day_or_none, identifier_of, moment_at_start_of, text_of
from bot.imports.model import BadValue, Change, Layout, StagedValue
from bot.imports.staging import Check, contradicting, merge, moment, repeated


def parse(values: Sequence[str]) -> tuple[StagedValue, ...]:
    """One row; raises BadValue."""
    agency, agency_name, client, name, address, assigned_from, assigned_until = values
    agency_kind, agency_code = identifier_of("agency", agency)
    kind, code = identifier_of("client", client)
    title, place = text_of("name", name, NAME_CHARACTERS), text_of("address", address, ADDRESS_CHARACTERS)
    first, last = day_of("assigned_from", assigned_from), day_or_none("assigned_until", assigned_until)
    if last is not None and last < first:
        raise BadValue("assigned_until is before assigned_from")
    return (
        agency_code,
        registration_of(agency_kind).value,
        text_of("agency_name", agency_name, NAME_CHARACTERS),
        code,
        kind.value,
        title,
        place,
        searchable(f"{title} {place}")[: NAME_CHARACTERS + ADDRESS_CHARACTERS + 1],
        moment_at_start_of(first),
        moment_at_start_of(last) if last is not None else None,
    )


LAYOUT = Layout(
    name="clients",
    required=("agency", "agency_name", "client", "name", "address", "assigned_from"),
    optional=("assigned_until",),
    staged={
        "agency": "text",
        "registered_with": "text",
        "agency_name": "text",
        "client": "text",
        "kind": "text",
        "name": "text",
        "address": "text",
        "search_text": "text",
        "valid_from": "text",
        "valid_until": "text",
    },
    parse=parse,
)


def checks(staged: Table) -> list[Check]:
    """What rows of the file must not say of each other."""
    return [
        Check(repeated(staged, "agency", "client"), "the agency and the client are those of line {}"),
        Check(contradicting(staged, "agency", "agency_name"), "the agency has another name in line {}"),
        Check(contradicting(staged, "client", "name", "address"), "the client has another name or address in line {}"),
    ]


def store(connection: Connection, staged: Table) -> list[Change]:
    """Agencies, then clients, then who manages whom."""
    row = staged.c
    agencies = select(
        row.agency.label("identifier"),
        func.min(row.agency_name).label("name"),
        func.min(row.registered_with).label("registered_with"),
    ).group_by(row.agency)
    clients = select(
        row.client.label("identifier"),
        func.min(row.kind).label("identifier_kind"),
        func.min(row.name).label("name"),
        func.min(row.address).label("address"),
        func.min(row.search_text).label("search_text"),
    ).group_by(row.client)
    assignments = (
        select(
            agency_table.c.id.label("agency_id"),
            client_table.c.id.label("client_id"),
            moment(connection, row.valid_from).label("valid_from"),
            moment(connection, row.valid_until).label("valid_until"),
        )
        .join_from(staged, agency_table, agency_table.c.identifier == row.agency)
        .join(client_table, client_table.c.identifier == row.client)
    )
    return [
        merge(connection, agency_table, agencies, ["identifier"]),
        merge(connection, client_table, clients, ["identifier"]),
        merge(connection, assignment_table, assignments, ["agency_id", "client_id"]),
    ]
