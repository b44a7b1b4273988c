"""The pages on which a client decides, in Chromium: every state under axe, pa11y and html-validate, at every width."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.sync_api import BrowserContext, Page, expect

from bot.assignments.service import REQUEST_LIFETIME
from bot.assignments.web import AssignmentViews
from bot.company import read_company
from bot.database import Database
from bot.pages.render import Pages
from bot.settings import PROJECT
from tests.assignments.street import Street
from tests.browser.conftest import CHROMIUM, browser, new_context  # noqa: F401 - fixtures
from tests.browser.pages_site import PagesSite, check_html, complaints, found_in  # noqa: F401 - one is a fixture
from tests.browser.test_accessibility import LOOKS, NODE_MODULES, run_node
from tests.contacts.office import AREA


class Site(PagesSite):
    """The pages and the street that they are about; pages that were captured are shown again to pa11y."""

    def __init__(self, folder: Path) -> None:
        self.captured: list[str] = []
        super().__init__(folder, self._app)

    def _app(self, database: Database) -> web.Application:
        self.street = street = Street(database)
        pages = Pages(read_company(PROJECT / "company.yml"))
        views = AssignmentViews(pages, street.answers, street.withdrawals, AREA.public_url)
        app = web.Application()
        app.add_routes([*pages.routes(), *views.routes()])
        app.router.add_get("/captured/{number}", self._show_captured)
        return app

    async def _show_captured(self, request: web.Request) -> web.Response:
        return web.Response(text=self.captured[int(request.match_info["number"])], content_type="text/html")

    def asking(self) -> str:
        return f"{self.url}/asignacion/{self.street.link()}"

    def withdrawing(self) -> str:
        return f"{self.url}/retirar/{self.street.link('assignment_accepted')}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.stop()


def walk(page: Page, site: Site) -> Iterator[str]:
    """Leads the browser through every page and state; gives the name of each when it is there."""
    street = site.street
    street.ask()
    page.goto(site.asking())
    yield "asking"
    page.get_by_role("button", name="No aceptar").click()
    yield "refused"
    page.goto(site.asking())
    yield "answered already"
    street.go(days=1)
    street.ask()
    page.goto(site.asking())
    page.get_by_role("button", name="Sí, aceptar").click()
    yield "accepted"
    page.goto(site.withdrawing())
    yield "withdrawing"
    page.get_by_role("button", name="Sí, retirarlo").click()
    yield "withdrawn"
    page.goto(site.withdrawing())
    yield "withdrawn already"
    street.go(days=1)
    street.ask()
    street.go(seconds=REQUEST_LIFETIME.total_seconds())
    page.goto(site.asking())
    yield "expired"
    for path in ("/asignacion/", "/retirar/"):
        page.goto(site.url + path + "x" * 22)
        yield f"unknown: {path}"


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state_and_nothing_has_to_be_scrolled_sideways(
    look: str,
    site: Site,
    new_context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    page = new_context(**LOOKS[look]).new_page()
    found = found_in(page, walk(page, site))
    assert len(found) == 10
    assert {state: problems for state, problems in found.items() if problems != ([], False)} == {}
    assert site.street.answers.announce() == ["web:one"] * 2, "once for each answer"


@pytest.mark.parametrize(("is_dark", "width"), [(False, 1280), (True, 1280), (False, 360)])
def test_pa11y_finds_nothing_in_any_state(
    is_dark: bool,
    width: int,
    site: Site,
    new_context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    page = new_context().new_page()
    site.captured = [page.content() for _state in walk(page, site)]
    urls = [f"{site.url}/captured/{number}" for number in range(len(site.captured))]
    settings = json.dumps({"dark": is_dark, "width": width, "urls": urls})
    script = PROJECT / "tests" / "browser" / "pa11y_pages.mjs"
    found = run_node(str(script), str(NODE_MODULES), CHROMIUM, settings)
    assert json.loads(found.stdout or "null") == [], found.stderr


def test_every_state_is_valid_html(
    site: Site,
    new_context: Callable[..., BrowserContext],  # noqa: F811
    tmp_path: Path,
) -> None:
    page = new_context().new_page()
    check_html(page, walk(page, site), tmp_path)


def test_a_client_refuses_with_the_keyboard_alone(
    site: Site,
    new_context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    site.street.ask()
    page.goto(site.asking())
    page.get_by_role("button", name="Sí, aceptar").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Permiso no dado")).to_be_visible()
    assert "Finca 7" not in site.street.clients()
