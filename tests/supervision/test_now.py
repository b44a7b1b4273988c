"""The figures of this moment change on the supervisor's page without a reload, and only for supervisors."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.server import Server
from tests.supervision.test_pages import PATH, chromium, filled, open_as
from tests.talk import Talk

__all__ = ["chromium", "filled", "open_as"]
SHOWN_WITHIN_MS = 30_000


def test_who_comes_to_wait_is_counted_without_a_reload(open_as: Callable[..., Page], filled: Server) -> None:
    page = open_as()
    page.goto(filled.url + PATH)
    page.locator("#desde").fill("2026-11-02")
    waiting = page.locator(".tiles div", has_text="Esperan en el chat").locator("dd")
    before = int(waiting.inner_text())
    Talk(filled.url).say("quiero hablar con una persona")
    expect(waiting).to_have_text(str(before + 1), timeout=SHOWN_WITHIN_MS)
    assert page.locator("#desde").input_value() == "2026-11-02"
    assert page.locator("#ahora").count() == 1


def test_nobody_else_gets_them(open_as: Callable[..., Page], filled: Server) -> None:
    assert open_as("laura").context.request.get(f"{filled.url}{PATH}/ahora").status == 404
    page = open_as("")
    page.goto(f"{filled.url}{PATH}/ahora")
    assert page.url == f"{filled.url}/desk/entrar"
