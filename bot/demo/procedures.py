"""A few procedures of the invented world, in several states, so that whoever tries it out finds some to follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, select

from bot.accounts.store import agency_table, representative_table
from bot.database import Database, Line, in_line
from bot.demo.names import words
from bot.procedures import store
from bot.procedures.checklists import papers_of
from bot.procedures.deadlines import deadline_of
from bot.procedures.model import Actor, Change, Datum, Kind, State
from bot.procedures.tracking_keys import new_key

SEED = 20260102
ADDRESS = "demo:"


@dataclass(frozen=True, slots=True)
class _Person:
    """A representative of the invented world, and the number of their agency in words.yml."""

    id: int
    agency_id: int
    place: int


def ensure_demo_procedures(database: Database, now: datetime) -> None:
    """Fill the invented world with procedures, unless there are any or the database is no invented world."""
    with database.writing() as connection:
        in_line(connection, Line.DEMO)
        if connection.execute(select(store.procedure.id).limit(1)).first() is not None:
            return
        random = Random(SEED)  # noqa: S311  # invented keys of an invented world
        people = _representatives(connection)
        for number, example in enumerate(words()["procedures"]):
            person = next((one for one in people if one.place == example["agency"]), None)
            if person is not None:
                _add(connection, _example(number, person, example), new_key(random.choice), now)


@dataclass(frozen=True, slots=True)
class _Example:
    number: int
    person: _Person
    kind: Kind
    days_ago: int
    states: Sequence[State]
    text: str
    note: str


def _example(number: int, person: _Person, written: Any) -> _Example:
    return _Example(
        number,
        person,
        Kind(written["kind"]),
        written["days_ago"],
        [State(state) for state in written["states"]],
        written.get("text", ""),
        written.get("note", ""),
    )


def _add(connection: Connection, example: _Example, key: str, now: datetime) -> None:
    opened_at = now - timedelta(days=example.days_ago)
    values = {
        "tracking_key": key,
        "kind": example.kind,
        "state": State.OPENED,
        "address": f"{ADDRESS}{example.number}",
        "person_id": example.person.id,
        "agency_id": example.person.agency_id,
        "opened_at": opened_at,
        "deadline_on": deadline_of(opened_at),
    }
    added = store.add(connection, values)
    assert added is not None, "the world has no procedures yet"
    store.add_step(connection, added.id, Change(State.OPENED), Actor.PERSON, opened_at)
    store.add_data(connection, added.id, {Datum.TEXT.value: example.text} if example.text else {})
    store.add_items(connection, added.id, [paper.code for paper in papers_of(example.kind)], is_needed=True)
    for days, state in enumerate(example.states, 1):
        note = example.note if state is example.states[-1] else ""
        at = min(opened_at + timedelta(days=days), now)
        store.add_step(connection, added.id, Change(state, "", note), Actor.STAFF, at)
        store.set_state(connection, added.id, Change(state), at)
    store.mark_told(connection, f"{ADDRESS}{example.number}", now)


def _representatives(connection: Connection) -> list[_Person]:
    names = [agency["name"] for agency in words()["agencies"]]
    found = connection.execute(
        select(representative_table.c.person_id, agency_table.c.id, agency_table.c.name)
        .join_from(representative_table, agency_table)
        .where(agency_table.c.name.in_(names))
        .order_by(representative_table.c.id)
    )
    return [_Person(row.person_id, row.id, names.index(row.name)) for row in found]
