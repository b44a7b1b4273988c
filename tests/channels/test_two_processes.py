"""Two processes on one PostgreSQL and one Redis are one assistant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.browser.server import Server, free_port
from tests.channels.test_web_events import Client
from tests.conftest import REDIS, leave_out


@pytest.fixture
def twins(tmp_path: Path, postgresql_url: str) -> Iterator[list[Server]]:
    try:
        redis.Redis.from_url(REDIS).ping()
    except redis.ConnectionError:
        leave_out("no Redis answers at TEST_REDIS_URL")
    servers = [Server(tmp_path / str(number), free_port(), "") for number in (1, 2)]
    for number, server in enumerate(servers, start=1):
        (tmp_path / str(number)).mkdir()
        server.use_database(postgresql_url)
        server.set(REDIS_URL=REDIS, SECRET_KEY="one key for both processes, long enough")
        server.start()
    yield servers
    for server in servers:
        server.stop()


async def test_a_reply_reaches_a_tab_at_the_other_process(twins: list[Server]) -> None:
    here, there = Client(), Client()
    await here.io.connect(twins[0].url)
    await there.io.connect(twins[1].url)
    session_id = await here.begin()
    await there.begin(session_id=session_id)
    await here.say("hola", message_id="m1")
    heard_there = await there.wait_for("bot_uttered", 2)
    assert heard_there == await here.wait_for("bot_uttered", 2)
    assert (await there.wait_for("transcript"))[0]["messages"][0]["text"] == "hola"
    await here.io.disconnect()
    await there.io.disconnect()
