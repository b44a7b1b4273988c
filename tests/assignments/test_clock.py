"""Requests that nobody answered are closed by the clock, also while the database is away for a moment."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from bot.assignments.clock import AnswerClock
from bot.assignments.service import REQUEST_LIFETIME
from tests.assignments.street import Street
from tests.contacts.office import CHAT

LONG_SECONDS = 20


async def run_for_a_moment(street: Street, seconds: float = 0.02, wakes: int = 1) -> list[str]:
    """Who is woken, until so many are and a moment longer."""
    woken: list[str] = []

    async def wake(address: str) -> None:
        woken.append(address)

    clock = AnswerClock(street.answers, street.database, wake, seconds)
    clock.start()
    async with asyncio.timeout(LONG_SECONDS):
        while len(woken) < wakes:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    await clock.finish()
    return woken


async def test_a_request_is_closed_once_and_its_conversation_woken(street: Street) -> None:
    street.ask()
    assert await run_for_a_moment(street, wakes=0) == []
    street.go(seconds=REQUEST_LIFETIME.total_seconds())
    assert await run_for_a_moment(street) == [CHAT]
    assert street.procedures() == [("cancelled", "client_expired")]


async def test_the_clock_goes_on_after_the_database_was_away(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    street.ask()
    street.go(seconds=REQUEST_LIFETIME.total_seconds())
    real, tries = street.answers.expire, iter([True])

    def expire() -> None:
        if next(tries, False):
            raise OperationalError("", {}, Exception())
        real()

    monkeypatch.setattr(street.answers, "expire", expire)
    assert await run_for_a_moment(street) == [CHAT]


async def test_an_answer_is_told_at_once_however_seldom_the_clock_ticks(street: Street) -> None:
    street.ask()
    reference = street.type_code()

    async def answer() -> None:
        await asyncio.sleep(0.2)
        await asyncio.to_thread(street.say_yes, reference)

    woken, _ = await asyncio.gather(run_for_a_moment(street, seconds=600), answer())
    assert woken == [CHAT]


async def test_an_answer_whose_telling_failed_is_told_at_the_next_tick(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.ask()
    street.say_yes(street.type_code())
    real, tries = street.answers.announce, iter([True])

    def announce() -> list[str]:
        if next(tries, False):
            raise OperationalError("", {}, Exception())
        return real()

    monkeypatch.setattr(street.answers, "announce", announce)
    assert await run_for_a_moment(street) == [CHAT]
