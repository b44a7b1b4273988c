"""people.csv: who may act for which agency, as its representative or with a right that was given, since when and until when.

A right never changes: it ends, and another begins. So a right that was ended or narrowed in the customer area comes back by no
file that is loaded again.
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
    union_all,
)

from bot.accounts.store import access_table, agency_table, representative_table
from bot.database import Moment, utc_now
from bot.identity.persons import NAME_CHARACTERS, person_table
from bot.imports.fields import (
    day_of,
    day_or_none,
    email_of,
    identifier_of,
    moment_at_start_of,
    person_identifier_of,
    text_of,
    word_of,
)
from bot.imports.model import BadValue, Change, Layout, StagedValue
from bot.imports.staging import Check, CheckOfMoments, contradicting, merge, moment, repeated

REPRESENTATIVE = "representative"


def parse(values: Sequence[str]) -> tuple[StagedValue, ...]:
    """One row; raises BadValue."""
    agency, identifier, first_name, surnames, email, right, valid_from, valid_until = values
    kind, code = person_identifier_of("identifier", identifier)
    first, last = day_of("valid_from", valid_from), day_or_none("valid_until", valid_until)
    if last is not None and last < first:
        raise BadValue("valid_until is before valid_from")
    return (
        identifier_of("agency", agency)[1],
        code,
        kind.value,
        text_of("first_name", first_name, NAME_CHARACTERS),
        text_of("surnames", surnames, NAME_CHARACTERS),
        email_of("email", email),
        word_of("right", right),
        moment_at_start_of(first),
        moment_at_start_of(last) if last is not None else None,
    )


LAYOUT = Layout(
    name="people",
    required=("agency", "identifier", "first_name", "surnames", "email", "right", "valid_from"),
    optional=("valid_until",),
    staged={
        "agency": "text",
        "identifier": "text",
        "kind": "text",
        "first_name": "text",
        "surnames": "text",
        "email": "text",
        "right": "text",
        "valid_from": "text",
        "valid_until": "text",
    },
    parse=parse,
)


def checks(staged: Table) -> list[Check | CheckOfMoments]:
    """What rows must not say of each other, nor of what is stored."""
    row = staged.c
    with_agency = staged.outerjoin(agency_table, agency_table.c.identifier == row.agency)
    unknown = select(row.line, row.agency).select_from(with_agency).where(agency_table.c.id.is_(None))
    already = "the person has the right {} in that time: end it first with its valid_until"
    return [
        Check(
            repeated(staged, "agency", "identifier", "valid_from"), "agency, person and valid_from are those of line {}"
        ),
        Check(
            contradicting(staged, "identifier", "first_name", "surnames", "email"),
            "the person has another name or e-mail in line {}",
        ),
        Check(unknown.order_by(row.line), "agency: {} is not known"),
        CheckOfMoments(
            lambda connection: _overlapping_in_file(connection, staged), "the right overlaps that of line {}"
        ),
        CheckOfMoments(lambda connection: _overlapping_stored(connection, staged), already),
    ]


def store(connection: Connection, staged: Table) -> list[Change]:
    """Persons, then their rights."""
    row = staged.c
    since = func.coalesce(func.min(person_table.c.created_at), literal(utc_now(), Moment()))
    persons = (
        select(
            row.identifier,
            row.kind.label("identifier_kind"),
            func.min(row.first_name).label("first_name"),
            func.min(row.surnames).label("surnames"),
            func.min(row.email).label("email"),
            since.label("created_at"),
        )
        .select_from(staged.outerjoin(person_table, _is_of(staged)))
        .group_by(row.identifier, row.kind)
    )
    return [
        merge(connection, person_table, persons, ["identifier", "identifier_kind"]),
        _store_rights(connection, staged, representative_table, row.right == REPRESENTATIVE),
        _store_rights(connection, staged, access_table, row.right != REPRESENTATIVE),
    ]


def _store_rights(connection: Connection, staged: Table, table: Table, which: ColumnElement[bool]) -> Change:
    after = _after(connection, staged)
    columns: list[ColumnElement[Any]] = [
        person_table.c.id.label("person_id"),
        agency_table.c.id.label("agency_id"),
        after.c.valid_from,
        after.c.valid_until,
    ]
    if "role" in table.c:
        columns.append(staged.c.right.label("role"))
    rights = (
        select(*columns)
        .join_from(staged, after, after.c.line == staged.c.line)
        .join(agency_table, agency_table.c.identifier == staged.c.agency)
        .join(person_table, _is_of(staged))
        .where(which)
        # A right that the file ends makes room for the next: of one person in one agency a single one has no end.
        .order_by(after.c.valid_until.is_(None), staged.c.line)
    )
    return merge(connection, table, rights, ["person_id", "agency_id", "valid_from"])


def _is_of(staged: Table) -> ColumnElement[bool]:
    """Whether a person is that of a row."""
    row, person = staged.c, person_table.c
    return and_(person.identifier == row.identifier, person.identifier_kind == row.kind)


def _stored() -> Subquery:
    """Every right that is stored, in the words of the file."""
    rights = [
        select(
            agency_table.c.identifier.label("agency"),
            person_table.c.identifier,
            person_table.c.identifier_kind.label("kind"),
            table.c.valid_from,
            table.c.valid_until,
            right.label("right"),
        )
        .join_from(table, person_table, person_table.c.id == table.c.person_id)
        .join(agency_table)
        for table, right in ((representative_table, literal(REPRESENTATIVE)), (access_table, access_table.c.role))
    ]
    return union_all(*rights).subquery("stored")


def _same_right(connection: Connection, staged: Table, stored: Subquery) -> ColumnElement[bool]:
    row = staged.c
    begins_then = stored.c.valid_from == moment(connection, row.valid_from)
    return and_(_same_person(row, stored.c), stored.c.right == row.right, begins_then)


def _same_person(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.agency == other.agency, one.identifier == other.identifier, one.kind == other.kind)


def _after(connection: Connection, staged: Table) -> Subquery:
    """The rights of the file as they will be: one that has ended earlier than the file says stays ended."""
    row, stored = staged.c, _stored()
    told = moment(connection, row.valid_until)
    ended = case(
        (told.is_(None), stored.c.valid_until), (stored.c.valid_until < told, stored.c.valid_until), else_=told
    )
    return (
        select(
            row.line,
            row.agency,
            row.identifier,
            row.kind,
            moment(connection, row.valid_from).label("valid_from"),
            ended.label("valid_until"),
        )
        .select_from(staged.outerjoin(stored, _same_right(connection, staged, stored)))
        .subquery()
    )


def _overlapping_in_file(connection: Connection, staged: Table) -> Select[Any]:
    rows, others = _after(connection, staged).alias("rows"), _after(connection, staged).alias("others")
    query = select(rows.c.line, others.c.line.label("other")).join_from(rows, others, _overlap(rows.c, others.c))
    return query.where(others.c.line < rows.c.line).order_by(rows.c.line, others.c.line)


def _overlapping_stored(connection: Connection, staged: Table) -> Select[Any]:
    """New rights that overlap one of which the file does not speak: beside a wider one the new one would mean nothing."""
    rows, stored, same = _after(connection, staged).alias("rows"), _stored(), _stored()
    spoken_of = select(literal(1)).select_from(staged).where(_same_right(connection, staged, stored)).exists()
    known = select(staged.c.line).join_from(staged, same, _same_right(connection, staged, same))
    query = select(rows.c.line, stored.c.right).join_from(rows, stored, _overlap(rows.c, stored.c))
    return query.where(~spoken_of, rows.c.line.not_in(known)).order_by(rows.c.line)


def _overlap(one: Any, other: Any) -> ColumnElement[bool]:
    """Of the same person in the same agency; a right that ends when it begins holds at no moment."""
    return and_(
        _same_person(one, other),
        *(
            or_(end.is_(None), begin < end)
            for begin in (one.valid_from, other.valid_from)
            for end in (one.valid_until, other.valid_until)
        ),
    )
