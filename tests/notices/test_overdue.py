"""Invoices that pass their last day unpaid: told once each, to who wants it and may see them, however often one looks."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, select, update

from bot.accounts.store import access_table, assignment_table, representative_table
from bot.area import Area
from bot.audit.store import audit_table
from bot.database import Database
from bot.identity.persons import person_table
from bot.identity.sessions import open_session
from bot.invoices.overdue import look_next, next_look, still_overdue, told_table, unwatch, watch, watch_table
from bot.invoices.store import invoice, invoice_table
from bot.notices.model import Kind, State
from bot.notices.service import choose
from bot.notices.store import notice_table
from bot.notices.worker import Notices
from bot.notifications.store import mail_table

AREA = Area("https://a.es", b"s" * 40)
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
TODAY = NOON.date()
CHAT, WEB = "telegram:7", "web:7"


class Office:
    """The worker on a clock of its own, with a person who wants to be told and the invoices of one of their clients."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON
        self.said: list[tuple[str, str, dict[str, Any]]] = []
        self.person_id, self.agency_id, self.client_id = self.do(_somebody)
        self.others = self.do(lambda c: list(c.execute(select(person_table.c.id)).scalars()))
        self.worker = Notices(
            database,
            ThreadPoolExecutor(1),
            lambda: self.now,
            self.say,
            self.push,
            lambda *_: True,
            self.look,
            self.fresh,
        )

    def look(self, connection: Connection, now: datetime) -> bool:
        return look_next(connection, AREA, now)

    def fresh(
        self, connection: Connection, _kind: Kind, person: int, details: dict[str, Any], now: datetime
    ) -> dict[str, Any] | None:
        return still_overdue(connection, person, details, now)

    def say(self, _connection: Connection, address: str, response: str, details: dict[str, Any]) -> list[Any]:
        self.said.append((address, response, details))
        return [SimpleNamespace(sequence=1)]

    async def push(self, _address: str, _said: list[Any]) -> None:
        return

    def do(self, work: Callable[[Connection], Any]) -> Any:
        with self.database.writing() as connection:
            return work(connection)

    def sign_in(self, address: str = CHAT) -> None:
        self.do(lambda c: open_session(c, address, self.person_id, None, self.now))

    def watch(self) -> None:
        self.do(lambda c: watch(c, self.person_id, CHAT, self.now))

    def let_pass(self, number: int, due_on: date = TODAY, state: str = "due") -> list[int]:
        """That many invoices of the person's client have that last day and that state."""
        ids = self.do(
            lambda c: list(
                c.execute(select(invoice.id).where(invoice.client_id == self.client_id).order_by(invoice.id)).scalars()
            )
        )
        values = {"due_on": due_on, "issued_on": due_on - timedelta(days=20), "state": state, "paid_on": None}
        self.do(lambda c: c.execute(update(invoice_table).where(invoice.id.in_(ids[:number])).values(values)))
        return list(ids[:number])

    async def morning(self, days: int = 1) -> None:
        self.now = NEXT_MORNING + timedelta(days=days - 1)
        await self.worker.tell_due()

    def states(self) -> list[str]:
        return list(self.do(lambda c: c.execute(select(notice_table.c.state)).scalars().all()))

    def mails(self) -> list[tuple[str, Any]]:
        return [(row.template, row.details) for row in self.do(lambda c: c.execute(select(mail_table)).all())]


def _somebody(connection: Connection) -> tuple[int, int, int]:
    """A representative, with an invoice-rich client of their agency; no other invoice is unpaid."""
    connection.execute(
        update(invoice_table).values(state="paid", paid_on=invoice.issued_on).where(invoice.state != "paid")
    )
    found = select(representative_table.c.person_id, representative_table.c.agency_id, assignment_table.c.client_id)
    found = found.join(assignment_table, assignment_table.c.agency_id == representative_table.c.agency_id)
    found = found.join(invoice_table, invoice.client_id == assignment_table.c.client_id)
    found = found.where(representative_table.c.valid_until.is_(None), assignment_table.c.valid_until.is_(None))
    counted = found.group_by(*found.selected_columns).order_by(func.count().desc()).limit(1)
    row = connection.execute(counted).one()
    return row[0], row[1], row[2]


@pytest.fixture
def office(demo: Database) -> Office:
    return Office(demo)


async def test_several_are_told_together_once_in_the_chat_used_last(office: Office) -> None:
    office.sign_in("telegram:old")
    office.now += timedelta(minutes=1)
    office.sign_in()
    office.watch()
    office.let_pass(3)
    await office.morning()
    await office.morning(2)
    assert office.said == [(CHAT, "utter_notice_invoices_overdue", {"count": 3})]
    assert office.states() == [State.TOLD]


async def test_a_web_chat_used_last_shows_it_at_the_next_visit(office: Office) -> None:
    office.sign_in()
    office.now += timedelta(minutes=1)
    office.sign_in(WEB)
    office.watch()
    office.let_pass(1)
    await office.morning()
    assert [address for address, _, _ in office.said] == [WEB]


async def test_nobody_is_told_who_did_not_ask_or_wants_it_no_more(office: Office) -> None:
    office.sign_in()
    office.let_pass(2)
    await office.morning()
    office.watch()
    assert office.do(lambda c: unwatch(c, office.person_id, CHAT, office.now))
    assert not office.do(lambda c: unwatch(c, office.person_id, CHAT, office.now))
    await office.morning(2)
    assert office.said == []
    actions = office.do(lambda c: list(c.execute(select(audit_table.c.action)).scalars()))
    assert [action for action in actions if action.startswith("overdue")] == [
        "overdue_notices_on",
        "overdue_notices_off",
    ]


async def test_what_passed_before_it_was_asked_for_and_what_is_paid_is_not_told(office: Office) -> None:
    office.sign_in()
    office.watch()
    office.let_pass(2, NOON.date() - timedelta(days=1))
    await office.morning()
    office.let_pass(2, NOON.date())
    office.do(lambda c: c.execute(update(invoice_table).values(state="paid", paid_on=NOON.date())))
    await office.morning(2)
    assert office.said == []


async def test_one_that_comes_into_the_data_late_is_told_too(office: Office) -> None:
    office.sign_in()
    office.watch()
    office.let_pass(1)
    await office.morning()
    office.let_pass(2)
    office.sign_in()
    await office.morning(2)
    assert [details for _, _, details in office.said] == [{"count": 1}, {"count": 1}]


async def test_at_night_nothing_is_said(office: Office) -> None:
    office.sign_in()
    office.watch()
    office.let_pass(1)
    office.do(lambda c: c.execute(update(watch_table).values(look_at=NOON)))
    office.now = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
    await office.worker.tell_due()
    assert office.said == []
    office.now = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    await office.worker.tell_due()
    assert len(office.said) == 1


RIGHTS = {
    "the person's": lambda office: [delete(representative_table), delete(access_table)],
    "the client": lambda office: [update(assignment_table).values(valid_until=NOON)],
    "paid": lambda office: [update(invoice_table).values(state="paid", paid_on=NOON.date())],
}


@pytest.mark.parametrize("withdrawn", RIGHTS)
async def test_what_may_not_be_seen_any_more_when_it_is_told_is_not_told(office: Office, withdrawn: str) -> None:
    office.sign_in()
    office.watch()
    office.let_pass(2)
    office.now = NEXT_MORNING
    assert office.do(lambda c: look_next(c, AREA, office.now))
    assert office.states() == [State.WAITING]
    for statement in RIGHTS[withdrawn](office):
        office.do(lambda c, statement=statement: c.execute(statement))
    await office.worker.tell_due()
    assert (office.said, office.mails(), office.states()) == ([], [], [State.DROPPED])


async def test_an_agency_sees_its_own_only(office: Office) -> None:
    office.sign_in()
    office.watch()
    office.let_pass(1)
    own = select(assignment_table.c.client_id).where(assignment_table.c.agency_id == office.agency_id)
    values = {"due_on": NOON.date(), "issued_on": NOON.date(), "state": "overdue", "paid_on": None}
    office.do(lambda c: c.execute(update(invoice_table).where(invoice.client_id.not_in(own)).values(values)))
    await office.morning()
    assert [details for _, _, details in office.said] == [{"count": 1}]


@pytest.mark.parametrize("why", ["no chat", "silence"])
async def test_without_a_chat_it_is_a_mail_with_the_number_alone(office: Office, why: str) -> None:
    if why == "silence":
        office.sign_in()
        office.do(lambda c: choose(c, office.person_id, CHAT, False, office.now))
    office.watch()
    office.let_pass(2)
    await office.morning()
    ((template, details),) = office.mails()
    assert (template, details["count"], set(details)) == ("invoices_overdue", 2, {"name", "link", "count"})
    assert office.states() == [State.MAILED]


def _look_in_a_process(url: str, at: datetime, gate: Any) -> None:
    database = Database(url)
    gate.wait(30)
    more = True
    while more:
        with database.writing() as connection:
            more = look_next(connection, AREA, at)
    database.close()


def test_two_processes_tell_each_once(office: Office, database_url: str) -> None:
    office.sign_in()
    office.watch()
    office.let_pass(3)
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(2)
    both = [spawn.Process(target=_look_in_a_process, args=(database_url, NEXT_MORNING, gate)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(office.states()) == 1
    assert office.do(lambda c: c.execute(select(func.count()).select_from(told_table)).scalar_one()) == 3


class Killed(BaseException):
    """The process ends here."""


async def test_killed_in_the_middle_nothing_is_lost_or_told_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sign_in()
    office.watch()
    office.let_pass(2)
    office.now = NEXT_MORNING

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    for module in ("bot.invoices.overdue.tell", "bot.notices.store.settle"):
        with monkeypatch.context() as patch:
            patch.setattr(module, kill)
            with pytest.raises(Killed):
                await office.worker.tell_due()
        office.said.clear()  # what was said stood in the transaction that was lost
    await office.worker.tell_due()
    assert [details for _, _, details in office.said] == [{"count": 2}]
    assert office.states() == [State.TOLD]


@pytest.mark.parametrize(
    ("now", "looked"),
    [
        (datetime(2026, 11, 24, 7, 59, tzinfo=UTC), datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
    ],
)
def test_one_looks_at_nine_on_the_clocks_of_spain(now: datetime, looked: datetime) -> None:
    assert next_look(now) == looked
