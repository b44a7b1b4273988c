"""People are told in the chat they used last, by day, unless they do not want it; else by mail."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

from bot.area import SPAIN
from bot.conversation.chats import chat_table
from bot.database import Database, metadata
from bot.identity.confirmations import sign_in_code_table
from bot.identity.persons import person_table
from bot.identity.sessions import open_session, session_table
from bot.invoices.overdue import told_table, watch_table
from bot.notices.model import Kind, Mailing, State, told_from
from bot.notices.service import choose, last_person_of, note_refused, tell
from bot.notices.store import choice_table, notice_table
from bot.notices.worker import Notices
from bot.notifications.store import mail_table

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
CHAT, OTHER = "telegram:7", "telegram:8"
DETAILS = {"tracking_key": "G-1", "what": "reclamación"}
IN_THE_MAIL = {"link": "https://a.es", "state": "en curso", "note": "", "papers": []}
MAIL = Mailing("ana@example.com", "procedure_changed", DETAILS | IN_THE_MAIL)


class Office:
    """The worker on a clock of its own; what it said is kept."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON
        self.said: list[tuple[str, str]] = []
        self.is_reached = True
        self.worker = Notices(
            database, ThreadPoolExecutor(1), lambda: self.now, self.say, self.push, lambda *_: self.is_reached
        )

    def say(self, _connection: Connection, address: str, response: str, _details: dict[str, Any]) -> list[Any]:
        self.said.append((address, response))
        return [SimpleNamespace(sequence=len(self.said))]

    async def push(self, _address: str, _said: list[Any]) -> None:
        return

    def do(self, work: Callable[[Connection], Any]) -> Any:
        with self.database.writing() as connection:
            return work(connection)

    def sign_in(self, person_id: int, address: str = CHAT) -> None:
        self.do(lambda connection: open_session(connection, address, person_id, None, self.now))

    def tell(self, person_id: int) -> None:
        self.do(lambda connection: tell(connection, person_id, Kind.PROCEDURE_CHANGED, DETAILS, self.now, MAIL))

    def refuse(self, address: str, first: int, last: int | None) -> int:
        return int(self.do(lambda connection: note_refused(connection, address, first, last, self.now)))

    def mails(self) -> list[str]:
        return list(self.do(lambda connection: connection.execute(select(mail_table.c.template)).scalars().all()))

    def states(self) -> list[str]:
        return list(self.do(lambda connection: connection.execute(select(notice_table.c.state)).scalars().all()))


@pytest.fixture
def persons(demo: Database) -> list[int]:
    with demo.reading() as connection:
        return list(connection.execute(select(person_table.c.id).order_by(person_table.c.id).limit(2)).scalars())


@pytest.fixture
def office(demo: Database) -> Office:
    return Office(demo)


async def test_it_is_told_in_the_chat_that_was_used_last(office: Office, persons: list[int]) -> None:
    office.sign_in(persons[0], OTHER)
    office.now += timedelta(minutes=5)
    office.sign_in(persons[0])
    office.tell(persons[0])
    await office.worker.tell_due()
    assert office.said == [(CHAT, "utter_notice_procedure_changed")]
    assert (office.mails(), office.states()) == ([], [State.TOLD])


async def test_at_night_it_waits_for_the_morning(office: Office, persons: list[int]) -> None:
    office.now = NIGHT
    office.sign_in(persons[0])
    office.tell(persons[0])
    await office.worker.tell_due()
    assert office.said == []
    office.now = MORNING
    await office.worker.tell_due()
    assert len(office.said) == 1


@pytest.mark.parametrize("address", ["web:x", "rest:x"])
async def test_who_has_no_chat_on_a_phone_gets_the_mail_at_once(
    office: Office, persons: list[int], address: str
) -> None:
    office.sign_in(persons[0], address)
    office.tell(persons[0])
    assert office.mails() == ["procedure_changed"]


async def test_a_chat_in_other_hands_is_not_written_to(office: Office, persons: list[int]) -> None:
    office.sign_in(persons[0])
    office.sign_in(persons[1])
    office.tell(persons[0])
    assert office.mails() == ["procedure_changed"]


async def test_a_chat_of_long_ago_is_not_written_to(office: Office, persons: list[int]) -> None:
    office.sign_in(persons[0])
    office.now += timedelta(days=8)
    office.tell(persons[0])
    assert office.mails() == ["procedure_changed"]


async def test_a_chat_that_cannot_be_reached_any_more_leaves_the_mail(office: Office, persons: list[int]) -> None:
    office.sign_in(persons[0])
    office.tell(persons[0])
    office.is_reached = False
    await office.worker.tell_due()
    assert (office.said, office.mails(), office.states()) == ([], ["procedure_changed"], [State.MAILED])


async def test_who_wants_silence_has_it_until_they_want_notices_again(office: Office, persons: list[int]) -> None:
    office.sign_in(persons[0])
    assert office.do(lambda connection: last_person_of(connection, CHAT, office.now)) == persons[0]
    office.do(lambda connection: choose(connection, persons[0], CHAT, False, office.now))
    office.tell(persons[0])
    assert office.mails() == ["procedure_changed"]
    office.do(lambda connection: choose(connection, persons[0], CHAT, True, office.now))
    office.tell(persons[0])
    await office.worker.tell_due()
    assert len(office.said) == 1


@pytest.mark.parametrize(("first", "last", "is_its"), [(1, None, True), (1, 1, True), (2, None, False), (2, 2, False)])
async def test_a_chat_that_refuses_a_notice_afterwards_leaves_the_mail_once(
    office: Office, persons: list[int], first: int, last: int | None, is_its: bool
) -> None:
    office.sign_in(persons[0])
    office.tell(persons[0])
    await office.worker.tell_due()
    refused = [office.refuse(address, first, last) for address in (OTHER, CHAT, CHAT)]
    assert refused == [0, int(is_its), 0]
    assert office.mails() == ["procedure_changed"] * is_its
    assert office.states() == [State.MAILED if is_its else State.TOLD]


async def test_one_without_a_mail_is_noted_as_refused(office: Office, persons: list[int]) -> None:
    office.sign_in(persons[0])
    office.do(lambda connection: tell(connection, persons[0], Kind.PROCEDURE_CHANGED, DETAILS, office.now))
    await office.worker.tell_due()
    office.refuse(CHAT, 1, None)
    assert (office.mails(), office.states()) == ([], [State.REFUSED])


def test_quiet_hours_follow_the_clocks_of_spain() -> None:
    assert told_from(NOON, SPAIN) == NOON
    assert told_from(NIGHT, SPAIN) == MORNING
    assert told_from(datetime(2026, 7, 1, 5, 59, tzinfo=UTC), SPAIN) == datetime(2026, 7, 1, 6, 0, tzinfo=UTC)


def test_the_tables_are_those_that_the_queries_know(database: Database) -> None:
    tables = (notice_table, choice_table, chat_table, sign_in_code_table, session_table, watch_table, told_table)
    ours = {table.name for table in tables}

    def is_ours(thing: Any, name: str | None, kind: str, *_: object) -> bool:
        table = name if kind == "table" else thing.table.name if kind == "index" else None
        return kind not in ("table", "index") or table in ours

    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
