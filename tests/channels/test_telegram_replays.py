"""What comes again, and what comes late: a replay says nothing, and nothing that a person wrote while we were away is lost."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client import REGISTRY

from bot.channels.telegram.views import SECRET_HEADER
from bot.database import Database
from tests.channels.test_telegram_updates import SECRET, telegram

HOUR = 3600
ANA = {"id": 7, "is_bot": False, "first_name": "Ana"}
CHAT = {"id": 7, "type": "private"}
Client = TestClient[web.Request, web.Application]


def message(number: int, hours_ago: float, **content: Any) -> dict[str, Any]:
    written = {"message_id": number, "date": int(time.time() - hours_ago * HOUR), "from": ANA, "chat": CHAT}
    return {"update_id": number, "message": written | (content or {"text": "hola"})}


def pressed(number: int, data: str, hours_ago: float) -> dict[str, Any]:
    """A press itself is not dated; the message of ours that has the button is."""
    ours = {"message_id": 1, "date": int(time.time() - hours_ago * HOUR), "chat": CHAT}
    return {"update_id": number, "callback_query": {"id": "1", "from": ANA, "message": ours, "data": data}}


async def bring(client: Client, path: str, update: dict[str, Any]) -> None:
    async with client.post(path, json=update, headers={SECRET_HEADER: SECRET}) as answer:
        assert answer.status == 200


async def said(database: Database, author: str, at_least: int = 0) -> list[str]:
    """The texts in the transcript, once there are that many."""
    query = f"SELECT text FROM message WHERE author = '{author}' ORDER BY id"  # words of ours
    for _ in range(100):
        with database.reading() as connection:
            texts = list(connection.exec_driver_sql(query).scalars())
        if len(texts) >= at_least:
            break
        await asyncio.sleep(0.05)
    return texts


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def repeated() -> float:
    return counted("ventanilla_messages_repeated_total", channel="telegram")


def old() -> float:
    return counted("ventanilla_telegram_updates_total", outcome="old")


@pytest.mark.parametrize("content", [{"text": "hola"}, {"voice": {}}, {"document": {"file_id": "1"}}])
async def test_an_update_that_is_brought_again_is_counted_and_says_nothing(
    database: Database, content: dict[str, Any]
) -> None:
    async with telegram(database) as (client, _, path):
        before, update = repeated(), message(5, 0, **content)
        await bring(client, path, update)
        replies = await said(database, "assistant", 1)
        await bring(client, path, update)
        assert repeated() == before + 1
    assert len(await said(database, "person")) == 1
    assert await said(database, "assistant") == replies


async def test_what_waited_there_while_we_were_away_is_answered(database: Database) -> None:
    async with telegram(database) as (client, _, path):
        await bring(client, path, message(5, 23.5))
        assert await said(database, "assistant", 1) == ["echo hola"]


@pytest.mark.parametrize("content", [{"text": "hola"}, {"voice": {}}, {"document": {"file_id": "1"}}])
async def test_what_telegram_itself_would_not_bring_any_more_is_refused_and_counted(
    database: Database, content: dict[str, Any]
) -> None:
    async with telegram(database) as (client, _, path):
        before = old()
        await bring(client, path, message(5, 26, **content))
        assert old() == before + 1
    assert await said(database, "person") == []


async def test_a_message_is_as_old_as_its_last_change(database: Database) -> None:
    edited = message(5, 40)["message"] | {"edit_date": int(time.time())}
    async with telegram(database) as (client, _, path):
        await bring(client, path, {"update_id": 5, "edited_message": edited})
        assert await said(database, "assistant", 1) == ["echo hola"]


async def test_a_button_under_an_old_message_is_pressed_once(database: Database) -> None:
    async with telegram(database) as (client, _, path):
        await bring(client, path, message(5, 0))
        await said(database, "assistant", 1)
        press, before = pressed(6, "2.0", hours_ago=100), repeated()
        await bring(client, path, press)
        await said(database, "assistant", 2)
        await bring(client, path, press)
        assert repeated() == before + 1
    assert await said(database, "person") == ["hola", "Sí"]
