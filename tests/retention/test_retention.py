"""What is old goes, all of it; what somebody still needs stays; and the figures count as before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, inspect, select, update

from bot.audit.model import Search
from bot.audit.service import search
from bot.conversation import chats, transcript
from bot.conversation.model import Holder
from bot.conversation.queries import conversation, conversation_table, message_table
from bot.conversation.router import Router
from bot.database import Database, metadata
from bot.desk.model import State as CaseState
from bot.desk.tables import case_table
from bot.figures import service as figures
from bot.figures.model import Asked, Report
from bot.procedures.store import procedure_table
from bot.retention import service, store, tables, upkeep
from bot.retention.model import Erased, Held
from bot.retention.upkeep import Retention
from tests.conversation.test_router import Echo
from tests.figures import world as figures_world
from tests.retention.world import DAYS, NOW, OLD, YOUNG, add, count, counts, fill, first_person, procedure, talk, texts

ANA, BEA = "telegram:600", "whatsapp:6f00"
NONE_LEFT = dict.fromkeys(tables.ERASED, 0)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "SECONDS_FOR_OTHERS", 0)


def run(database: Database, days: int = DAYS) -> int:
    return asyncio.run(Retention(database, days, lambda: NOW).run())


def step(database: Database, number: int) -> Erased | Held:
    return next(service.erase(database, number, NOW - timedelta(days=DAYS), NOW))


def test_every_table_has_been_decided_on(database: Database) -> None:
    with database.reading() as connection:
        there = set(inspect(connection).get_table_names())
    decided = [*tables.ERASED, *tables.EMPTIED, *tables.KEPT]
    assert set(decided) == there, "write down in bot/retention/tables.py what becomes of a new table"
    assert len(decided) == len(set(decided))


@pytest.mark.parametrize(("address", "after"), [(ANA, "telegram:erased/1"), ("web:ana", "web:ana")])
def test_nothing_is_left_of_an_old_conversation_but_what_counts(demo: Database, address: str, after: str) -> None:
    with demo.writing() as connection:
        number = fill(connection, address)
        assert {name for name, amount in counts(connection).items() if not amount} == set()
    assert run(demo) == 1
    with demo.reading() as connection:
        assert counts(connection) == NONE_LEFT
        assert [row.comment for row in connection.execute(select(metadata.tables["rating"]))] == [None]
        (case,) = connection.execute(select(metadata.tables["support_case"]))
        assert (case.phone, case.email, case.address) == (None, None, after)
        assert addresses(connection) == [after]
        assert (count(connection, "answered_turn"), count(connection, "procedure")) == (1, 1)
        (entry,) = search(connection, Search(action="conversation_erased"))
    assert (entry.entry.object_kind, entry.entry.object_id, entry.entry.address) == ("conversation", str(number), "")


def test_no_erased_table_with_an_address_keeps_it(demo: Database) -> None:
    with demo.writing() as connection:
        fill(connection, ANA)
    run(demo)
    named = [name for name in (*tables.ERASED, *tables.EMPTIED) if "address" in metadata.tables[name].columns]
    with demo.reading() as connection:
        left = {name: connection.execute(select(metadata.tables[name].c.address)).scalars().all() for name in named}
    assert [name for name, found in left.items() if ANA in found] == []


def addresses(connection: Connection) -> list[str]:
    return list(connection.execute(select(conversation.address).order_by(conversation.id)).scalars())


def test_what_is_not_old_and_what_is_beside_it_stays(demo: Database) -> None:
    with demo.writing() as connection:
        fill(connection, ANA)
        young = fill(connection, BEA, YOUNG)
        connection.execute(update(metadata.tables["session"]).values(seen_at=YOUNG))
    assert run(demo) == 1
    with demo.reading() as connection:
        assert counts(connection) == dict.fromkeys(tables.ERASED, 1) | {"message": 2}
        assert texts(connection, young) == ["mi NIF es 12345678Z", "gracias"]
        assert BEA in addresses(connection)


def test_only_what_is_old_and_still_there_is_looked_at(database: Database) -> None:
    before = NOW - timedelta(days=DAYS)
    with database.writing() as connection:
        old, young = talk(connection, ANA), talk(connection, BEA)
        talk(connection, BEA, YOUNG)
        assert store.older_than(connection, before, 0, 10) == [old]
        assert store.older_than(connection, before, old, 10) == []
        assert young > old
    run(database)
    with database.reading() as connection:
        assert store.older_than(connection, before, 0, 10) == []


def test_a_long_conversation_that_goes_on_stays_whole(database: Database) -> None:
    with database.writing() as connection:
        talk(connection, ANA)
        number = talk(connection, ANA, YOUNG)
    assert run(database) == 0
    with database.reading() as connection:
        assert len(texts(connection, number)) == 4


def test_days_of_zero_keep_everything(demo: Database) -> None:
    with demo.writing() as connection:
        fill(connection, ANA)
        before = counts(connection)
    assert run(demo, days=0) == 0
    with demo.reading() as connection:
        assert counts(connection) == before


def waits(connection: Connection, _number: int) -> None:
    connection.execute(update(message_table).where(message_table.c.sequence == 1).values(state="waiting"))


def is_signed_in(connection: Connection, _number: int) -> None:
    person = first_person(connection)
    add(connection, "session", address=ANA, person_id=person, seen_at=NOW, signed_in_at=NOW)


def has_a_case(connection: Connection, _number: int) -> None:
    key = procedure(connection, ANA, OLD)
    add(connection, "support_case", address=ANA, procedure_id=key, state=CaseState.WAITING.value)


def is_with_the_desk(connection: Connection, _number: int) -> None:
    transcript.set_holder(connection, ANA, Holder.DESK)


def has_a_procedure(connection: Connection, _number: int) -> None:
    procedure(connection, ANA, None)


def is_sent_to(connection: Connection, number: int) -> None:
    add(connection, "outbound", conversation_id=number, sent_sequence=2, due_at=NOW)


def was_not_sent_to(connection: Connection, number: int) -> None:
    add(connection, "outbound", conversation_id=number, sent_sequence=1)


HOLDS: list[tuple[Callable[[Connection, int], None], Held]] = [
    (waits, Held.WAITING),
    (is_signed_in, Held.SIGNED_IN),
    (has_a_case, Held.CASE),
    (is_with_the_desk, Held.CASE),
    (has_a_procedure, Held.PROCEDURE),
    (is_sent_to, Held.UNSENT),
    (was_not_sent_to, Held.UNSENT),
]


@pytest.mark.parametrize(("hold", "reason"), HOLDS, ids=[hold.__name__ for hold, _ in HOLDS])
def test_what_somebody_still_needs_is_not_erased(
    demo: Database, hold: Callable[[Connection, int], None], reason: Held
) -> None:
    with demo.writing() as connection:
        number = talk(connection, ANA)
        hold(connection, number)
    assert step(demo, number) is reason
    assert run(demo) == 0
    with demo.reading() as connection:
        assert (len(texts(connection, number)), addresses(connection)) == (2, [ANA])


def no_longer_waits(connection: Connection, number: int) -> None:
    """Refused for good: the person left."""
    add(connection, "outbound", conversation_id=number, sent_sequence=1, problem="blocked", why="unreachable")


def has_run_out(connection: Connection, _number: int) -> None:
    """Nobody marked the session as ended."""
    add(connection, "session", address=ANA, person_id=first_person(connection), seen_at=OLD, signed_in_at=OLD)


def had_a_procedure(connection: Connection, _number: int) -> None:
    procedure(connection, ANA, OLD)


@pytest.mark.parametrize("past", [no_longer_waits, has_run_out, had_a_procedure])
def test_what_is_over_holds_nothing(demo: Database, past: Callable[[Connection, int], None]) -> None:
    with demo.writing() as connection:
        past(connection, talk(connection, ANA))
    assert run(demo) == 1


def test_the_figures_are_the_same_before_and_after(demo: Database) -> None:
    year_ago = OLD - timedelta(days=20)
    with demo.writing() as connection:
        figures_world.fill(connection, 120, 30, until=year_ago)
        connection.execute(update(conversation_table).values(last_sequence=1, created_at=OLD))
        connection.execute(insert(message_table), said_in(connection))
        of_case = select(case_table.c.address).where(case_table.c.procedure_id == procedure_table.c.id)
        connection.execute(update(procedure_table).values(address=of_case.scalar_subquery()))
    before = reported(demo)
    assert before[0].comments
    assert run(demo) == 118, "two have a case with an open procedure"
    after = reported(demo)
    assert [replace(one, comments=[]) for one in after] == [replace(one, comments=[]) for one in before]
    assert live(demo) == {"open": 2}


def said_in(connection: Connection) -> list[dict[str, Any]]:
    """One message in each conversation."""
    row = {"author": "assistant", "text": "hola", "buttons": [], "state": "sent", "sequence": 1, "sent_at": OLD}
    return [row | {"conversation_id": number} for number in connection.execute(select(conversation.id)).scalars()]


def reported(database: Database) -> list[Report]:
    since = (OLD - timedelta(days=60)).date()
    asked = [Asked(since, OLD.date(), agency_id=agency) for agency in (None, 1, 2)]
    with database.reading() as connection:
        return [figures.report(connection, each, NOW) for each in asked]


def live(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        return {"open": figures.live(connection, NOW).deadlines.open}


def test_many_messages_go_in_short_transactions_the_oldest_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ROWS_AT_ONCE", 2)
    with database.writing() as connection:
        number = talk(connection, ANA, turns=3)
    steps = service.erase(database, number, NOW - timedelta(days=DAYS), NOW)
    first = next(steps)
    assert isinstance(first, Erased)
    assert not first.is_done
    with database.writing() as connection:
        assert len(texts(connection, number)) == 4
        talk(connection, ANA, NOW)  # the person is back in the middle of it
    assert list(steps) == [Held.RECENT]
    with database.reading() as connection:
        assert len(texts(connection, number)) == 6
        assert addresses(connection) == [ANA]


def test_what_was_cut_off_is_finished_another_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "ROWS_AT_ONCE", 2)
    with database.writing() as connection:
        opened = transcript.open_conversation(connection, ANA, OLD)
        event = transcript.add_event(connection, opened, "/signed_in", OLD)
        transcript.set_state(connection, event.id, transcript.State.ANSWERED)
        number = talk(connection, ANA, turns=3)
        # The last words answer the oldest message: they go with it.
        last = select(func.max(message_table.c.id)).scalar_subquery()
        connection.execute(update(message_table).where(message_table.c.id == last).values(answers_id=event.id))
    assert not isinstance(step(database, number), Held)
    assert run(database) == 1
    with database.reading() as connection:
        assert count(connection, "message") == 0


def test_two_processes_erase_a_conversation_once(database: Database) -> None:
    with database.writing() as connection:
        for number in range(10):
            talk(connection, f"telegram:{number}")
    other = Database(database.url.render_as_string(hide_password=False))
    with ThreadPoolExecutor(2) as threads:
        numbers = list(threads.map(run, [database, other]))
    other.close()
    assert sum(numbers) == 10
    with database.reading() as connection:
        assert len(search(connection, Search(action="conversation_erased"))) == 10


def test_a_browser_that_comes_back_is_welcomed_and_counts_on(database: Database) -> None:
    with database.writing() as connection:
        talk(connection, "web:ana")
    assert run(database) == 1
    router = Router(database, Echo(), 2000, lambda: NOW)
    assert [(each.sequence, each.text) for each in router.open("web:ana")] == [(3, "welcome"), (4, "menu")]
    assert router.open("web:ana") == []


def test_a_phone_that_comes_back_begins_anew(database: Database) -> None:
    with database.writing() as connection:
        old = talk(connection, ANA)
    run(database)
    with database.writing() as connection:
        new = talk(connection, ANA, NOW)
        assert new != old
        assert addresses(connection) == [f"telegram:erased/{old}", ANA]


def test_a_name_that_was_erased_is_kept_again(database: Database) -> None:
    names = chats.KnownNames()

    def hear(minutes: float) -> str:
        with names.noting(ANA, "Ana", NOW + timedelta(minutes=minutes)) as also, database.writing() as connection:
            also(connection)
            return chats.shown_name_of(connection, ANA)

    assert hear(0) == "Ana"
    with database.writing() as connection:
        connection.execute(metadata.tables["chat"].delete())
    assert hear(59) == "", "each message would be written otherwise"
    assert hear(61) == "Ana"
