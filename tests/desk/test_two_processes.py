"""The desk over two processes on one PostgreSQL and one Redis: the customer at one, the agent at the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
import socketio

from bench.desk import sign_in
from bot.desk.demo import PASSWORD
from tests.browser.server import Server, open_desk
from tests.channels.test_web_events import Client
from tests.conftest import REDIS, leave_out

HEARD_WITHIN_SECONDS = 20.0


@dataclass
class Agent:
    """A page of the desk: keeps every event it hears."""

    io: socketio.AsyncClient = field(default_factory=socketio.AsyncClient)
    heard: dict[str, list[Any]] = field(default_factory=dict)

    async def enter(self, url: str, login: str) -> None:
        self.io.on("*", self._hear, namespace="/desk")
        cookie = await asyncio.to_thread(sign_in, url, login, PASSWORD)
        await self.io.connect(url, headers={"Cookie": cookie}, transports=["websocket"], namespaces=["/desk"])

    async def _hear(self, event: str, data: Any = None) -> None:
        self.heard.setdefault(event, []).append(data)

    async def ask(self, event: str, **data: Any) -> Any:
        return await self.io.call(event, data, namespace="/desk", timeout=HEARD_WITHIN_SECONDS)

    async def hears(self, event: str, **wanted: Any) -> None:
        """Wait for an event with these values."""
        async with asyncio.timeout(HEARD_WITHIN_SECONDS):
            while not any(wanted.items() <= (told or {}).items() for told in self.heard.get(event, [])):
                await asyncio.sleep(0.01)

    async def reads(self, text: str) -> None:
        """Wait for a customer's message."""
        async with asyncio.timeout(HEARD_WITHIN_SECONDS):
            while text not in [one["text"] for told in self.heard.get("messages", []) for one in told["messages"]]:
                await asyncio.sleep(0.01)

    async def waiting(self) -> int:
        return len((await self.ask("queue"))["rows"])


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, fresh_postgresql_url: str) -> Iterator[list[Server]]:
    try:
        redis.Redis.from_url(REDIS).ping()
    except redis.ConnectionError:
        leave_out("no Redis answers at TEST_REDIS_URL")
    servers = [twin(tmp_path_factory.mktemp("twin"), fresh_postgresql_url) for _ in range(2)]
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


def twin(folder: Path, database_url: str) -> Server:
    server = open_desk(folder)
    server.use_database(database_url)
    server.set(REDIS_URL=REDIS, SECRET_KEY="one key for both processes, long enough")
    return server


@pytest.fixture
async def people(twins: list[Server]) -> AsyncIterator[tuple[Client, Agent, Agent]]:
    """A customer and a colleague at one process, the agent at the other."""
    customer, agent, colleague = Client(), Agent(), Agent()
    await customer.io.connect(twins[0].url)
    await customer.begin()
    await colleague.enter(twins[0].url, "andres")
    await agent.enter(twins[1].url, "laura")
    yield customer, agent, colleague
    for one in (customer, agent, colleague):
        await one.io.disconnect()


async def heard_by(customer: Client, text: str) -> dict[str, Any]:
    async with asyncio.timeout(HEARD_WITHIN_SECONDS):
        while True:
            for told in customer.heard.get("bot_uttered", []):
                if text in told["text"]:
                    return dict(told)
            await asyncio.sleep(0.01)


async def test_a_whole_talk_goes_across(people: tuple[Client, Agent, Agent]) -> None:
    customer, agent, colleague = people
    await customer.say("quiero hablar con una persona")
    await agent.hears("queue_changed")
    (row,) = (await agent.ask("queue"))["rows"]
    assert await colleague.waiting() == 1
    await agent.ask("take", case_id=row["id"])
    await colleague.hears("changed", case_id=row["id"])
    assert await colleague.waiting() == 0
    assert (await colleague.ask("take", case_id=row["id"])) == {"error": "not_yours"}
    await heard_by(customer, "Laura Gil")
    await talk(customer, agent, row["id"])
    assert (await colleague.ask("look", case_id=row["id"])) == {"error": "no_such_case"}
    assert (await colleague.ask("earlier", case_id=row["id"])) == {"error": "no_such_case"}
    assert (await agent.ask("earlier", case_id=row["id"], before=2))["has_earlier"] is False
    assert "messages" not in colleague.heard
    await agent.ask("hand_back", case_id=row["id"])
    await customer.say("¿cómo entro en el Área Clientes?")
    await heard_by(customer, "NIF personal")


async def talk(customer: Client, agent: Agent, case_id: int) -> None:
    """Both write and are seen to write."""
    thread = (await agent.ask("look", case_id=case_id))["thread"]
    await customer.io.emit("person_typing", {"session_id": customer.session_id, "on": True})
    await agent.hears("customer_typing", thread=thread, on=True)
    await customer.say("¿sigues ahí?")
    await agent.reads("¿sigues ahí?")
    await agent.io.emit("typing", {"case_id": case_id, "on": True}, namespace="/desk")
    assert await customer.wait_for("agent_typing") == [{"on": True, "name": "Laura Gil"}]
    await agent.ask("say", case_id=case_id, text="Sí, dime", id="a1")
    await agent.ask("say", case_id=case_id, text="Sí, dime", id="a1")
    assert (await heard_by(customer, "Sí, dime"))["sender"] == "agent"
    heard = [told for told in customer.heard["bot_uttered"] if told["text"] == "Sí, dime"]
    assert len({told["sequence"] for told in heard}) == 1, "what is sent again is the same message"
