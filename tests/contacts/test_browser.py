"""The pages about contacts in Chromium: every state under axe and html-validate, at every width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from playwright.sync_api import BrowserContext, Page, expect

from bot.contacts import service
from bot.database import Database
from tests.browser.conftest import browser, new_context  # noqa: F401 - fixtures
from tests.browser.pages_site import PagesSite, check_html, complaints, found_in  # noqa: F401 - one is a fixture
from tests.browser.test_accessibility import LOOKS
from tests.contacts.office import NOBODY, PAULA, RITA, Office, email, nif
from tests.contacts.test_web import FORM, NURIA, app_of, invitation, undoing
from tests.identity.house import hash_cheaply

PAUL = replace(PAULA, identifier=nif(13), email="paul@new.example")


class Site(PagesSite):
    """The pages and the office that they are about."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, self._app)

    def _app(self, database: Database) -> web.Application:
        self.office = Office(database)
        return app_of(self.office)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    hash_cheaply(monkeypatch)
    site = Site(tmp_path)
    yield site
    site.stop()


def send(page: Page, **fields: str) -> None:
    for name, value in (FORM | fields).items():
        page.fill(f"#{name}", value)
    page.get_by_role("button", name="Guardar y terminar").click()


def walk(page: Page, site: Site) -> Iterator[str]:
    """Leads the browser through every page and state; gives the name of each when it is there."""
    office = site.office
    until = office.now.date().replace(month=12)
    office.add(replace(PAULA, client_ids=(1, 2), until=until))
    page.goto(site.url + invitation(office))
    yield "invitation"
    send(page, identifier="", first_name="", surnames="", password="x", repeated="x")
    yield "everything wrong"
    send(page, identifier=nif(1))
    yield "another identifier"
    send(page, password="corta", repeated="corta")
    yield "a short password"
    send(page, repeated="otra")
    yield "two passwords"
    send(page)
    yield "welcome"
    page.goto(site.url + invitation(office))
    yield "used"
    office.add(NURIA)
    page.goto(site.url + invitation(office, email(NOBODY)))
    yield "has an account"
    page.goto(site.url + undoing(office))
    yield "undo an addition"
    page.get_by_role("button", name="Sí, deshacerlo").click()
    yield "an addition is undone"
    page.goto(site.url + undoing(office))
    yield "undone already"
    for change, template in ((service.change_until, "changed"), (service.deactivate, "removed")):
        office.do(change, RITA, *([until] if change is service.change_until else []))
        page.goto(site.url + undoing(office, f"contact_{template}_holder"))
        yield f"undo: {template}"
        office.go(minutes=1)
        page.get_by_role("button", name="Sí, deshacerlo").click()
        yield f"undone: {template}"
    for path in ("/invitacion/", "/deshacer/"):
        page.goto(site.url + path + "x" * 22)
        yield f"unknown: {path}"
    office.add(PAUL)
    page.goto(site.url + invitation(office, PAUL.email))
    for _ in range(6):
        send(page, identifier=nif(1))
    yield "locked"


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state_and_nothing_has_to_be_scrolled_sideways(
    look: str,
    site: Site,
    new_context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    page = new_context(**LOOKS[look]).new_page()
    found = found_in(page, walk(page, site))
    assert len(found) == 18
    assert {state: problems for state, problems in found.items() if problems != ([], False)} == {}


def test_every_state_is_valid_html(
    site: Site,
    new_context: Callable[..., BrowserContext],  # noqa: F811
    tmp_path: Path,
) -> None:
    page = new_context().new_page()
    check_html(page, walk(page, site), tmp_path)


def test_somebody_accepts_with_the_keyboard_alone(
    site: Site,
    new_context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    site.office.add()
    page.goto(site.url + invitation(site.office))
    page.focus("#identifier")
    for name, value in FORM.items():
        assert page.evaluate("document.activeElement.id") == name
        page.keyboard.press("Control+A")
        page.keyboard.type(value)
        page.keyboard.press("Tab")
        if name in ("password", "repeated"):
            page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ya puedes entrar")).to_be_visible()
