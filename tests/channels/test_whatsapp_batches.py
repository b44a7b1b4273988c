"""One webhook with messages of several people: each in their order, acknowledged when all are kept, never doubled."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.channels.whatsapp.reception import Reception
from bot.channels.whatsapp.store import number_table
from bot.channels.whatsapp.transport import Arrived
from bot.conversation.queries import conversation, conversation_table, message, message_table
from bot.database import Database
from emulators.whatsapp.webhooks import envelope
from tests.channels.test_whatsapp_fuzz import webhook
from tests.whatsapp_phone import ACCOUNT, WEBHOOK, sign

ANA, BEA, EVA = "34600000101", "34600000102", "34600000103"
WRITTEN = [(ANA, "uno"), (BEA, "hola"), (ANA, "dos"), (EVA, "buenas"), (ANA, "tres"), (BEA, "adiós")]


def batch() -> bytes:
    messages = [
        {
            "from": number,
            "id": f"wamid.{place}",
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": text},
        }
        for place, (number, text) in enumerate(WRITTEN)
    ]
    return json.dumps(envelope(ACCOUNT, ANA, {"messages": messages})).encode()


def heard(database: Database) -> dict[str, list[str]]:
    """What each person wrote, in the order in which it is kept."""
    own = (
        select(number_table.c.number, message.text)
        .select_from(message_table)
        .join(conversation_table)
        .join(number_table, number_table.c.address == conversation.address)
        .where(message.author == "person")
        .order_by(message.sequence)
    )
    said: dict[str, list[str]] = {}
    with database.reading() as connection:
        for number, text in connection.execute(own):
            said.setdefault(number, []).append(text)
    return said


async def test_what_each_person_wrote_is_kept_in_its_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with webhook(database, monkeypatch) as client:
        for _ in range(2):  # the platform brings it again
            answer = await client.post(WEBHOOK, data=batch(), headers={"X-Hub-Signature-256": sign(batch())})
            assert answer.status == 200
    assert heard(database) == {ANA: ["uno", "dos", "tres"], BEA: ["hola", "adiós"], EVA: ["buenas"]}


async def test_unless_all_is_kept_it_is_not_acknowledged_and_comes_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Reception._store

    async def fails(self: Reception, address: str, arrived: Arrived, also: Any) -> None:
        if arrived.text == "dos":
            raise OperationalError("", {}, Exception())
        await real(self, address, arrived, also)

    content, statuses = batch(), []
    async with webhook(database, monkeypatch) as client:
        for store in (fails, real):
            monkeypatch.setattr(Reception, "_store", store)
            answer = await client.post(WEBHOOK, data=content, headers={"X-Hub-Signature-256": sign(content)})
            statuses.append(answer.status)
    assert statuses[0] >= 500
    assert statuses[1] == 200
    assert heard(database) == {ANA: ["uno", "dos", "tres"], BEA: ["hola", "adiós"], EVA: ["buenas"]}
