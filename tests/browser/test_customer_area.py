"""The customer area as a person meets it in Chromium: ask, sign in, go on where one was, and nothing for anybody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import Engine, create_engine, text

from bot.demo.names import words
from tests.browser.chat import ANSWER_WITHIN_MS, Chat
from tests.browser.pages_server import fill_and_send
from tests.browser.server import Server, free_port
from tests.browser.test_accessibility import LOOKS, NODE_MODULES, VIOLATIONS
from tests.browser.test_chat import PHONE, second_tab
from tests.browser.test_sign_in_pages import EXPLANATION, need_node_packages
from tests.visitor import IGNACIO, PAULA

NewContext = Callable[..., BrowserContext]

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
ASKED = "quiero ver las facturas pendientes"
GREETING = "¡Hola, Ignacio!"
FIRST_PAGE, SECOND_PAGE = "Te enseño de la 1 a la 6", "Te enseño de la 7 a la 12"
NUMBER = re.compile(r"FE\d{4}-\d{6}")
WRONG_LETTER = re.compile("Esto no es un NIF, NIE o pasaporte válido")
WRONG_PASSWORD = re.compile("El NIF o la contraseña no son correctos")
SIGN_IN, DOWNLOAD = "a[href*='/entrar/']", "a[href*='/descargas/']"
SIGNED_IN = "Ya está, vuelve al chat"
ELSEWHERE = "Abre el enlace desde el chat"
REFUSED = "No podemos darte este archivo"

STICK = (
    """CREATE VIEW endless AS WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number)
        SELECT count(*) FROM number""",
    "CREATE TRIGGER stuck BEFORE UPDATE ON dialogue BEGIN SELECT * FROM endless; END",
)
LOOSEN = ("DROP TRIGGER stuck", "DROP VIEW endless")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the invented world, one on each kind of database."""
    server = Server(tmp_path_factory.mktemp("area"), free_port(), f"http://127.0.0.1:{free_port()}")
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("fresh_postgresql_url"))
        server.set(DEMO_DATA="True")
    yield server
    server.stop()


def open_chat(url: str, context: BrowserContext) -> Chat:
    page = context.new_page()
    page.goto(url)
    chat = Chat(page)
    chat.open()
    return chat


def follow_link(chat: Chat) -> Page:
    """Press the link to sign in that the last answer has; the tab that it opens, once it knows whose chat it is."""
    with chat.page.expect_popup() as opened:
        chat.answers.last.locator(SIGN_IN).click()
    expect(opened.value.locator("[name=proof]")).not_to_have_value("")
    return opened.value


def enter(page: Page, nif: str, password: str | None = None) -> None:
    fill_and_send(page, "Entrar", identifier=nif, password=words()["password"] if password is None else password)


def sign_in(chat: Chat) -> None:
    """Ask for invoices, sign in as Ignacio, and wait until the chat has gone on by itself."""
    chat.ask(ASKED)
    page = follow_link(chat)
    enter(page, IGNACIO)
    expect(page.get_by_role("heading", name=SIGNED_IN)).to_be_visible()
    expect(chat.answers.last).to_contain_text(FIRST_PAGE, timeout=ANSWER_WITHIN_MS)


def forgive(complaints: list[str], status: int) -> None:
    """The console says so of every page that is refused; the test expects this status."""
    told = f"Failed to load resource: the server responded with a status of {status} "
    assert any(complaint.startswith(told) for complaint in complaints)
    complaints[:] = [complaint for complaint in complaints if not complaint.startswith(told)]


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_a_stranger_asked_for_comes_after_the_sign_in_without_asking_again(
    look: dict[str, Any], server: Server, new_context: NewContext, complaints: list[str]
) -> None:
    chat = open_chat(server.url, new_context(**look))
    assert not NUMBER.search(chat.ask(ASKED))
    page = follow_link(chat)
    enter(page, f"{IGNACIO[:-1]}A")
    expect(page.locator("#identifier")).to_have_accessible_description(WRONG_LETTER)
    expect(page.get_by_text(WRONG_PASSWORD)).to_have_count(0)
    enter(page, IGNACIO, "no-es-esta-clave")
    expect(page.locator("#password")).to_have_accessible_description(WRONG_PASSWORD)
    expect(page.get_by_text(WRONG_LETTER)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    enter(page, IGNACIO)
    expect(page.get_by_role("heading", name=SIGNED_IN)).to_be_visible()
    expect(chat.answers.last).to_contain_text(FIRST_PAGE, timeout=ANSWER_WITHIN_MS)
    assert len(NUMBER.findall(chat.answers.last.inner_text())) == 6
    assert chat.own.locator(".bubble").all_inner_texts() == [ASKED]
    assert_announced_once(chat)
    forgive(complaints, 422)


def assert_announced_once(chat: Chat) -> None:
    """Turns are answered in order: whatever is still to come of the sign-in stands before the next answer."""
    assert NUMBER.search(chat.ask("la 1"))
    for once in (GREETING, FIRST_PAGE):
        expect(chat.answers.filter(has_text=once)).to_have_count(1)


def test_a_file_opens_in_this_browser_alone_and_only_while_the_session_lives(
    server: Server, chat: Chat, new_context: NewContext, complaints: list[str]
) -> None:
    sign_in(chat)
    first_link = chat.log.locator(SIGN_IN).last.get_attribute("href")
    number = NUMBER.findall(chat.ask("solo las vencidas"))[0]
    assert number in chat.ask("la 1")
    link = chat.answers.last.locator(DOWNLOAD)
    with chat.page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == f"{number}.pdf"
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    pdf = str(link.get_attribute("href"))
    assert_refused(new_context().new_page(), pdf)
    chat.ask("cerrar sesión")
    assert not NUMBER.search(chat.ask(ASKED))
    assert chat.answers.last.locator(SIGN_IN).get_attribute("href") != first_link
    assert_refused(chat.page.context.new_page(), pdf)
    forgive(complaints, 403)


def assert_refused(page: Page, url: str) -> None:
    response = page.goto(url)
    assert response is not None
    assert response.status == 403
    expect(page.get_by_role("heading", name=REFUSED)).to_be_visible()


@pytest.mark.parametrize("has_chat", [False, True], ids=["without a chat", "with a chat"])
def test_a_link_that_somebody_forwards_signs_nobody_in(
    has_chat: bool, server: Server, chat: Chat, new_context: NewContext, complaints: list[str]
) -> None:
    chat.ask(ASKED)
    sent = str(chat.answers.last.locator(SIGN_IN).get_attribute("href"))
    before = chat.texts()
    other = new_context()
    own = open_chat(server.url, other) if has_chat else None
    page = other.new_page()
    page.goto(sent)
    expect(page.get_by_text(EXPLANATION)).to_be_visible(visible=not has_chat)
    enter(page, PAULA)
    expect(page.get_by_role("heading", name=ELSEWHERE)).to_be_visible()
    expect(page.get_by_text("entrarías en su chat y no en el tuyo")).to_be_visible()
    assert other.cookies() == []
    assert chat.texts() == before
    for asked in filter(None, (chat, own)):
        assert not NUMBER.search(asked.ask(ASKED))
        expect(asked.answers.last.locator(SIGN_IN)).to_be_visible()
    forgive(complaints, 403)


def test_the_chat_on_another_site_signs_in_and_goes_on_by_itself(other_site: str, new_context: NewContext) -> None:
    chat = open_chat(other_site, new_context(**DESKTOP))
    sign_in(chat)
    assert_announced_once(chat)
    with chat.page.expect_download() as download:
        chat.answers.last.locator(DOWNLOAD).click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_a_reload_keeps_the_list_and_the_session(chat: Chat) -> None:
    sign_in(chat)
    before = chat.texts()
    number = NUMBER.findall(before[-1])[1]
    chat.page.reload()
    chat.open()
    assert chat.texts() == before
    assert number in chat.ask("la 2")


def test_two_tabs_of_the_chat_both_go_on_once(chat: Chat, server: Server) -> None:
    other = second_tab(chat, server)
    sign_in(chat)
    expect(other.answers.last).to_contain_text(FIRST_PAGE, timeout=ANSWER_WITHIN_MS)
    assert_announced_once(other)
    chat.answer_to("la 1")
    assert chat.texts() == other.texts()


def test_a_server_killed_between_sign_in_and_announcement_announces_once(
    server: Server, chat: Chat, complaints: list[str]
) -> None:
    chat.ask(ASKED)
    page = follow_link(chat)
    with killed_in_the_turn(server):
        enter(page, IGNACIO)
        expect(page.get_by_role("heading", name=SIGNED_IN)).to_be_visible()
    expect(chat.answers.filter(has_text=GREETING)).to_have_count(0)
    server.start()
    expect(chat.answers.last).to_contain_text(FIRST_PAGE, timeout=ANSWER_WITHIN_MS)
    assert_announced_once(chat)
    shown = chat.texts()
    chat.page.reload()
    chat.open()
    assert chat.texts() == shown
    complaints.clear()  # the browser reports each refused connection


@contextmanager
def killed_in_the_turn(server: Server) -> Iterator[None]:
    """No turn gets past its dialogue, which signing in does not touch; at the end the server is killed."""
    engine = create_engine(server.database_url)
    stuck = _stuck_by_trigger(engine) if engine.dialect.name == "sqlite" else _stuck_by_lock(engine)
    with stuck:
        try:
            yield
        finally:
            server.kill()
    engine.dispose()


@contextmanager
def _stuck_by_trigger(engine: Engine) -> Iterator[None]:
    """SQLite can lock no single table: writing there takes forever instead."""
    _execute(engine, STICK)
    try:
        yield
    finally:
        _execute(engine, LOOSEN)


@contextmanager
def _stuck_by_lock(engine: Engine) -> Iterator[None]:
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE dialogue IN ACCESS EXCLUSIVE MODE"))
        yield


def _execute(engine: Engine, statements: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_the_second_page_of_a_list_goes_on_counting(chat: Chat) -> None:
    sign_in(chat)
    expect(chat.answers.last.locator("ol")).not_to_have_attribute("start", re.compile("."))
    assert SECOND_PAGE in chat.ask("más")
    expect(chat.answers.last.locator("ol[start='7'] > li")).to_have_count(6)


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_a_chat_with_invoices(look: str, server: Server, new_context: NewContext) -> None:
    need_node_packages()
    chat = open_chat(server.url, new_context(reduced_motion="reduce", **LOOKS[look]))
    sign_in(chat)
    chat.page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    assert chat.page.evaluate(VIOLATIONS) == []
    chat.ask("la 1")
    assert chat.page.evaluate(VIOLATIONS) == []
