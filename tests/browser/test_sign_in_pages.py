"""The sign-in pages in Chromium: every page and state under axe, pa11y and html-validate, and what their scripts do."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from bot.identity import passwords
from bot.identity.oidc import CALLBACK
from tests.browser.conftest import CHROMIUM
from tests.browser.pages_server import PagesServer, fill_and_send, remember_chat, walk
from tests.browser.server import free_port
from tests.browser.test_accessibility import LOOKS, NODE_MODULES, VIOLATIONS, run_node
from tests.conftest import leave_out
from tests.identity.identity_provider import NODE_MODULES as PROVIDER_MODULES
from tests.identity.identity_provider import CertifiedProvider
from tests.identity.pages_app import CHEAP, NIF, PASSWORD

MEANT = re.compile(r"^Failed to load resource")
"""Pages answer 4xx here, and a provider's pages want things from elsewhere."""
EXPLANATION = "Abre este enlace desde el mismo chat"
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", CHEAP)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PagesServer]:
    server = PagesServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context(viewport={"width": 1280, "height": 800}).new_page()


def need_node_packages() -> None:
    if not NODE_MODULES.is_dir():
        leave_out(f"no Node packages in {NODE_MODULES}: run `make browser`")


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state_and_nothing_has_to_be_scrolled_sideways(
    look: str, server: PagesServer, new_context: Callable[..., BrowserContext]
) -> None:
    need_node_packages()
    page = new_context(**LOOKS[look]).new_page()
    found = {}
    for state in walk(page, server):
        found[state] = (violations_of(page), page.evaluate(SIDEWAYS))
    assert len(found) > 32
    assert {state: problems for state, problems in found.items() if problems != ([], False)} == {}


@pytest.mark.parametrize(("is_dark", "width"), [(False, 1280), (True, 1280), (False, 360)])
def test_pa11y_finds_nothing_in_any_state(is_dark: bool, width: int, server: PagesServer, page: Page) -> None:
    need_node_packages()
    urls = [f"{server.url}/captured/{number}" for number in range(capture(page, server))]
    settings = json.dumps({"dark": is_dark, "width": width, "urls": urls})
    script = Path(__file__).with_name("pa11y_pages.mjs")
    found = run_node(str(script), str(NODE_MODULES), CHROMIUM, settings)
    assert json.loads(found.stdout or "null") == [], found.stderr


def capture(page: Page, server: PagesServer) -> int:
    """Keep what every state looks like, to be shown without its way there; gives how many there are."""
    for _state in walk(page, server):
        server.captured.append(page.content().replace(" autofocus", ""))
    return len(server.captured)


def test_every_state_is_valid_html(server: PagesServer, page: Page, tmp_path: Path) -> None:
    need_node_packages()
    served: list[str] = []
    page.on("response", lambda answer: served.append(answer.text()) if is_page(answer) else None)
    for number, _state in enumerate(walk(page, server)):
        (tmp_path / f"{number}.html").write_text(served[-1])
    (tmp_path / ".htmlvalidate.json").write_text('{"root": true, "extends": ["html-validate:recommended"]}')
    program = str(NODE_MODULES / "html-validate" / "bin" / "html-validate.mjs")
    found = run_node(program, *map(str, tmp_path.glob("*.html")))
    assert found.returncode == 0, found.stdout


def is_page(answer: Any) -> bool:
    return answer.status != 303 and "text/html" in answer.headers.get("content-type", "")


def test_somebody_signs_in_with_the_keyboard_alone(server: PagesServer, page: Page) -> None:
    remember_chat(page, server)
    page.goto(server.url + server.world.link())
    press = page.keyboard.press
    press("Tab")
    expect(page.get_by_role("link", name="Ir al contenido")).to_be_focused()
    press("Tab")
    page.keyboard.type(NIF)
    press("Tab")
    page.keyboard.type("otra")
    press("Enter")
    expect(page.locator("#password")).to_be_focused()
    expect(page.locator("#identifier")).to_have_value(NIF)
    page.keyboard.type(PASSWORD)
    press("Tab")
    press("Space")
    expect(page.locator("#password")).to_have_attribute("type", "text")
    press("Tab")
    press("Enter")
    expect(page.get_by_role("heading", name="Ya está, vuelve al chat")).to_be_visible()
    assert server.world.woken == [server.world.address]


def test_the_password_is_shown_and_hidden_and_never_sent_as_text(server: PagesServer, page: Page) -> None:
    remember_chat(page, server)
    page.goto(server.url + server.world.link())
    page.fill("#password", "secreta")
    page.get_by_role("button", name="Mostrar: Contraseña").click()
    expect(page.locator("#password")).to_have_attribute("type", "text")
    page.get_by_role("button", name="Ocultar: Contraseña").click()
    expect(page.locator("#password")).to_have_attribute("type", "password")


def test_who_is_quicker_than_the_script_is_not_taken_for_somebody_else(server: PagesServer, page: Page) -> None:
    remember_chat(page, server)
    held: list[Route] = []
    page.route("**/sign_in.js", lambda route: held.append(route))
    page.goto(server.url + server.world.link(), wait_until="commit")
    page.fill("#identifier", NIF)
    page.locator("#password").press("Enter")
    held[0].continue_()
    fill_and_send(page, "Entrar", password=PASSWORD)
    expect(page.get_by_role("heading", name="Ya está, vuelve al chat")).to_be_visible()


def test_a_link_opened_without_the_chat_says_where_to_open_it(server: PagesServer, page: Page) -> None:
    page.goto(server.url + server.world.link())
    expect(page.get_by_text(EXPLANATION)).to_be_visible()
    fill_and_send(page, "Entrar", identifier=NIF, password=PASSWORD)
    expect(page.get_by_role("heading", name="Abre el enlace desde el chat")).to_be_visible()
    assert server.world.session() is None


def test_a_link_that_somebody_forwards_signs_nobody_in_in_the_sender_s_chat(server: PagesServer, page: Page) -> None:
    remember_chat(page, server)
    page.goto(server.url + server.world.link("web:of-the-sender"))
    fill_and_send(page, "Entrar", identifier=NIF, password=PASSWORD)
    expect(page.get_by_role("heading", name="Abre el enlace desde el chat")).to_be_visible()
    assert server.world.session("web:of-the-sender") is None


class HostPage:
    """A page of another origin with the chat's own answer to "which session?" in it, and a link to sign in."""

    def __init__(self) -> None:
        self._html = ""
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(host._html.encode())

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def embed(self, server: PagesServer) -> None:
        """Show the chat of that server, in the conversation of its world."""
        static = f"{server.url}/static"
        script = f"""import {{ proveSession }} from "{static}/session_proof.js";
            import {{ storeSession }} from "{static}/session.js";
            storeSession("{server.world.proof}"); proveSession();"""
        link = f'<a href="{server.url}{server.world.link()}" target="_blank" rel="opener">Entrar</a>'
        self._html = f'<!DOCTYPE html><link rel="icon" href="data:,"><script type="module">{script}</script>{link}'

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def host() -> Iterator[HostPage]:
    host = HostPage()
    yield host
    host.stop()


def open_from(host: HostPage, server: PagesServer, page: Page) -> Page:
    host.embed(server)
    page.goto(host.url)
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Entrar").click()
    return popup.value


def test_the_chat_on_another_site_proves_its_session_to_the_page_it_opened(
    tmp_path: Path, host: HostPage, page: Page
) -> None:
    server = PagesServer(tmp_path, embed_origins=(host.url,))
    opened = open_from(host, server, page)
    expect(opened.locator("[name=proof]")).to_have_value(server.world.proof)
    fill_and_send(opened, "Entrar", identifier=NIF, password="otra")
    fill_and_send(opened, "Entrar", identifier=NIF, password=PASSWORD)
    expect(opened.get_by_role("heading", name="Ya está, vuelve al chat")).to_be_visible()
    expect(opened.get_by_text(EXPLANATION)).to_have_count(0)
    server.stop()


def test_a_site_that_may_not_embed_the_chat_is_not_believed(server: PagesServer, host: HostPage, page: Page) -> None:
    opened = open_from(host, server, page)
    expect(opened.get_by_text(EXPLANATION)).to_be_visible()
    expect(opened.locator("[name=proof]")).to_have_value("")
    fill_and_send(opened, "Entrar", identifier=NIF, password=PASSWORD)
    assert server.world.session() is None


@pytest.fixture
def with_provider(tmp_path: Path) -> Iterator[PagesServer]:
    need_node_packages()
    if not PROVIDER_MODULES.is_dir():
        leave_out(f"no Node packages in {PROVIDER_MODULES}: run `make browser`")
    port = free_port()
    provider = CertifiedProvider(f"http://127.0.0.1:{port}{CALLBACK}")
    server = PagesServer(tmp_path, issuer=provider.issuer, port=port)
    yield server
    server.stop()
    provider.stop()


def test_somebody_goes_to_the_provider_and_comes_back_signed_in(with_provider: PagesServer, page: Page) -> None:
    server = with_provider
    remember_chat(page, server)
    page.goto(server.url + server.world.link())
    assert violations_of(page) == []
    fill_and_send(page, "Entrar con Naturgy")
    page.fill("[name=login]", f"nif:{NIF}")
    page.fill("[name=password]", "x")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Ya está, vuelve al chat")).to_be_visible()
    assert server.world.session() is not None


def test_whoever_cancels_at_the_provider_comes_back_to_a_clear_page(with_provider: PagesServer, page: Page) -> None:
    server = with_provider
    remember_chat(page, server)
    page.goto(server.url + server.world.link())
    fill_and_send(page, "Entrar con Naturgy")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="No se ha completado la entrada")).to_be_visible()
    assert violations_of(page) == []
    page.get_by_role("link", name="Probar otra vez").click()
    expect(page.get_by_role("button", name="Entrar con Naturgy")).to_be_visible()


def violations_of(page: Page) -> Any:
    page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    return page.evaluate(VIOLATIONS)
