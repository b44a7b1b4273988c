"""What the logs leave out, whatever level is set."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest

from bot.logs import configure_logs

TOKEN = "12345:a-token-of-telegram"


@pytest.fixture
def debugging(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """What is written with every level on."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logs("DEBUG")
    yield capsys
    root.handlers[:], root.level = before


def test_a_call_of_telegram_leaves_no_token_in_the_logs(debugging: pytest.CaptureFixture[str]) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200))
    with httpx.Client(transport=transport) as client:
        client.get(f"https://api.telegram.example/bot{TOKEN}/getMe")
    logging.getLogger("bot").warning("the logs are written")
    written = debugging.readouterr().err
    assert "the logs are written" in written
    assert TOKEN not in written
