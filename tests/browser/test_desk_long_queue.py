"""A queue of ten thousand in Chromium: the page can be used within a second, and what is done there shows within 100 ms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.desk_page import desk_of, fill_queue, measured
from tests.browser.server import Server, open_desk

PAGE_SECONDS, ACTION_SECONDS = 1.0, 0.1
ROUNDS = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    server = open_desk(tmp_path)
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("fresh_postgresql_url"))
    server.start()
    fill_queue(server)
    yield server
    server.stop()


def test_the_desk_of_a_long_queue_is_quick(server: Server) -> None:
    """The best of some rounds counts: other work on the machine can only take time."""
    with desk_of(server.url) as page:
        best = {what: min(seconds) for what, seconds in measured(page, ROUNDS).items()}
    assert best.pop("the page, until it can be used") <= PAGE_SECONDS
    assert {what: seconds for what, seconds in best.items() if seconds > ACTION_SECONDS} == {}
