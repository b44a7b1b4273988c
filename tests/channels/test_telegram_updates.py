"""Whatever is brought as an update: no error 500, nothing unhandled, and a quick yes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from bot.area import Area
from bot.channels.contract import ChannelGround, TakeFile
from bot.channels.telegram.channel import TelegramChannel, make
from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.views import SECRET_HEADER
from bot.company import read_company
from bot.conversation.delivery import Delivery
from bot.conversation.limits import MessageLimits
from bot.conversation.model import Message
from bot.conversation.outbound import Outbound
from bot.database import Database, utc_now
from bot.settings import Settings
from emulators.telegram.__main__ import TOKEN
from emulators.telegram.server import make_app
from emulators.telegram.world import World
from tests.channels.stopwatch import Stopwatch, as_the_product_runs
from tests.conversation.test_router import Echo, router_of
from tests.emulators.telegram_schema import Objects, types_of_telegram

SECRET = "a-word-between-telegram-and-us"
NUMBER = int(os.environ.get("TELEGRAM_RANDOM_UPDATES", "2000"))
P99_SECONDS = 0.020


@asynccontextmanager
async def telegram(
    database: Database, take_file: TakeFile | None = None, *, is_sending: bool = True
) -> AsyncIterator[tuple[TestClient[web.Request, web.Application], World, str]]:
    """The channel with its route and an emulator: a client of the first, the world of the second, the path."""
    world = World(TOKEN)
    async with TestServer(make_app(world)) as emulator:
        values = {"telegram_token": TOKEN, "telegram_mode": "webhook", "telegram_webhook_secret": SECRET}
        settings = Settings(**values, telegram_api_url=str(emulator.make_url("")), _env_file=None)
        turns, arriving, sending = (ThreadPoolExecutor(1 if database.is_sqlite else 2) for _ in range(3))
        delivery = Delivery(router_of(database, Echo()), MessageLimits(0, 0), turns, arriving)
        outbound = Outbound(database, sending, utc_now)
        area = Area("http://localhost", b"x" * 40)
        company = read_company(settings.company_file)
        ground = ChannelGround(settings, company, area, database, delivery, outbound, arriving, utc_now, take_file)
        channel = make(ground)
        assert isinstance(channel, TelegramChannel)
        if not is_sending:
            outbound.serve("telegram", nowhere)
        app = web.Application()
        channel.attach(app)
        async with TestClient(TestServer(app)) as client:
            await channel.start()
            await outbound.start()
            yield client, world, next(str(resource.canonical) for resource in app.router.resources())
            await channel.finish()
            await outbound.finish()
            await channel.close()
        for pool in (turns, arriving, sending):
            pool.shutdown()


async def nowhere(_address: str, _message: Message) -> None:
    """The emulator lives in this very event loop: its work would count as ours."""


async def test_random_and_damaged_updates_are_taken_or_ignored(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TelegramClient, "soon", lambda _client, work: work.close())
    objects, statuses = Objects(types_of_telegram(), seed=6), Counter[int]()
    with as_the_product_runs(), capture_logs() as logs:
        async with telegram(database, is_sending=False) as (client, _, path):
            watch = Stopwatch(client)
            for _ in range(NUMBER):
                statuses[await watch.post(path, objects.body(), {SECRET_HEADER: SECRET})] += 1
    print(f"\n{database.engine.name}: {watch.figures()}, {dict(statuses)}")  # noqa: T201 the figure
    assert statuses == {200: NUMBER}
    assert not [entry for entry in logs if entry["log_level"] in ("error", "critical")]
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM message WHERE author = 'person'").scalar_one() > 100
    if NUMBER > 2000:
        assert watch.p99() <= P99_SECONDS


@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: SECRET + "x"}, {SECRET_HEADER: "ñ"}])
async def test_who_does_not_know_the_word_reaches_nothing(database: Database, headers: dict[str, str]) -> None:
    async with telegram(database) as (client, world, path):
        world.chat(7)
        update = {"update_id": 1, "message": {"message_id": 1, "date": 1, "text": "hola"}}
        update["message"] |= {"from": world.chat(7).person(), "chat": world.chat(7).object()}
        async with client.post(path, json=update, headers=headers) as answer:
            assert answer.status == 403
        async with client.post("/webhooks/telegram/other", json=update, headers={SECRET_HEADER: SECRET}) as answer:
            assert answer.status == 404
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM message").scalar_one() == 0
