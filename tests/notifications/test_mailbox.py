"""The demo's mailbox: what would have been sent, for the person at this machine and nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from bot.database import Database
from bot.notifications.service import queue
from bot.notifications.web import DemoMailbox
from bot.pages.render import Pages
from tests.notifications.letters import COMPANY, LETTERS, LINK

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Browser = TestClient[web.Request, web.Application]
MakeBrowser = Callable[[web.Application], Awaitable[Browser]]


@pytest.fixture
async def browser(database: Database, aiohttp_client: MakeBrowser) -> Browser:
    app, pages = web.Application(), Pages(COMPANY)
    app.add_routes(DemoMailbox(database, pages, COMPANY).routes())
    app.add_routes(pages.routes())
    return await aiohttp_client(app)


def put(database: Database, template: str = "password_reset", recipient: str = "ana@example.com", **more: Any) -> None:
    with database.writing() as connection:
        queue(connection, NOON, recipient, template, LETTERS[template] | more)


async def read(browser: Browser, path: str, **headers: str) -> tuple[int, str]:
    async with browser.get(path, headers=headers) as response:
        return response.status, await response.text()


async def test_mails_are_listed_newest_first(browser: Browser, database: Database) -> None:
    put(database, "password_reset")
    put(database, "registration_code")
    put(database, "password_choose", recipient="")
    status, page = await read(browser, "/demo/correo")
    assert status == 200
    assert page.index("Tu código de comprobación") < page.index("Cambia tu contraseña")
    assert "Elige tu contraseña" not in page
    assert "ana@example.com · 22/11/2026 13:00" in page


async def test_an_empty_mailbox_says_so(browser: Browser) -> None:
    assert "Todavía no hay ningún correo" in (await read(browser, "/demo/correo"))[1]


async def test_a_mail_is_shown_as_text_and_in_a_frame_without_rights(browser: Browser, database: Database) -> None:
    put(database)
    status, page = await read(browser, "/demo/correo/1")
    escaped = LINK.replace("&", "&amp;")
    assert status == 200
    assert f'<a href="{escaped}">{escaped}</a>' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="&lt;!doctype html&gt;' in page


async def test_a_name_with_markup_stays_a_name(browser: Browser, database: Database) -> None:
    put(database, name='"><script>x()</script>')
    assert "<script>" not in (await read(browser, "/demo/correo/1"))[1]


async def test_the_pages_policy_allows_styles_of_a_mail_and_nothing_else_more(
    browser: Browser, database: Database
) -> None:
    put(database)
    async with browser.get("/demo/correo") as mailbox, browser.get("/demo/correo/1") as mail:
        strict, wider = (each.headers["Content-Security-Policy"] for each in (mailbox, mail))
    assert wider.replace(" 'unsafe-inline'", "") == strict
    assert "script-src 'self';" in wider


@pytest.mark.parametrize("path", ["/demo/correo", "/demo/correo/1"])
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_nobody_else_sees_it(browser: Browser, database: Database, path: str, header: str) -> None:
    put(database)
    status, page = await read(browser, path, **{header: "127.0.0.1"})
    assert status == 404
    assert "ana@example.com" not in page


@pytest.mark.parametrize("number", ["2", "0", "999999999999999999"])
async def test_a_mail_that_is_not_there(browser: Browser, database: Database, number: str) -> None:
    put(database)
    assert (await read(browser, f"/demo/correo/{number}"))[0] == 404


@pytest.mark.parametrize("template", LETTERS)
async def test_every_mail_can_be_shown(browser: Browser, database: Database, template: str) -> None:
    put(database, template)
    assert (await read(browser, "/demo/correo/1"))[0] == 200
