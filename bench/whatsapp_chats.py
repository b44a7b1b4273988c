"""Many WhatsApp chats at once through the emulator, with calls that fail: does every reply arrive once, and in order?

`python -m bench.whatsapp_chats --chats 1000 --questions 3 --faults 5`: what `bench.telegram_chats` measures, over WhatsApp.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

from bench.telegram_chats import LONGEST_WAIT_SECONDS, QUESTIONS, QUIET_SECONDS, fault_of
from tests.browser.server import Server, free_port
from tests.whatsapp_phone import Emulator, text_of

FIRST_NUMBER = 34_600_000_000
TROUBLE = ("429", "500", "drop", "hang")
WRITING_AT_ONCE = 100


def main() -> None:
    """Run once and print the figures as JSON; the exit code says whether every chat is right."""
    parser = argparse.ArgumentParser(description="Many WhatsApp chats at once")
    parser.add_argument("--chats", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=3)
    parser.add_argument(
        "--faults", type=float, default=5, help="percent of calls: 429, 500, cut off and time-outs alike"
    )
    chosen = parser.parse_args()
    found = measure(chosen.chats, QUESTIONS[: chosen.questions], chosen.faults)
    print(json.dumps(found, indent=1))  # this is what the command is for
    raise SystemExit(0 if found["wrong_chats"] == 0 else 1)


def measure(chats: int, questions: tuple[str, ...], faults: float) -> dict[str, Any]:
    """How long it took and how many chats were not right."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), free_port(), "")
        emulator = Emulator(server, Path(folder))
        server.set(RATE_LIMIT_TOTAL_MESSAGES_PER_MINUTE="0", LOG_LEVEL="ERROR")
        if os.environ.get("DATABASE_URL"):
            server.use_database(os.environ["DATABASE_URL"])
        emulator.start()
        try:
            server.start()
            return asyncio.run(_talk(emulator.url, chats, questions, faults))
        finally:
            server.stop()
            emulator.stop()


async def _talk(url: str, chats: int, questions: tuple[str, ...], faults: float) -> dict[str, Any]:
    limits = aiohttp.TCPConnector(limit=WRITING_AT_ONCE)
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(600), connector=limits) as session:
        pattern = await _one_person(session, questions)
        await _post(session, "trouble", {"percent": faults, "kinds": TROUBLE})
        began = time.monotonic()
        for question in questions:
            await asyncio.gather(*(_say(session, FIRST_NUMBER + number, question) for number in range(1, chats + 1)))
        last_at = await _until_quiet(session, chats, len(pattern))
        seen = [await _seen(session, FIRST_NUMBER + number) for number in range(1, chats + 1)]
        calls = (await (await session.get("/control/calls")).json())["calls"]
    wrong = Counter(fault for each in seen if (fault := fault_of(pattern, each)))
    replies, seconds = sum(map(len, seen)), last_at - began
    return {
        "chats": chats,
        "replies": replies,
        "wrong_chats": sum(wrong.values()),
        "faults": dict(wrong),
        "seconds": round(seconds, 1),
        "replies_per_second": round(replies / max(seconds, 0.1), 1),
        "calls": calls,
    }


async def _one_person(session: aiohttp.ClientSession, questions: tuple[str, ...]) -> list[str]:
    """What somebody is answered who asks everything when nothing fails."""
    for question in questions:
        before = len(await _seen(session, FIRST_NUMBER))
        await _say(session, FIRST_NUMBER, question)
        while len(await _seen(session, FIRST_NUMBER)) == before:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)
    return await _seen(session, FIRST_NUMBER)


async def _until_quiet(session: aiohttp.ClientSession, chats: int, each: int) -> float:
    """When the last reply came, as near as a look every few seconds tells."""
    changed_at, total = time.monotonic(), -1
    deadline = changed_at + LONGEST_WAIT_SECONDS
    while time.monotonic() < deadline:
        shown = await asyncio.gather(*(_seen(session, FIRST_NUMBER + number) for number in range(1, chats + 1)))
        now = sum(map(len, shown))
        if now != total:
            changed_at, total = time.monotonic(), now
        if time.monotonic() - changed_at > (QUIET_SECONDS if total >= chats * each else 4 * QUIET_SECONDS):
            break
        await asyncio.sleep(3)
    return changed_at


async def _say(session: aiohttp.ClientSession, number: int, text: str) -> None:
    await _post(session, f"phones/{number}/messages", {"text": text})


async def _post(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
    async with session.post(f"/control/{path}", json=body) as answer:
        answer.raise_for_status()


async def _seen(session: aiohttp.ClientSession, number: int) -> list[str]:
    async with session.get(f"/control/phones/{number}") as answer:
        return [text_of(message) for message in (await answer.json())["shown"]]


if __name__ == "__main__":
    main()
