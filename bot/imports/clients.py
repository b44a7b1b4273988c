"""clients.csv: the agencies, their clients, and since when and until when an agency manages a client.

As with rights, what has ended stays ended: a client that withdrew in the customer area comes back by no file that is loaded
again. The file's own end counts where it is the earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Table,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)

from bot.accounts.model import registration_of, searchable
from bot.accounts.store import (
    ADDRESS_CHARACTERS,
    agency_table,
    assignment_table,
    client_table,
)
from bot.identity.persons import NAME_CHARACTERS
from bot.imports.fields import day_of, day_or_none, email_of, identifier_of, moment_at_start_of, text_of
from bot.imports.model import BadValue, Change, Layout, StagedValue
from bot.imports.staging import Check, CheckOfMoments, contradicting, merge, moment, repeated


def parse(values: Sequence[str]) -> tuple[StagedValue, ...]:
    """One row; raises BadValue."""
    agency, agency_name, client, name, address, assigned_from, assigned_until, email = values
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
        email_of("email", email) if email.strip() else None,
    )


LAYOUT = Layout(
    name="clients",
    required=("agency", "agency_name", "client", "name", "address", "assigned_from"),
    optional=("assigned_until", "email"),
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
        "email": "text",
    },
    parse=parse,
)


def checks(staged: Table) -> list[Check | CheckOfMoments]:
    """What rows must not say of each other, nor of what is stored."""
    key = "agency", "client", "valid_from"
    other = "the client has another name, address or e-mail in line {}"
    already = "the agency has that client in that time: end it first with its assigned_until ({})"
    return [
        Check(repeated(staged, *key), "agency, client and assigned_from are those of line {}"),
        Check(contradicting(staged, "agency", "agency_name"), "the agency has another name in line {}"),
        Check(contradicting(staged, "client", "name", "address", "email"), other),
        CheckOfMoments(
            lambda connection: _overlapping_in_file(connection, staged), "the time overlaps that of line {}"
        ),
        CheckOfMoments(lambda connection: _overlapping_stored(connection, staged), already),
    ]


def store(connection: Connection, staged: Table) -> list[Change]:
    """Agencies, then clients, then who manages whom."""
    row = staged.c
    agencies = select(
        row.agency.label("identifier"),
        func.min(row.agency_name).label("name"),
        func.min(row.registered_with).label("registered_with"),
    ).group_by(row.agency)
    clients = (
        select(
            row.client.label("identifier"),
            func.min(row.kind).label("identifier_kind"),
            func.min(row.name).label("name"),
            func.min(row.address).label("address"),
            func.min(row.search_text).label("search_text"),
            # A file without mailboxes takes none away.
            func.coalesce(func.min(row.email), func.min(client_table.c.email)).label("email"),
        )
        .select_from(staged.outerjoin(client_table, client_table.c.identifier == row.client))
        .group_by(row.client)
        .order_by(func.min(row.agency), row.client)
    )  # an agency's clients, and their rows, lie together
    after = _after(connection, staged)
    assignments = (
        select(
            agency_table.c.id.label("agency_id"),
            client_table.c.id.label("client_id"),
            after.c.valid_from,
            after.c.valid_until,
        )
        .join_from(after, agency_table, agency_table.c.identifier == after.c.agency)
        .join(client_table, client_table.c.identifier == after.c.client)
        # What the file ends makes room for what begins: of one client in one agency a single assignment has no end.
        .order_by(after.c.valid_until.is_(None), after.c.line)
    )
    return [
        merge(connection, agency_table, agencies, ["identifier"]),
        merge(connection, client_table, clients, ["identifier"]),
        merge(connection, assignment_table, assignments, ["agency_id", "client_id", "valid_from"]),
    ]


def _stored() -> Subquery:
    """Every assignment that is stored, in the words of the file."""
    columns = (assignment_table.c.valid_from, assignment_table.c.valid_until)
    named = (agency_table.c.identifier.label("agency"), client_table.c.identifier.label("client"))
    return select(*named, *columns).join_from(assignment_table, agency_table).join(client_table).subquery("stored")


def _same(connection: Connection, staged: Table, stored: Subquery) -> ColumnElement[bool]:
    begins_then = stored.c.valid_from == moment(connection, staged.c.valid_from)
    return and_(_same_pair(staged.c, stored.c), begins_then)


def _same_pair(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.agency == other.agency, one.client == other.client)


def _after(connection: Connection, staged: Table) -> Subquery:
    """The assignments of the file as they will be: one that has ended earlier than the file says stays ended."""
    row, stored = staged.c, _stored()
    told = moment(connection, row.valid_until)
    ended = case(
        (told.is_(None), stored.c.valid_until), (stored.c.valid_until < told, stored.c.valid_until), else_=told
    )
    begins = moment(connection, row.valid_from).label("valid_from")
    return (
        select(row.line, row.agency, row.client, begins, ended.label("valid_until"))
        .select_from(staged.outerjoin(stored, _same(connection, staged, stored)))
        .subquery()
    )


def _overlapping_in_file(connection: Connection, staged: Table) -> Select[Any]:
    rows, others = _after(connection, staged).alias("rows"), _after(connection, staged).alias("others")
    query = select(rows.c.line, others.c.line.label("other")).join_from(rows, others, _overlap(rows.c, others.c))
    is_other = rows.c.valid_from != others.c.valid_from  # the same one twice has a reason of its own
    return query.where(others.c.line < rows.c.line, is_other).order_by(rows.c.line, others.c.line)


def _overlapping_stored(connection: Connection, staged: Table) -> Select[Any]:
    """New assignments that overlap one of which the file does not speak: it may be one that the client has withdrawn."""
    rows, stored, same = _after(connection, staged).alias("rows"), _stored(), _stored()
    spoken_of = select(literal(1)).select_from(staged).where(_same(connection, staged, stored)).exists()
    known = select(staged.c.line).join_from(staged, same, _same(connection, staged, same))
    query = select(rows.c.line, stored.c.client).join_from(rows, stored, _overlap(rows.c, stored.c))
    return query.where(~spoken_of, rows.c.line.not_in(known)).order_by(rows.c.line)


def _overlap(one: Any, other: Any) -> ColumnElement[bool]:
    """Whether both hold at some moment."""
    begins_before = or_(other.valid_until.is_(None), one.valid_from < other.valid_until)
    ends_after = or_(one.valid_until.is_(None), other.valid_from < one.valid_until)
    return and_(_same_pair(one, other), begins_before, ends_after)
