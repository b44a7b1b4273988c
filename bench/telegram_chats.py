"""Many Telegram chats at once through the emulator, with calls that fail: does every reply arrive once, and in order?

`python -m bench.telegram_chats --chats 1000 --questions 3 --faults 5`. It starts the emulator and the product on SQLite in
a folder of their own (or on `DATABASE_URL`), lets every person ask the same things, and compares what each sees with what a
person saw whose calls did not fail.
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

from tests.browser.server import Server, free_port
from tests.emulators.telegram import TelegramEmulator

QUESTIONS = (
    "hola",
    "¿Puedo entrar con el CIF de la gestoría?",
    "¿Qué documentos hacen falta?",
    "¿Quién puede añadir contactos?",
)
FIRST_CHAT = 8_000_000
LONGEST_WAIT_SECONDS = 1200.0
QUIET_SECONDS = 15.0


def main() -> None:
    """Run once and print the figures as JSON; the exit code says whether every chat is right."""
    parser = argparse.ArgumentParser(description="Many Telegram chats at once")
    parser.add_argument("--chats", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=3)
    parser.add_argument("--faults", type=float, default=5, help="percent of calls: a third each of 429, 500, time-outs")
    parser.add_argument("--mode", choices=("webhook", "polling"), default="webhook")
    chosen = parser.parse_args()
    found = measure(chosen.chats, QUESTIONS[: chosen.questions], chosen.faults, chosen.mode)
    print(json.dumps(found, indent=1))  # this is what the command is for
    raise SystemExit(0 if found["wrong_chats"] == 0 else 1)


def measure(chats: int, questions: tuple[str, ...], faults: float, mode: str = "webhook") -> dict[str, Any]:
    """How long it took and how many chats were not right."""
    emulator = TelegramEmulator()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), free_port(), "")
        limits = {"RATE_LIMIT_TOTAL_MESSAGES_PER_MINUTE": "0", "TELEGRAM_MODE": mode, "LOG_LEVEL": "ERROR"}
        emulator.start()
        try:
            server.set(**emulator.settings(), **limits)
            if os.environ.get("DATABASE_URL"):
                server.use_database(os.environ["DATABASE_URL"])
            server.start()
            return asyncio.run(_talk(emulator, chats, questions, faults))
        finally:
            server.stop()
            emulator.stop()


async def _talk(emulator: TelegramEmulator, chats: int, questions: tuple[str, ...], faults: float) -> dict[str, Any]:
    async with aiohttp.ClientSession(emulator.url, timeout=aiohttp.ClientTimeout(60)) as session:
        pattern = await _one_person(session, questions)
        third = faults / 3
        percents = {
            "percent_429": third,
            "percent_500": third,
            "percent_time_outs": third,
            "percent_duplicates": faults,
        }
        await _post(session, "faults", percents | {"hold_seconds": 20})
        began = time.monotonic()
        for question in questions:
            await asyncio.gather(*(_say(session, FIRST_CHAT + number, question) for number in range(1, chats + 1)))
        last_at = await _until_quiet(session, chats, len(pattern) + len(questions))
        seen = [await _seen(session, FIRST_CHAT + number) for number in range(1, chats + 1)]
        wrong = Counter(fault_of(pattern, each) for each in seen if fault_of(pattern, each))
        state = await (await session.get("/control/state")).json()
    replies = sum(map(len, seen))
    return {
        "chats": chats,
        "replies": replies,
        "wrong_chats": sum(wrong.values()),
        "faults": dict(wrong),
        "seconds": round(last_at - began, 1),
        "replies_per_second": round(replies / max(last_at - began, 0.1), 1),
        "calls": state["calls"],
    }


async def _one_person(session: aiohttp.ClientSession, questions: tuple[str, ...]) -> list[str]:
    """What somebody is answered who asks everything when nothing fails."""
    for question in questions:
        before = len(await _seen(session, FIRST_CHAT))
        await _say(session, FIRST_CHAT, question)
        while len(await _seen(session, FIRST_CHAT)) == before:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)
    return await _seen(session, FIRST_CHAT)


def fault_of(pattern: list[str], seen: list[str]) -> str:
    """What is wrong with a chat: greetings vary, so the first words of each reply are compared by their number."""
    if len(seen) != len(pattern):
        return "lost" if len(seen) < len(pattern) else "twice"
    varies = {number for number, text in enumerate(pattern) if len(text) < 60}  # the short greetings have variants
    same = all(seen[number] == text for number, text in enumerate(pattern) if number not in varies)
    return "" if same else "order"


async def _until_quiet(session: aiohttp.ClientSession, chats: int, each: int) -> float:
    """When the last reply came."""
    changed_at, total = time.monotonic(), -1
    deadline = changed_at + LONGEST_WAIT_SECONDS
    while time.monotonic() < deadline:
        state = await (await session.get("/control/state")).json()
        now = sum(state["chats"].values())
        if now != total:
            changed_at, total = time.monotonic(), now
        done = total >= (chats + 1) * each
        if time.monotonic() - changed_at > (QUIET_SECONDS if done else 4 * QUIET_SECONDS):
            break
        await asyncio.sleep(0.5)
    return changed_at


async def _say(session: aiohttp.ClientSession, chat: int, text: str) -> None:
    await _post(session, "say", {"chat": chat, "text": text})


async def _post(session: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
    async with session.post(f"/control/{path}", json=body) as answer:
        answer.raise_for_status()


async def _seen(session: aiohttp.ClientSession, chat: int) -> list[str]:
    async with session.get(f"/control/chats/{chat}") as answer:
        messages = (await answer.json())["messages"]
    return [message["text"] for message in messages if message.get("from", {}).get("is_bot")]


if __name__ == "__main__":
    main()
