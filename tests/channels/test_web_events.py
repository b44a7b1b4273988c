"""The web chat over a real Socket.IO connection, with Rasa's event names and then with ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.browser.server import Server, free_port

ANSWER_WITHIN_SECONDS = 20.0


class Client:
    """One tab: keeps every event it hears."""

    def __init__(self) -> None:
        self.io = socketio.AsyncClient()
        self.heard: dict[str, list[Any]] = {}
        self.session_id: str | None = None
        self.io.on("*", self._hear)

    async def _hear(self, event: str, data: Any = None) -> None:
        self.heard.setdefault(event, []).append(data)

    async def wait_for(self, event: str, count: int = 1) -> list[Any]:
        async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
            while len(self.heard.get(event, [])) < count:
                await asyncio.sleep(0.01)
        return self.heard[event]

    async def begin(self, **request: Any) -> str:
        await self.io.emit("session_request", {"session_id": None} | request)
        self.session_id = (await self.wait_for("session_confirm"))[0]
        return self.session_id

    async def say(self, text: str, **fields: Any) -> Any:
        return await self.io.call("user_uttered", {"message": text, "session_id": self.session_id} | fields)


@pytest.fixture
async def clients(talking_server: Server) -> AsyncIterator[Any]:
    opened: list[Client] = []

    async def connect() -> Client:
        client = Client()
        await client.io.connect(talking_server.url)
        opened.append(client)
        return client

    yield connect
    for client in opened:
        await client.io.disconnect()


async def test_a_client_of_rasa_s_channel_gets_its_session_and_its_answer(clients: Any) -> None:
    client = await clients()
    assert isinstance(await client.begin(), str)
    await client.io.emit("user_uttered", {"message": "hola", "customData": {}, "session_id": client.session_id})
    answers = await client.wait_for("bot_uttered", 2)
    assert all(isinstance(answer["text"], str) for answer in answers)
    assert "transcript" not in client.heard


async def test_an_opened_chat_is_welcomed_with_buttons(clients: Any) -> None:
    client = await clients()
    await client.begin(opened=True, after=0)
    (transcript,) = await client.wait_for("transcript")
    welcome, menu = transcript["messages"]
    assert (welcome["sequence"], welcome["sender"]) == (1, "assistant")
    assert menu["buttons"]


async def test_a_message_is_acknowledged_with_its_number(clients: Any) -> None:
    client = await clients()
    await client.begin()
    assert await client.say("hola", message_id="m1") == {"sequence": 1, "message_id": "m1"}


async def test_a_message_sent_again_is_answered_once(clients: Any) -> None:
    client = await clients()
    await client.begin()
    first, second = [await client.say("hola", message_id="m1") for _ in range(2)]
    await client.wait_for("bot_uttered", 2)
    await asyncio.sleep(0.2)
    assert first == second
    assert [answer["sequence"] for answer in client.heard["bot_uttered"]] == [2, 3]


async def test_who_comes_back_hears_only_what_was_missed(clients: Any) -> None:
    client = await clients()
    session_id = await client.begin()
    await client.say("hola")
    await client.wait_for("bot_uttered", 2)
    await client.io.disconnect()
    again = await clients()
    await again.begin(session_id=session_id, after=2)
    (transcript,) = await again.wait_for("transcript")
    assert [message["sequence"] for message in transcript["messages"]] == [3]


async def test_two_tabs_hear_the_same_conversation(clients: Any) -> None:
    first, second = await clients(), await clients()
    session_id = await first.begin()
    await second.begin(session_id=session_id)
    await first.say("hola", message_id="m1")
    (shown,) = await second.wait_for("transcript")
    assert [(m["sender"], m["text"], m["message_id"]) for m in shown["messages"]] == [("person", "hola", "m1")]
    assert await second.wait_for("bot_uttered", 2) == await first.wait_for("bot_uttered", 2)


@pytest.mark.parametrize("forged", ["victim", "victim.0123", {"a": 1}, 7, "x" * 10_000])
async def test_a_session_that_we_did_not_issue_is_replaced_and_cannot_speak(clients: Any, forged: Any) -> None:
    client = await clients()
    assert await client.begin(session_id=forged) != forged
    assert await client.say("hola", session_id=forged) == {"error": "session_unknown"}


async def test_another_person_s_conversation_is_not_heard(clients: Any) -> None:
    victim, thief = await clients(), await clients()
    session_id = await victim.begin()
    await thief.begin(session_id=session_id.partition(".")[0])
    await victim.say("hola")
    await victim.wait_for("bot_uttered", 2)
    await asyncio.sleep(0.2)
    assert "bot_uttered" not in thief.heard


@pytest.mark.parametrize("text", ["", "   ", "\u200b", None, 7, {"a": 1}])
async def test_an_empty_message_is_refused_with_a_text(clients: Any, text: Any) -> None:
    client = await clients()
    await client.begin()
    refused = await client.say(text)
    assert refused["error"] == "empty"
    assert (await client.wait_for("notice"))[0]["text"] == refused["text"]


@pytest.mark.parametrize("data", [None, 7, "x", [], {"after": "1"}, {"after": -1}, {"after": True}, {"opened": "yes"}])
async def test_a_session_request_of_any_shape_gets_a_session(clients: Any, data: Any) -> None:
    client = await clients()
    await client.io.emit("session_request", data)
    assert await client.wait_for("session_confirm")


async def test_a_page_of_an_unlisted_origin_cannot_connect(talking_server: Server) -> None:
    client = socketio.AsyncClient()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(talking_server.url, headers={"Origin": "https://otra.example"})


async def test_who_opens_chats_without_end_is_told_to_wait(tmp_path: Path) -> None:
    server = Server(tmp_path, free_port(), "")
    server.set(RATE_LIMIT_MESSAGES_PER_MINUTE="1")
    server.start()
    client = Client()
    await client.io.connect(server.url)
    for _ in range(11):
        await client.io.emit("session_request", {"session_id": None, "opened": True})
    assert (await client.wait_for("notice"))[0]["text"]
    await client.io.disconnect()
    server.stop()
