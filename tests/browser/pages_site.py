"""Pages of one package on a port of their own, for a browser: in a thread of this process, on SQLite."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.sync_api import Page, Response

from bot.database import Database, migrate
from bot.settings import PROJECT
from tests.browser.server import free_port
from tests.browser.test_accessibility import NODE_MODULES, VIOLATIONS, run_node
from tests.conftest import leave_out

SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What pages wrote to the console, but that a page answers 4xx is meant here."""
    found: list[str] = []
    yield found
    assert [text for text in found if not text.startswith("Failed to load resource")] == []


class PagesSite:
    """`app_of(database)` gives the application with the pages to be looked at; what they are styled with is added."""

    def __init__(self, folder: Path, app_of: Callable[[Database], web.Application]) -> None:
        if not NODE_MODULES.is_dir():
            leave_out(f"no Node packages in {NODE_MODULES}: run `make browser-tools`")
        self._database = Database(f"sqlite:///{folder / 'pages.db'}")
        migrate(self._database)
        app = app_of(self._database)
        app.router.add_static("/static", PROJECT / "bot" / "channels" / "web" / "static")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._runner = asyncio.run_coroutine_threadsafe(_started(app, port), self._loop).result(20)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._database.close()


async def _started(app: web.Application, port: int) -> web.AppRunner:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


def found_in(page: Page, states: Iterator[str]) -> dict[str, tuple[object, object]]:
    """Of each state that the browser is led through: what axe finds, and whether anything has to be scrolled sideways."""
    found: dict[str, tuple[object, object]] = {}
    for state in states:
        page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
        found[state] = (page.evaluate(VIOLATIONS), page.evaluate(SIDEWAYS))
    return found


def check_html(page: Page, states: Iterator[str], folder: Path) -> None:
    """Every state is valid as it was served."""
    served: list[Response] = []
    page.on("response", lambda answer: served.append(answer) if _is_page(answer) else None)
    for number, _state in enumerate(states):
        while not served:  # the answer is told after the page is there
            page.wait_for_timeout(20)
        (folder / f"{number}.html").write_text(served.pop().text())
        served.clear()
    (folder / ".htmlvalidate.json").write_text('{"root": true, "extends": ["html-validate:recommended"]}')
    program = str(NODE_MODULES / "html-validate" / "bin" / "html-validate.mjs")
    checked = run_node(program, *map(str, folder.glob("*.html")))
    assert checked.returncode == 0, checked.stdout


def _is_page(answer: Response) -> bool:
    return "text/html" in answer.headers.get("content-type", "")
