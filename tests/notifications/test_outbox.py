"""The outbox on real databases: what is queued is sent once, tried again for a day, or given up with a word."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Row, select
from structlog.testing import capture_logs

from bot.database import Database, utc_now
from bot.notifications import outbox, store
from bot.notifications.model import PAUSES, Mail, State, Undeliverable
from bot.notifications.outbox import LEASE, Outbox
from bot.notifications.service import queue
from bot.notifications.smtp import Post, read_sender, read_server
from bot.notifications.store import mail_table
from tests.browser.server import free_port
from tests.notifications.letters import COMPANY, LETTERS
from tests.notifications.mail_server import HOST, Inbox, mail_server

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANA = "ana@example.com"


class Clock:
    """Noon, until a test moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Sink:
    """Takes every mail, unless there is an error to raise; counts what was tried."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.tried: list[Mail] = []

    def deliver(self, mail: Mail) -> None:
        self.tried.append(mail)
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server(Inbox()) as inbox:
        yield inbox


def put(database: Database, recipient: str = ANA, template: str = "contact_removed", once: str | None = None) -> None:
    with database.writing() as connection:
        queue(connection, NOON, recipient, template, LETTERS[template], once)


def rows(database: Database) -> list[Row[Any]]:
    with database.reading() as connection:
        return list(connection.execute(select(mail_table).order_by(mail_table.c.id)))


def states(database: Database) -> list[str]:
    return [row.state for row in rows(database)]


def post(port: int) -> Callable[[Mail], None]:
    return Post(read_server(f"smtp+plain://{HOST}:{port}"), read_sender("avisos@example.com"), COMPANY).deliver


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("ventanilla_mails_total", {"outcome": outcome}) or 0.0


def test_a_queued_mail_is_sent_once_and_what_it_told_is_forgotten(
    database: Database, inbox: Inbox, clock: Clock
) -> None:
    put(database)
    before = counted("sent")
    for _ in range(2):
        Outbox(database, post(inbox.port), clock).send_due()
    assert [envelope.rcpt_tos for envelope in inbox.envelopes] == [[ANA]]
    (row,) = rows(database)
    assert (row.state, row.sent_at, row.details, row.problem) == (State.SENT, NOON, {}, None)
    assert counted("sent") == before + 1


def test_a_mail_falls_with_the_transaction_of_what_it_tells(database: Database) -> None:
    with suppress(ZeroDivisionError), database.writing() as connection:
        queue(connection, NOON, ANA, "contact_removed", LETTERS["contact_removed"])
        raise ZeroDivisionError
    assert rows(database) == []


def test_a_decoy_is_stored_and_never_sent(database: Database, clock: Clock) -> None:
    put(database, recipient="", template="password_reset")
    sink = Sink()
    Outbox(database, sink.deliver, clock).send_due()
    (row,) = rows(database)
    assert (row.state, row.details, sink.tried) == (State.DISCARDED, {}, [])


def test_the_same_key_queues_one_mail(database: Database) -> None:
    for key in ("notice:1", "notice:1", "notice:2", None, None):
        put(database, once=key)
    assert [row.once for row in rows(database)] == ["notice:1", "notice:2", None, None]


def test_a_mail_without_one_of_its_details_is_refused_at_once(database: Database) -> None:
    with database.writing() as connection, pytest.raises(ValueError, match=r"password_reset needs link, minutes$"):
        queue(connection, NOON, ANA, "password_reset", {"name": "Ana"})
    with database.writing() as connection, pytest.raises(ValueError, match="no mail is called nothing"):
        queue(connection, NOON, ANA, "nothing", {})


def test_a_server_that_says_later_gets_it_a_minute_later(database: Database, inbox: Inbox, clock: Clock) -> None:
    put(database)
    inbox.at_recipient = "451 later"
    worker = Outbox(database, post(inbox.port), clock)
    worker.send_due()
    (row,) = rows(database)
    assert (row.state, row.problem) == (State.WAITING, "SMTPRecipientsRefused 451")
    assert row.next_try_at == NOON + timedelta(minutes=1)
    assert row.details == LETTERS["contact_removed"]
    inbox.at_recipient = ""
    clock.now = NOON + timedelta(seconds=59)
    worker.send_due()
    assert inbox.messages == []
    clock.now = NOON + timedelta(minutes=1)
    worker.send_due()
    assert (len(inbox.messages), states(database)) == (1, [State.SENT])


@pytest.mark.parametrize("where", ["at_recipient", "at_data"])
def test_a_server_that_says_no_is_not_asked_again(database: Database, inbox: Inbox, clock: Clock, where: str) -> None:
    put(database)
    before = counted("failed")
    setattr(inbox, where, f"550 no {ANA} here")
    with capture_logs() as logs:
        Outbox(database, post(inbox.port), clock).send_due()
    (row,) = rows(database)
    assert (row.state, row.details) == (State.FAILED, {})
    assert "550" in row.problem
    assert counted("failed") == before + 1
    assert [(line["event"], line["log_level"]) for line in logs] == [("mail failed", "warning")]
    assert "ana" not in (json.dumps(logs) + row.problem).lower()


def test_while_no_server_answers_the_others_are_not_even_tried(database: Database, clock: Clock) -> None:
    for _ in range(3):
        put(database)
    with capture_logs() as logs:
        Outbox(database, post(free_port()), clock).send_due()
    assert [row.attempts for row in rows(database)] == [1, 0, 0]
    assert states(database) == [State.WAITING] * 3
    assert [(line["event"], line["log_level"]) for line in logs] == [("mail put off", "warning")]


def test_a_mail_that_is_refused_does_not_hold_up_the_next(database: Database, clock: Clock) -> None:
    put(database, recipient="nobody at all")
    put(database)
    with mail_server(Inbox()) as inbox:
        Outbox(database, post(inbox.port), clock).send_due()
    assert states(database) == [State.FAILED, State.SENT]


def test_an_error_that_nobody_foresaw_does_not_either(database: Database, clock: Clock) -> None:
    put(database)
    put(database)
    sink = Sink(RuntimeError(f"about {ANA}"))
    Outbox(database, sink.deliver, clock).send_due()
    assert [(row.attempts, row.problem) for row in rows(database)] == [(1, "RuntimeError")] * 2


def test_a_server_that_dies_in_the_middle_gets_it_again(database: Database, inbox: Inbox, clock: Clock) -> None:
    put(database)
    inbox.dies = True
    Outbox(database, post(inbox.port), clock).send_due()
    assert states(database) == [State.WAITING]
    inbox.dies, clock.now = False, NOON + timedelta(minutes=1)
    Outbox(database, post(inbox.port), clock).send_due()
    assert (len(inbox.messages), states(database)) == (1, [State.SENT])


def test_it_is_tried_for_about_a_day_and_then_given_up(database: Database, clock: Clock) -> None:
    put(database)
    sink, moments = Sink(Undeliverable("451")), []
    worker = Outbox(database, sink.deliver, clock)
    while states(database) == [State.WAITING]:
        clock.now = rows(database)[0].next_try_at
        moments.append(clock.now - NOON)
        worker.send_due()
    assert len(sink.tried) == len(PAUSES) + 1
    assert timedelta(hours=23) < moments[-1] < timedelta(hours=26)
    assert states(database) == [State.FAILED]


def test_a_code_that_has_run_out_is_not_sent(database: Database, clock: Clock) -> None:
    put(database, template="registration_code")
    sink = Sink()
    clock.now = NOON + timedelta(minutes=10)
    Outbox(database, sink.deliver, clock).send_due()
    (row,) = rows(database)
    assert (row.state, row.details, row.problem, sink.tried) == (State.FAILED, {}, outbox.RUN_OUT, [])


def test_nor_is_it_kept_for_a_time_when_it_will_have(database: Database, clock: Clock) -> None:
    put(database, template="registration_code")
    worker = Outbox(database, Sink(Undeliverable("451")).deliver, clock)
    for minutes in (0, 1, 6):
        clock.now = NOON + timedelta(minutes=minutes)
        worker.send_due()
    assert states(database) == [State.FAILED]


def test_what_a_killed_process_had_claimed_is_sent_when_its_lease_has_run_out(database: Database, clock: Clock) -> None:
    put(database)
    with database.noting() as connection:
        assert store.claim(connection, NOON, LEASE) is not None
    sink = Sink()
    worker = Outbox(database, sink.deliver, clock)
    clock.now = NOON + LEASE - timedelta(seconds=1)
    worker.send_due()
    assert sink.tried == []
    clock.now = NOON + LEASE
    worker.send_due()
    assert [mail.attempts for mail in sink.tried] == [2]


def test_one_who_lost_the_lease_does_not_put_the_mail_off(database: Database) -> None:
    put(database)
    with database.writing() as connection:
        late = store.claim(connection, NOON, timedelta())
        assert late is not None
        assert store.claim(connection, NOON, LEASE) is not None
        store.note_retry(connection, late, NOON, "late")
    (row,) = rows(database)
    assert (row.next_try_at, row.problem) == (NOON + LEASE, None)


def test_one_who_lost_the_lease_does_not_unsend_it(database: Database) -> None:
    put(database)
    with database.writing() as connection:
        late = store.claim(connection, NOON, timedelta())
        assert late is not None
        store.note_sent(connection, late.id, NOON)
        store.note_failed(connection, late.id, "late")
    assert states(database) == [State.SENT]


def test_several_processes_send_each_mail_once(database: Database, database_url: str, clock: Clock) -> None:
    for _ in range(30):
        put(database)
    others = [Database(database_url) for _ in range(3)]
    sink, begin = Sink(), threading.Barrier(3)

    def work(other: Database) -> None:
        begin.wait()
        Outbox(other, sink.deliver, clock).send_due()

    workers = [threading.Thread(target=work, args=(other,)) for other in others]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for other in others:
        other.close()
    assert sorted(mail.id for mail in sink.tried) == [row.id for row in rows(database)]
    assert set(states(database)) == {State.SENT}


def test_nothing_holds_the_database_while_a_mail_is_sent(database: Database, clock: Clock) -> None:
    put(database)

    def deliver(_mail: Mail) -> None:
        put(database, once="written meanwhile")

    Outbox(database, deliver, clock).send_due()
    assert len(rows(database)) == 2


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true well before the next round of its own accord."""
    pause = threading.Event()
    return any(condition() or pause.wait(0.02) for _ in range(100))


def test_a_commit_that_queued_a_mail_wakes_the_worker(database: Database) -> None:
    sink = Sink()
    worker = Outbox(database, sink.deliver, utc_now)
    worker.start()
    assert soon(lambda: not worker._woken.is_set())
    put(database)
    assert soon(lambda: states(database) == [State.SENT])
    worker.finish()
    put(database)
    assert len(sink.tried) == 1


def test_a_transaction_that_fell_wakes_nobody(database: Database) -> None:
    woken: list[str] = []
    database.listen(store.QUEUED, lambda: woken.append("outbox"))
    with suppress(ZeroDivisionError), database.writing() as connection:
        queue(connection, NOON, ANA, "contact_removed", LETTERS["contact_removed"])
        raise ZeroDivisionError
    with database.writing():
        assert woken == []
    assert woken == []
    put(database)
    assert woken == ["outbox"]


def test_the_worker_looks_by_itself_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SECONDS_BETWEEN_ROUNDS", 0.05)
    worker = Outbox(database, Sink().deliver, utc_now)
    worker.start()
    put(database)
    assert soon(lambda: states(database) == [State.SENT])
    worker.finish()


def test_the_worker_outlives_a_database_that_does_not_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SECONDS_BETWEEN_ROUNDS", 0.05)
    claim, failures = store.claim, iter([True, True])

    def fail_twice(*values: Any) -> Mail | None:
        if next(failures, False):
            raise ConnectionError
        return claim(*values)

    monkeypatch.setattr(store, "claim", fail_twice)
    put(database)
    worker = Outbox(database, Sink().deliver, utc_now)
    worker.start()
    assert soon(lambda: states(database) == [State.SENT])
    worker.finish()


def test_the_end_waits_for_the_mail_that_is_being_sent(database: Database) -> None:
    put(database)
    put(database)
    begun, go_on = threading.Event(), threading.Event()

    def deliver(_mail: Mail) -> None:
        begun.set()
        go_on.wait(5)

    worker = Outbox(database, deliver, utc_now)
    worker.start()
    assert begun.wait(5)
    threading.Timer(0.1, go_on.set).start()
    worker.finish()
    assert states(database) == [State.SENT, State.WAITING]
