"""How many messages are taken, counted in memory and in a real Redis."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import redis

from bot.conversation.limits import CONVERSATIONS_BEHIND_ONE_ADDRESS, MessageLimits
from bot.settings import BadSetting
from tests.conftest import REDIS, leave_out


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "memory":
        yield ""
        return
    server = redis.Redis.from_url(REDIS)
    try:
        server.ping()
    except redis.ConnectionError:
        leave_out("no Redis answers at TEST_REDIS_URL")
    yield REDIS
    for key in server.scan_iter("LIMITS:*"):
        server.delete(key)


def name() -> str:
    return f"web:{uuid.uuid4().hex}"


def test_one_conversation_may_say_so_many_a_minute(store: str) -> None:
    limits, address = MessageLimits(3, 0, store), name()
    assert [limits.allow(address, None) for _ in range(4)] == [True, True, True, False]
    assert limits.allow(name(), None)


def test_one_network_address_may_not_open_conversations_without_end(store: str) -> None:
    limits, remote = MessageLimits(1, 0, store), name()
    allowed = [limits.allow(name(), remote) for _ in range(CONVERSATIONS_BEHIND_ONE_ADDRESS + 1)]
    assert allowed == [True] * CONVERSATIONS_BEHIND_ONE_ADDRESS + [False]


def test_all_together_may_say_so_many_a_minute() -> None:
    limits = MessageLimits(0, 2)
    assert [limits.allow(name(), name()) for _ in range(3)] == [True, True, False]


def test_zero_is_no_limit() -> None:
    limits, address = MessageLimits(0, 0), name()
    assert all(limits.allow(address, "192.0.2.1") for _ in range(1000))


def test_workers_count_together_in_redis(store: str) -> None:
    if not store:
        return
    first, second, address = MessageLimits(1, 0, store), MessageLimits(1, 0, store), name()
    assert (first.allow(address, None), second.allow(address, None)) == (True, False)


def test_a_redis_that_does_not_answer_stops_the_start() -> None:
    with pytest.raises(BadSetting, match="REDIS_URL"):
        MessageLimits(1, 0, "redis://127.0.0.1:1")
