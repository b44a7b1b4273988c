"""Replies to remote channels: in order, each once, through failures, restarts and several processes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select

from bot.conversation import outbound as outbound_module
from bot.conversation import transcript
from bot.conversation.model import Message, Reply
from bot.conversation.outbound import Outbound, SendFailed
from bot.conversation.outbound_store import Undelivered, outbound_table, undelivered
from bot.database import Database, utc_now

ADDRESS = "telegram:7"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Service:
    """Takes messages, unless `trouble` says otherwise: it is called with the message and may raise."""

    def __init__(self, trouble: Callable[[Message], None] = lambda _: None) -> None:
        self.trouble = trouble
        self.got: dict[str, list[str]] = defaultdict(list)

    async def send(self, address: str, message: Message) -> None:
        await asyncio.sleep(0)
        self.trouble(message)
        self.got[address].append(message.text)


def write(database: Database, *texts: str, address: str = ADDRESS) -> None:
    with database.writing() as connection:
        opened = transcript.open_conversation(connection, address, NOON)
        transcript.add_replies(connection, opened, [Reply(text) for text in texts], None, NOON)


@asynccontextmanager
async def running(database: Database, service: Service) -> AsyncIterator[Outbound]:
    with ThreadPoolExecutor(1 if database.is_sqlite else 4) as pool:
        outbound = Outbound(database, pool, utc_now)
        outbound.serve("telegram", service.send)
        await outbound.start()
        yield outbound
        await outbound.finish()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound_module, "PAUSES_SECONDS", (0.01,) * 5)
    monkeypatch.setattr(outbound_module, "SECONDS_BETWEEN_ROUNDS", 0.05)


@pytest.mark.parametrize(
    ("failed", "refused"),
    [
        (SendFailed("blocked", permanent=True), [(ADDRESS, 1, None)]),
        (SendFailed("not now"), [(ADDRESS, 1, None)]),
        (SendFailed("bad", skip=True), [(ADDRESS, 1, 1), (ADDRESS, 2, 2)]),
        (SendFailed("closed", permanent=True, is_asked=True), []),
    ],
)
async def test_what_is_not_taken_for_good_is_told_to_who_wants_to_know(
    database: Database, failed: SendFailed, refused: list[tuple[str, int, int | None]]
) -> None:
    def fail(_message: Message) -> None:
        raise failed

    write(database, "uno", "dos")
    heard: list[tuple[str, int, int | None]] = []
    async with running(database, Service(fail)) as outbound:
        outbound.on_refusal(lambda _connection, *what: heard.append(what[:3]))
        await outbound.deliver(ADDRESS, [])
        await until(lambda: is_at_rest(database))
    assert heard == refused


async def test_what_arrives_is_refused_by_nobody(database: Database) -> None:
    write(database, "uno")
    heard: list[object] = []
    service = Service()
    async with running(database, service) as outbound:
        outbound.on_refusal(lambda *what: heard.append(what))
        await outbound.deliver(ADDRESS, [])
        await until(lambda: is_at_rest(database))
    assert (service.got[ADDRESS], heard) == (["uno"], [])


def is_at_rest(database: Database) -> bool:
    with database.reading() as connection:
        rows = connection.execute(select(outbound_table.c.due_at)).scalars().all()
    return bool(rows) and rows[0] is None


def problem_at(database: Database) -> str | None:
    with database.reading() as connection:
        return connection.execute(select(outbound_table.c.problem)).scalar_one()


async def test_replies_go_out_in_order_and_once(database: Database) -> None:
    service = Service()
    async with running(database, service) as outbound:
        for number in range(30):
            write(database, f"{number}")
            await outbound.deliver(ADDRESS, [])
        await until(lambda: len(service.got[ADDRESS]) == 30)
        await asyncio.sleep(0.2)
    assert service.got[ADDRESS] == [str(number) for number in range(30)]


async def test_what_a_stop_left_unsent_goes_out_after_the_next_start(database: Database) -> None:
    write(database, "uno", "dos")
    service = Service()
    async with running(database, service):
        await until(lambda: len(service.got[ADDRESS]) == 2)
    write(database, "tres")
    async with running(database, service):
        await until(lambda: len(service.got[ADDRESS]) == 3)
    assert service.got[ADDRESS] == ["uno", "dos", "tres"]


async def test_a_failure_is_tried_again_before_what_follows(database: Database) -> None:
    random = Random(7)

    def fail_often(_message: Message) -> None:
        if random.random() < 0.5:
            raise SendFailed("busy", retry_after_seconds=random.choice((None, 0.01)))

    service = Service(fail_often)
    write(database, *map(str, range(20)))
    async with running(database, service):
        await until(lambda: len(service.got[ADDRESS]) == 20)
    assert service.got[ADDRESS] == [str(number) for number in range(20)]


def blocked_by_the_person() -> tuple[Service, list[bool]]:
    """A service that refuses everything for as long as the list says so."""
    blocked = [True]

    def refuse(_message: Message) -> None:
        if blocked[0]:
            raise SendFailed("blocked by the person", permanent=True)

    return Service(refuse), blocked


async def test_who_cannot_be_reached_is_left_alone_until_heard_of_again(database: Database) -> None:
    service, blocked = blocked_by_the_person()
    write(database, "uno")
    async with running(database, service) as outbound:
        await until(lambda: problem_at(database) is not None)
        await asyncio.sleep(0.2)
        assert problem_at(database) == "blocked by the person"
        blocked[0] = False
        write(database, "dos")
        await outbound.deliver(ADDRESS, [])
        await until(lambda: len(service.got[ADDRESS]) == 2)
    assert problem_at(database) is None


async def test_who_writes_again_to_the_staff_gets_what_waits_though_nothing_is_answered(database: Database) -> None:
    service, blocked = blocked_by_the_person()
    write(database, "uno")
    async with running(database, service) as outbound:
        await until(lambda: problem_at(database) is not None)
        assert why_at(database) == {ADDRESS: Undelivered.UNREACHABLE}
        blocked[0] = False
        with database.writing() as connection:
            _, heard, _ = transcript.add_incoming(connection, ADDRESS, "ya estoy", None, NOON)
        await outbound.hear(ADDRESS, [heard])
        await until(lambda: service.got[ADDRESS] == ["uno"])
        await until(lambda: why_at(database) == {})


def why_at(database: Database) -> dict[str, Undelivered]:
    with database.reading() as connection:
        return undelivered(connection, [ADDRESS])


async def test_a_message_that_is_left_out_is_told_until_another_is_taken(database: Database) -> None:
    def refuse(message: Message) -> None:
        if message.text == "dos":
            raise SendFailed("a bad one", skip=True)

    service = Service(refuse)
    write(database, "uno", "dos")
    async with running(database, service) as outbound:
        await until(lambda: why_at(database) == {ADDRESS: Undelivered.NOT_TAKEN})
        write(database, "tres")
        await outbound.deliver(ADDRESS, [])
        await until(lambda: service.got[ADDRESS] == ["uno", "tres"])
        await until(lambda: why_at(database) == {})


async def test_one_failed_attempt_is_no_news_and_two_are(database: Database) -> None:
    attempts: list[str] = []

    def refuse(message: Message) -> None:
        attempts.append(message.text)
        raise SendFailed("busy", retry_after_seconds=0.01 if len(attempts) < 2 else 3600)

    write(database, "uno")
    async with running(database, Service(refuse)):
        await until(lambda: bool(attempts))
        await until(lambda: why_at(database) == {ADDRESS: Undelivered.TRYING})
        assert len(attempts) == 2


async def test_a_message_that_is_never_taken_is_passed_over(database: Database) -> None:
    def refuse(message: Message) -> None:
        if message.text == "mala":
            raise SendFailed("bad markup", skip=True)

    service = Service(refuse)
    write(database, "uno", "mala", "dos")
    async with running(database, service):
        await until(lambda: len(service.got[ADDRESS]) == 2)
    assert service.got[ADDRESS] == ["uno", "dos"]


async def test_a_service_that_is_away_is_given_up_in_the_end(database: Database) -> None:
    def away(_message: Message) -> None:
        raise SendFailed("away")

    write(database, "uno")
    async with running(database, Service(away)):
        await until(lambda: attempts_at(database) == 6)
        await asyncio.sleep(0.2)
    assert attempts_at(database) == 6


def attempts_at(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(outbound_table.c.attempts)).scalar_one_or_none() or 0


async def test_two_processes_send_each_reply_once(database: Database) -> None:
    service = Service()
    addresses = [f"telegram:{number}" for number in range(10)]
    async with running(database, service) as one, running(database, service) as other:
        for number in range(10):
            for address in addresses:
                write(database, str(number), address=address)
                await asyncio.gather(one.deliver(address, []), other.deliver(address, []))
        await until(lambda: all(len(service.got[address]) >= 10 for address in addresses))
        await asyncio.sleep(0.2)
    assert all(service.got[address] == [str(number) for number in range(10)] for address in addresses)


async def test_a_claim_that_nobody_finished_is_taken_over(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound_module, "LEASE", timedelta(seconds=0.3))
    hanging, service = asyncio.Event(), Service()

    async def hang(_address: str, _message: Message) -> None:
        hanging.set()
        await asyncio.sleep(60)

    write(database, "uno")
    with ThreadPoolExecutor(1) as pool:
        dead = Outbound(database, pool, utc_now)
        dead.serve("telegram", hang)
        await dead.start()
        await hanging.wait()
        for task in [*dead._tasks.values(), dead._rounds]:
            assert task is not None
            task.cancel()
    async with running(database, service):
        await until(lambda: service.got[ADDRESS] == ["uno"])
