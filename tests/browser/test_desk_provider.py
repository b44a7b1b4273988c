"""Signing in at the desk through the company's provider, in a real browser, whose rules for cookies decide whether it works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.database import Database, utc_now
from bot.desk import command
from bot.desk.provider_pages import CALLBACK
from tests.browser.server import Server, free_port
from tests.conftest import leave_out, need_program
from tests.identity.identity_provider import NODE_MODULES, SECRET, CertifiedProvider

SHOWN_WITHIN_MS = 20_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    need_program("node")
    if not NODE_MODULES.is_dir():
        leave_out(f"no Node packages in {NODE_MODULES}: run `make browser`")
    server = Server(tmp_path_factory.mktemp("provider"), free_port(), "")
    provider = CertifiedProvider(server.url + CALLBACK)
    server.set(
        STAFF_OIDC_ISSUER=provider.issuer,
        STAFF_OIDC_CLIENT_ID="ventanilla",
        STAFF_OIDC_CLIENT_SECRET=SECRET,
        DEMO_DATA="True",
    )
    server.start()
    database = Database(server.database_url)
    command.link(database, "laura", "laura-at-work", utc_now())
    database.close()
    yield server
    server.stop()
    provider.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """One whose errors do not count: the provider's own pages ask for fonts of others."""
    context = browser.new_context(locale="es-ES", viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def sign_in(page: Page, server: Server, login: str) -> None:
    """From the desk to the provider's two pages and back."""
    page.goto(f"{server.url}/desk")
    expect(page.get_by_label("Contraseña")).to_have_count(0)
    page.get_by_role("button", name="Entrar con la cuenta de Naturgy").click()
    page.locator("[name=login]").fill(login, timeout=SHOWN_WITHIN_MS)
    page.locator("[name=password]").fill("x")
    page.locator("[type=submit]").click()
    page.get_by_role("button", name="Continue").click()


def test_who_was_added_arrives_at_the_desk(server: Server, page: Page) -> None:
    sign_in(page, server, "laura-at-work")
    expect(page.locator("#counts")).to_contain_text("esper", timeout=SHOWN_WITHIN_MS)
    page.get_by_role("link", name="Laura Gil").click()
    expect(page.get_by_role("heading", name="Tu cuenta")).to_be_visible(timeout=SHOWN_WITHIN_MS)


def test_whom_nobody_added_is_told_so(server: Server, page: Page) -> None:
    sign_in(page, server, "somebody")
    expect(page.get_by_role("heading", name="No tienes acceso al mostrador")).to_be_visible(timeout=SHOWN_WITHIN_MS)
    page.goto(f"{server.url}/desk")
    expect(page).to_have_url(f"{server.url}/desk/entrar")
