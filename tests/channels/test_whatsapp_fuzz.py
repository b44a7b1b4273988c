"""2,000 webhooks of every shape, signed and not: no error of ours, and an acknowledgement in no time.

WHATSAPP_FUZZ says how many; with `-s` the figures are printed. Half of them are made from the published contract where
WHATSAPP_CONTRACT names its file.
"""

from __future__ import annotations

import copy
import json
import os
import random
import string
import time
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from bot.area import Area
from bot.channels.contract import ChannelGround
from bot.channels.whatsapp import reception
from bot.channels.whatsapp.channel import make
from bot.channels.whatsapp.client import Client
from bot.company import read_company
from bot.conversation.delivery import Delivery
from bot.conversation.limits import MessageLimits
from bot.conversation.outbound import Outbound
from bot.database import Database, utc_now
from bot.settings import Settings
from emulators.whatsapp.webhooks import envelope, status_update
from tests.channels.stopwatch import Stopwatch, as_the_product_runs
from tests.conversation.test_router import Echo, router_of
from tests.emulators.whatsapp_schema import CONTRACT, Webhooks
from tests.whatsapp_phone import ACCOUNT, WEBHOOK, sign

WEBHOOKS = int(os.environ.get("WHATSAPP_FUZZ", "2000"))
P99_SECONDS = 0.020
NUMBERS = [f"3460000{number:04d}" for number in range(200)]
ODD = [None, True, -1, 0, 1e308, 2**80, "", "x" * 5000, "\x00", "\ud800", "‮", [], {}, [[]], {"a": {"b": []}}, "../../x"]
KINDS = ["text", "image", "document", "audio", "video", "sticker", "location", "contacts", "interactive", "button"]
OTHERS = ["reaction", "order", "system", "unsupported", "unknown", "edit", "poll", "", "__class__"]


def message(dice: random.Random) -> dict[str, Any]:
    """A message in the platform's shape, whole."""
    kind = dice.choice(KINDS if dice.random() < 0.8 else OTHERS)
    words = "".join(dice.choices(string.printable + "áñ¿👍", k=dice.randrange(40)))
    reply = {"id": f"{dice.randrange(20)}.{dice.randrange(4)}", "title": words[:20]}
    content = {
        "text": {"body": words},
        "button": {"payload": "x", "text": words},
        "interactive": {"type": "button_reply", "button_reply": reply},
        "contacts": [{"name": {"formatted_name": words}}],
    }.get(kind, {"id": str(dice.randrange(10**15)), "mime_type": "image/jpeg", "caption": words, "filename": words})
    sent_at = int(time.time()) - dice.choice((0, 0, 0, 600, -900, 10**6))
    basis = {"from": dice.choice(NUMBERS), "id": f"wamid.{dice.randrange(10**12)}", "timestamp": str(sent_at)}
    return basis | {"type": kind, kind: content}


def update(dice: random.Random) -> Any:
    number = dice.choice(NUMBERS)
    if dice.random() < 0.3:
        status = {
            "status": dice.choice(("sent", "delivered", "read", "failed", "played", "")),
            "errors": [{"code": 131047}],
        }
        return status_update(ACCOUNT, number, f"wamid.{dice.randrange(10**9)}", status)
    return envelope(ACCOUNT, number, {"messages": [message(dice) for _ in range(dice.choice((1, 1, 1, 3)))]})


def spoiled(whole: Any, dice: random.Random) -> Any:
    """The same with something missing, of another type, or unknown, anywhere in it."""
    value = copy.deepcopy(whole)
    for _ in range(dice.randrange(1, 4)):
        place = value
        while isinstance(place, (dict, list)) and place:
            key = dice.choice(list(place)) if isinstance(place, dict) else dice.randrange(len(place))
            if dice.random() < 0.3 or not isinstance(place[key], (dict, list)):
                break
            place = place[key]
        spoil(place, dice)
    return value


def spoil(place: Any, dice: random.Random) -> None:
    if isinstance(place, dict) and place:
        key = dice.choice(list(place))
        if dice.random() < 0.3:
            del place[key]
        else:
            place[dice.choice((key, key, "hola"))] = copy.deepcopy(dice.choice(ODD))
    elif isinstance(place, list):
        place.append(copy.deepcopy(dice.choice(ODD)))


def body(dice: random.Random, published: Webhooks | None) -> bytes:
    chance = dice.random()
    if chance < 0.05:
        return dice.randbytes(dice.randrange(300))
    whole = published.webhook() if published and dice.random() < 0.5 else update(dice)
    if chance < 0.9:
        whole = spoiled(whole, dice)
    written = json.dumps(whole).encode()
    return written[: dice.randrange(len(written))] if chance < 0.1 else written


@asynccontextmanager
async def webhook(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestClient[Any, Any]]:
    """The channel with an assistant that repeats what is said and a platform that takes everything."""
    monkeypatch.setattr(Client, "show_typing", nothing)
    monkeypatch.setattr(Client, "send", nothing)
    monkeypatch.setattr(reception, "PAUSES_FOR_OUR_NOTE_SECONDS", ())
    names = ("token", "app_secret", "verify_token", "phone_number_id")
    settings = Settings(**{f"whatsapp_{name}": getattr(ACCOUNT, name) for name in names}, _env_file=None)
    turns, arriving, sending = (ThreadPoolExecutor(1 if database.is_sqlite else 2) for _ in range(3))
    delivery = Delivery(router_of(database, Echo()), MessageLimits(0, 0), turns, arriving)
    outbound = Outbound(database, sending, utc_now)
    company = read_company(settings.company_file)
    area = Area("http://localhost", b"x" * 40)
    channel = make(ChannelGround(settings, company, area, database, delivery, outbound, arriving, utc_now))
    assert channel is not None
    outbound.serve("whatsapp", nothing)
    app = web.Application()
    channel.attach(app)
    async with TestClient(TestServer(app)) as client:
        await channel.start()
        yield client
        await channel.finish()
        await outbound.finish()
        await channel.close()
    for pool in (turns, arriving, sending):
        pool.shutdown()


async def nothing(*_values: object) -> None:
    """The emulator would live in this very event loop: its work would count as ours."""


async def test_no_webhook_is_an_error_of_ours_and_each_is_acknowledged_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, answers = random.Random(6), Counter[tuple[bool, int]]()
    published = Webhooks(dice, ACCOUNT.phone_number_id, NUMBERS) if CONTRACT else None
    with as_the_product_runs(), capture_logs() as logs:
        async with webhook(database, monkeypatch) as client:
            watch = Stopwatch(client)
            for _ in range(WEBHOOKS):
                content, is_signed = body(dice, published), dice.random() < 0.9
                header = sign(content) if is_signed else dice.choice(("", "sha256=" + "a" * 64, sign(content + b" ")))
                answers[is_signed, await watch.post(WEBHOOK, content, {"X-Hub-Signature-256": header})] += 1
    print(f"\n{database.engine.name}: {watch.figures()}, {dict(answers)}")  # noqa: T201 the figure
    assert answers.keys() == {(True, 200), (False, 403)}
    assert not [entry for entry in logs if entry["log_level"] in ("error", "critical")]
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM message WHERE author = 'person'").scalar_one() > 100
    if WEBHOOKS > 2000:
        assert watch.p99() <= P99_SECONDS
