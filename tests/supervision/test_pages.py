"""The supervisor's pages in Chromium, on a running server: who may look, charts, files, giving a topic; no violations."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bot.database import Database, utc_now
from bot.desk.demo import PASSWORD
from bot.unanswered import service as unanswered
from bot.unanswered.model import Reason
from tests.browser.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.browser.server import Server, free_port
from tests.browser.test_accessibility import NODE_MODULES, VIOLATIONS, run_node
from tests.figures import world

PATH = "/desk/supervision"
FIGURES = (
    "conversations",
    "solved",
    "waits",
    "within",
    "answers",
    "satisfaction",
    "scores",
    "topics",
    "reasons",
    "agents",
    "comments",
)
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 360, "height": 740}, "is_mobile": True},
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose last weeks were busy."""
    server = Server(tmp_path_factory.mktemp("supervision"), free_port(), "")
    server.start()
    database = Database(server.database_url)
    with database.writing() as connection:
        world.fill(connection, 400, 28, until=utc_now())
        for asked in ("¿arregláis ascensores?", "arregláis los ascensores", "¿vendéis bombillas?"):
            unanswered.keep(connection, asked, Reason.UNSURE, "web", [("contact_details", 0.3)], utc_now())
    database.close()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_as(chromium: Browser, filled: Server) -> Iterator[Callable[..., Page]]:
    """A page for whoever signs in at the desk; nobody with an empty login."""
    contexts: list[BrowserContext] = []

    def sign_in(login: str = "carmen", **look: Any) -> Page:
        context = chromium.new_context(locale="es-ES", reduced_motion="reduce", **look)
        contexts.append(context)
        page = context.new_page()
        if login:
            page.goto(f"{filled.url}/desk/entrar")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.locator("form").evaluate("form => form.submit()")
            page.wait_for_url("**/desk")
        return page

    yield sign_in
    for context in contexts:
        context.close()


def test_who_is_not_signed_in_comes_to_the_sign_in(open_as: Callable[..., Page], filled: Server) -> None:
    page = open_as("")
    for path in (PATH, f"{PATH}/preguntas", f"{PATH}/waits.csv"):
        page.goto(filled.url + path)
        assert page.url == f"{filled.url}/desk/entrar"


def test_an_agent_finds_nothing_there(open_as: Callable[..., Page], filled: Server) -> None:
    page = open_as("laura")
    for path in (PATH, f"{PATH}/preguntas", f"{PATH}/waits.csv"):
        response = page.context.request.get(filled.url + path)
        assert response.status == 404
    form = {"group": "1", "what": "dismiss"}
    response = page.context.request.post(
        f"{filled.url}{PATH}/preguntas", form=form, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert response.status == 404


def test_a_supervisor_sees_charts_with_their_tables(open_as: Callable[..., Page], filled: Server) -> None:
    page = open_as()
    page.goto(filled.url + PATH)
    assert page.locator("svg.chart").count() == 7
    assert page.locator("section.figure").count() == len(FIGURES)
    page.get_by_text("Ver la tabla: Espera hasta una persona").click()
    expect(page.get_by_role("table", name="Espera hasta una persona")).to_be_visible()


def test_an_agency_and_weeks_are_chosen(open_as: Callable[..., Page], filled: Server) -> None:
    page = open_as()
    page.goto(filled.url + PATH)
    everybody = page.locator(".tiles dd").nth(9).inner_text()
    page.select_option("#gestoria", index=1)
    page.select_option("#por", "week")
    page.get_by_role("button", name="Ver").click()
    assert 0 < int(page.locator(".tiles dd").nth(9).inner_text()) < int(everybody)
    assert page.locator("#por").input_value() == "week"


@pytest.mark.parametrize("figure", FIGURES)
def test_each_figure_is_a_file_for_a_spreadsheet(figure: str, open_as: Callable[..., Page], filled: Server) -> None:
    response = open_as().context.request.get(f"{filled.url}{PATH}/{figure}.csv?por=week")
    assert response.status == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(response.body().decode("utf-8-sig")), delimiter=";"))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


def test_a_question_gets_a_topic_and_moves_to_the_assigned(open_as: Callable[..., Page], filled: Server) -> None:
    page = open_as()
    page.goto(f"{filled.url}{PATH}/preguntas")
    group = page.locator("article.group", has_text="ascensores")
    expect(group).to_contain_text("2 veces")
    group.locator("select").select_option("contact_details")
    group.get_by_role("button", name="Dar este tema").click()
    expect(page.locator("article.group", has_text="ascensores")).to_have_count(0)
    page.get_by_role("link", name="Con tema").click()
    expect(page.locator("article.group", has_text="ascensores")).to_be_visible()


def test_a_topic_must_be_chosen(open_as: Callable[..., Page], filled: Server) -> None:
    page = open_as()
    page.goto(f"{filled.url}{PATH}/preguntas")
    page.locator("article.group", has_text="bombillas").get_by_role("button", name="Dar este tema").click()
    expect(page.get_by_role("alert")).to_have_text("Elige un tema de la lista.")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", [PATH, f"{PATH}/preguntas"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    path: str, look: str, open_as: Callable[..., Page], filled: Server, tmp_path: Path
) -> None:
    page = open_as(**LOOKS[look])
    page.goto(filled.url + path)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    assert page.evaluate(VIOLATIONS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", [PATH, f"{PATH}/preguntas"])
@pytest.mark.parametrize("width", [1280, 360])
def test_pa11y_finds_nothing(path: str, width: int, open_as: Callable[..., Page], filled: Server) -> None:
    page = open_as()
    cookie = next(each for each in page.context.cookies() if each["name"] == "ventanilla_desk")
    script = Path(__file__).with_name("pa11y_check.mjs")
    settings = json.dumps({"width": width, "cookie": f"{cookie['name']}={cookie['value']}"})
    found = run_node(str(script), str(NODE_MODULES), CHROMIUM, filled.url + path, settings)
    assert json.loads(found.stdout) == [], found.stderr
