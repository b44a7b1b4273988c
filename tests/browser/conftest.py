"""A real server in a process of its own, Chromium, and the chat as a person handles it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.chat import Chat
from tests.browser.server import Server, free_port

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class OtherSite(BaseHTTPRequestHandler):
    """A page of somebody else, with the one script tag in it."""

    def __init__(self, script: str, *arguments: object) -> None:
        self._script = script
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 204)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        if self.path == "/":
            tag = f'<script type="module" src="{self._script}" data-title="Ayuda" data-color="#7a1f5c" async></script>'
            self.wfile.write(f"<!DOCTYPE html><html lang=es><title>Otra</title><h1>Otra web</h1>{tag}".encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for a whole module: starting it takes seconds."""
    other_port = free_port()
    server = Server(tmp_path_factory.mktemp("server"), free_port(), f"http://127.0.0.1:{other_port}")
    yield server
    server.stop()


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The server, running, whatever the test before did to it."""
    shared_server.start()
    return shared_server


@pytest.fixture
def other_site(server: Server) -> Iterator[str]:
    """The address of a page of another origin that embeds the chat."""
    port = int(server.embed_origin.rpartition(":")[2])
    site = ThreadingHTTPServer(("127.0.0.1", port), partial(OtherSite, f"{server.url}/widget.js"))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield server.embed_origin
    site.shutdown()
    site.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Ended with the module: while it lives, the thread has a running event loop."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def complaints(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What pages wrote to the console as errors, breaches of the content policy among them. The test must end with none.

    A module in which some are meant names them by a pattern, `MEANT`.
    """
    found: list[str] = []
    yield found
    meant = getattr(request.module, "MEANT", None)
    assert [text for text in found if not (meant and meant.search(text))] == []


@pytest.fixture
def new_context(browser: Browser, complaints: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """Makes a browser profile of its own, with the given options of Playwright."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(locale="es-ES", **options)  # type: ignore[arg-type]
        context.on("console", lambda message: complaints.extend(errors_in(message)))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


def errors_in(message: ConsoleMessage) -> list[str]:
    """The message if it is an error."""
    return [message.text] if message.type == "error" else []


@pytest.fixture
def page(server: Server, new_context: Callable[..., BrowserContext]) -> Page:
    """The agencies' page on a wide screen."""
    page = new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(server.url)
    return page


@pytest.fixture
def chat(page: Page) -> Chat:
    """The chat of that page, open and welcomed."""
    chat = Chat(page)
    chat.open()
    return chat
