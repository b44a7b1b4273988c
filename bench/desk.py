"""How fast the desk is: `python -m bench.desk` with 50 live conversations and 10 agents, then with 10,000 that wait.

Every message is timed from the sender's socket to the other side's; the server runs in a process of its own, on SQLite unless
`BENCH_DATABASE_URL` names another database (it is filled).
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import socketio
from sqlalchemy import insert, select

from bot.database import Database, utc_now
from bot.desk.model import Role
from bot.desk.staff import NewAccount, add
from bot.desk.tables import case, case_table
from bot.identity.passwords import hash_password
from tests.browser.server import open_desk

CONVERSATIONS, AGENTS, ROUNDS, WAITING = 50, 10, 10, 10_000
PASSWORD = "un mostrador de pruebas"
PATIENCE_SECONDS = 60


class Stay(HTTPRedirectHandler):
    """A sign-in answers with a redirect, whose cookie is what is wanted."""

    def redirect_request(self, *_: Any) -> None:
        return None


def sign_in(url: str, login: str, password: str = PASSWORD) -> str:
    """The session cookie of an agent."""
    body = urlencode({"login": login, "password": password}).encode()
    request = Request(f"{url}/desk/entrar", body, {"Sec-Fetch-Site": "same-origin"})
    try:
        build_opener(Stay).open(request)
    except HTTPError as answer:
        cookie = str(answer.headers.get("Set-Cookie") or "")
        return cookie.partition(";")[0]
    raise SystemExit("nobody was signed in")


class Customer:
    """A web chat that notes when messages of the staff come."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient()
        self.session = ""
        self.heard: dict[str, float] = {}
        self.ready = asyncio.Event()
        self.client.on("session_confirm", self._confirmed)
        self.client.on("bot_uttered", self._uttered)

    async def start(self, url: str) -> None:
        await self.client.connect(url, transports=["websocket"])
        await self.client.emit("session_request", {"session_id": None, "after": 0})
        await asyncio.wait_for(self.ready.wait(), PATIENCE_SECONDS)

    async def _confirmed(self, session: str) -> None:
        self.session = session
        self.ready.set()

    async def _uttered(self, told: dict[str, Any]) -> None:
        self.heard[told["text"]] = time.perf_counter()

    async def say(self, text: str) -> None:
        await self.client.call("user_uttered", {"session_id": self.session, "message": text}, timeout=PATIENCE_SECONDS)

    async def ask_for_a_person(self) -> None:
        """Until it stands in the queue: the next one comes behind it."""
        await self.say("quiero hablar con una persona")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not any("Tu clave es" in text for text in self.heard):
                await asyncio.sleep(0.005)


class Agent:
    """A page of the desk that notes when messages of customers come."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient()
        self.heard: dict[str, float] = {}
        self.client.on("messages", self._messages, namespace="/desk")

    async def start(self, url: str, cookie: str) -> None:
        await self.client.connect(url, headers={"Cookie": cookie}, transports=["websocket"], namespaces=["/desk"])

    async def _messages(self, told: dict[str, Any]) -> None:
        for message in told["messages"]:
            self.heard[message["text"]] = time.perf_counter()

    async def ask(self, event: str, **data: Any) -> Any:
        return await self.client.call(event, data, namespace="/desk", timeout=PATIENCE_SECONDS)


def line(name: str, seconds: list[float]) -> str:
    """One line of the report, in milliseconds."""
    p95 = quantiles(seconds, n=20)[-1]
    return f"{name:<44} p50 {median(seconds) * 1000:7.1f} ms   p95 {p95 * 1000:7.1f} ms   ({len(seconds)})"


async def measure(url: str, cookies: list[str]) -> None:
    customers, agents = [Customer() for _ in range(CONVERSATIONS)], [Agent() for _ in cookies]
    for agent, cookie in zip(agents, cookies, strict=True):
        await agent.start(url, cookie)
    for customer in customers:
        await customer.start(url)
        await customer.ask_for_a_person()
    await asyncio.sleep(2)
    held = await take_all(agents)
    print(f"{len(held)} conversations with {len(agents)} agents")
    to_desk, to_chat = await talk(customers, held)
    print(line("customer to desk", to_desk), line("agent to chat", to_chat), sep="\n", flush=True)
    for one in (*customers, *agents):
        await one.client.disconnect()


async def take_all(agents: list[Agent]) -> list[tuple[Agent, int]]:
    rows = (await agents[0].ask("queue"))["rows"]
    held = []
    for index, row in enumerate(sorted(rows, key=lambda row: row["opened_at"])):
        agent = agents[index % len(agents)]
        await agent.ask("take", case_id=row["id"])
        await agent.ask("look", case_id=row["id"])
        held.append((agent, row["id"]))
    return held


async def talk(customers: list[Customer], held: list[tuple[Agent, int]]) -> tuple[list[float], list[float]]:
    """Each conversation says something and is answered, about once in two seconds, all beside each other."""
    to_desk: list[float] = []
    to_chat: list[float] = []

    async def one(index: int) -> None:
        customer, (agent, case_id) = customers[index], held[index]
        for turn in range(ROUNDS):
            await asyncio.sleep(2 * ((index * 7 + turn * 3) % CONVERSATIONS) / CONVERSATIONS)
            text, answer = f"pregunta {index} turno {turn}", f"respuesta {index} turno {turn}"
            started = time.perf_counter()
            await customer.say(text)
            to_desk.append(await heard(agent.heard, text) - started)
            started = time.perf_counter()
            await agent.ask("say", case_id=case_id, text=answer)
            to_chat.append(await heard(customer.heard, answer) - started)

    await asyncio.gather(*(one(index) for index in range(len(held))))
    return to_desk, to_chat


async def heard(where: dict[str, float], text: str) -> float:
    until = time.perf_counter() + PATIENCE_SECONDS
    while text not in where:
        if time.perf_counter() > until:
            raise SystemExit(f"never heard: {text}")
        await asyncio.sleep(0.001)
    return where[text]


async def measure_queue(url: str, cookie: str) -> None:
    """The page of a long queue, and taking from it."""
    agent = Agent()
    await agent.start(url, cookie)
    pages, takes = [], []
    for number in range(20):
        started = time.perf_counter()
        rows = (await agent.ask("queue", page=number))["rows"]
        pages.append(time.perf_counter() - started)
        started = time.perf_counter()
        await agent.ask("take", case_id=rows[0]["id"])
        takes.append(time.perf_counter() - started)
    print(line(f"a page of {WAITING:,} that wait", pages), line("taking one of them", takes), sep="\n")
    await agent.client.disconnect()


def fill(database: Database) -> None:
    """Ten thousand that wait."""
    with database.writing() as connection:
        row = dict(connection.execute(select(case_table).limit(1)).one()._mapping)
        row |= {"state": "waiting", "staff_id": None}
        row.pop("id")
        rows = [row | {"address": f"web:waiting-{number}"} for number in range(WAITING)]
        connection.execute(insert(case_table).returning(case.id), rows)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        server = open_desk(Path(name))
        server.set(DEMO_DATA="False")
        if os.environ.get("BENCH_DATABASE_URL"):
            server.use_database(os.environ["BENCH_DATABASE_URL"])
        server.start()
        database = Database(server.database_url)
        hashed = hash_password(PASSWORD)
        with database.writing() as connection:
            for number in range(AGENTS):
                add(connection, NewAccount(f"agent{number}", f"Agent {number}", Role.AGENT), hashed, utc_now())
        try:
            cookies = [sign_in(server.url, f"agent{number}") for number in range(AGENTS)]
            asyncio.run(measure(server.url, cookies))
            fill(database)
            asyncio.run(measure_queue(server.url, cookies[0]))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
