from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.exc import OperationalError
from yarl import URL

from bot.company import read_company
from bot.pages.render import FOLDERS, Pages
from bot.pages.requests import BadForm
from bot.settings import PROJECT

Client = TestClient[web.Request, web.Application]
STATUSES = (400, 403, 404, 405, 413, 415, 503)


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages(read_company(PROJECT / "company.yml"))


async def unreadable(_request: web.Request) -> web.Response:
    raise BadForm(415)


async def without_database(_request: web.Request) -> web.Response:
    raise OperationalError("SELECT a secret", {}, Exception("gone"))


@pytest.fixture
async def client(pages: Pages) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(pages.routes())
    app.add_routes(pages.resource("/leer", get=without_database))
    app.add_routes(pages.resource("/enviar", post=unreadable))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize("status", STATUSES)
def test_every_problem_has_its_page(pages: Pages, status: int) -> None:
    response = pages.problem(status)
    assert response.status == status
    assert response.text is not None
    assert response.text.count("<h1>") == 1


def test_a_page_keeps_to_itself(pages: Pages) -> None:
    headers = pages.problem(404).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_header_of_one_page_replaces_the_common_one(pages: Pages) -> None:
    response = pages.page("pages/problem.html", headers={"Cross-Origin-Opener-Policy": "unsafe-none"}, code=404)
    assert response.headers.getall("Cross-Origin-Opener-Policy") == ["unsafe-none"]


def test_what_a_company_is_called_is_text_and_no_markup() -> None:
    company = read_company(PROJECT / "company.yml") | {"company_name": "<b>Luz & Gas</b>"}
    text = Pages(company).problem(404).text
    assert text is not None
    assert "&lt;b&gt;Luz &amp; Gas" in text
    assert "<b>" not in text


def test_no_template_has_a_script_or_style_inside() -> None:
    for template in FOLDERS.glob("*/templates/*.html"):
        text = template.read_text(encoding="utf-8")
        assert "<style" not in text, template
        assert " style=" not in text, template
        assert "<script>" not in text, template


async def test_an_unreadable_form_gets_a_page(client: Client) -> None:
    answer = await client.post("/enviar")
    assert (answer.status, answer.content_type) == (415, "text/html")


async def test_without_a_database_a_page_says_to_come_back_and_tells_nothing_else(client: Client) -> None:
    answer = await client.get("/leer")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "secret" not in await answer.text()


@pytest.mark.parametrize(("path", "method", "allowed"), [("/leer", "POST", "GET, HEAD"), ("/enviar", "DELETE", "POST")])
async def test_another_method_gets_a_page(client: Client, path: str, method: str, allowed: str) -> None:
    answer = await client.request(method, path)
    assert (answer.status, answer.content_type, answer.headers["Allow"]) == (405, "text/html", allowed)


@pytest.mark.parametrize(("path", "kind"), [("pages.css", "css"), ("identity/sign_in.js", "javascript")])
async def test_static_files_of_every_folder(client: Client, path: str, kind: str) -> None:
    answer = await client.get(f"/pages/{path}")
    assert answer.status == 200
    assert kind in answer.content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["nada.css", "../render.py", "..%2frender.py", "%2e%2e/render.py", "identity/", "%00"])
async def test_no_path_leads_out_of_the_static_files(client: Client, path: str) -> None:
    answer = await client.get(URL(f"/pages/{path}", encoded=True))
    assert answer.status == 404
