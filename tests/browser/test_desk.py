"""The whole story in Chromium: a customer and an agent, each with a browser of their own, on both databases."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect

from bot.desk.demo import PASSWORD
from tests.browser import conftest
from tests.browser.chat import Chat
from tests.browser.conftest import CHROMIUM
from tests.browser.server import Server, open_desk
from tests.browser.test_accessibility import LOOKS, NODE_MODULES, VIOLATIONS, run_node
from tests.documents.files import printed_pdf

SHOWN_WITHIN_MS = 10_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = open_desk(tmp_path_factory.mktemp("desk"))
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("fresh_postgresql_url"))
    server.start()
    yield server
    server.stop()


class Desk:
    """The desk as an agent handles it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.queue = page.locator("#queue li")
        self.mine = page.locator("#mine li")
        self.log = page.get_by_role("log", name="Mensajes")
        self.field = page.get_by_role("textbox", name="Escribe al cliente")

    def enter(self, url: str, login: str) -> None:
        self.page.goto(f"{url}/desk")
        self.page.get_by_label("Usuario").fill(login)
        self.page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Entrar").click()
        expect(self.page.locator("#counts")).to_contain_text("esper", timeout=SHOWN_WITHIN_MS)

    def take_next(self) -> None:
        self.page.keyboard.press("Alt+n")
        expect(self.field).to_be_visible(timeout=SHOWN_WITHIN_MS)

    def open_with_key(self, key: str) -> None:
        self.page.locator("#filters-summary").click()
        self.page.locator("#filters").get_by_label("Clave").fill(key)
        expect(self.queue).to_have_count(1, timeout=SHOWN_WITHIN_MS)
        self.queue.first.get_by_role("button").click()

    def say(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")


@pytest.fixture
def customer(desk_server: Server, new_context: Callable[..., BrowserContext]) -> Chat:
    page = new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(desk_server.url)
    chat = Chat(page)
    chat.open()
    return chat


@pytest.fixture
def agent(desk_server: Server, new_context: Callable[..., BrowserContext]) -> Desk:
    desk = Desk(new_context(viewport={"width": 1366, "height": 768}).new_page())
    desk.enter(desk_server.url, "laura")
    return desk


def test_a_person_takes_over_answers_and_gives_back_in_the_middle_of_a_form(customer: Chat, agent: Desk) -> None:
    customer.ask("no recuerdo si me di de alta con NIF o CIF")
    customer.ask("quiero hablar con una persona")
    expect(customer.answers.last).to_contain_text("Tu clave es", timeout=SHOWN_WITHIN_MS)
    expect(agent.queue.first).to_be_visible(timeout=SHOWN_WITHIN_MS)
    agent.take_next()
    expect(customer.log.locator(".line").last).to_contain_text("Laura Gil, de", timeout=SHOWN_WITHIN_MS)
    agent.say("Hola, soy Laura")
    expect(customer.log.locator(".message.agent").last).to_contain_text("Laura Gil", timeout=SHOWN_WITHIN_MS)
    customer.type("mi NIF es 12345678Z, hola")
    expect(agent.log.locator(".person").last).to_contain_text("hola", timeout=SHOWN_WITHIN_MS)
    expect(agent.log.locator(".person").last).not_to_contain_text("12345678Z")
    agent.page.get_by_role("button", name="Mostrar datos completos").click()
    expect(agent.log.locator(".person").last).to_contain_text("12345678Z", timeout=SHOWN_WITHIN_MS)
    agent.page.keyboard.press("Alt+b")
    expect(customer.answers.last).to_contain_text("NIF", timeout=SHOWN_WITHIN_MS)
    expect(customer.log).to_contain_text("Seguimos donde lo habíamos dejado")
    expect(agent.mine).to_have_count(0, timeout=SHOWN_WITHIN_MS)


def test_each_side_sees_that_the_other_writes(customer: Chat, agent: Desk) -> None:
    customer.ask("quiero hablar con una persona")
    expect(agent.queue.first).to_be_visible(timeout=SHOWN_WITHIN_MS)
    agent.take_next()
    expect(customer.log.locator(".line").last).to_be_visible(timeout=SHOWN_WITHIN_MS)
    agent.field.press_sequentially("Ho")
    expect(customer.log.locator(".writer")).to_have_text("Laura Gil está escribiendo…", timeout=SHOWN_WITHIN_MS)
    customer.field.press_sequentially("oye")
    expect(agent.page.locator(".typing")).to_contain_text("está escribiendo", timeout=SHOWN_WITHIN_MS)
    customer.field.fill("terminar")
    customer.field.press("Enter")
    expect(customer.log).to_contain_text("Vuelvo a ser yo", timeout=SHOWN_WITHIN_MS)
    expect(agent.mine).to_have_count(0, timeout=SHOWN_WITHIN_MS)


def test_what_comes_while_a_conversation_is_first_asked_for_is_not_missed(
    desk_server: Server, customer: Chat, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(viewport={"width": 1366, "height": 768}).new_page()
    answers = HeldAnswers(page)
    agent = Desk(page)
    agent.enter(desk_server.url, "laura")
    customer.ask("quiero hablar con una persona")
    agent.queue.first.get_by_role("button").click()
    answers.wait()
    customer.ask("hola, ¿hay alguien?")
    answers.let_go()
    expect(agent.log).to_contain_text("hola, ¿hay alguien?", timeout=SHOWN_WITHIN_MS)
    assert "ya no esperas a nadie" in customer.ask("ya no necesito a nadie, gracias")


class HeldAnswers:
    """Holds what the server answers to a look at a conversation, on its way to a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held: list[Callable[[], None]] = []
        page.route_web_socket("**/socket.io/**", self._stand_between)

    def _stand_between(self, to_page: WebSocketRoute) -> None:
        to_server = to_page.connect_to_server()
        to_server.on_message(lambda told: self._pass_on(to_page, told))

    def _pass_on(self, to_page: WebSocketRoute, told: str | bytes) -> None:
        if '"summary"' in str(told):
            self._held.append(lambda: to_page.send(told))
        else:
            to_page.send(told)

    def wait(self) -> None:
        """Until one is held."""
        for _ in range(200):
            if self._held:
                return
            self._page.wait_for_timeout(50)
        raise AssertionError("nothing was asked for")

    def let_go(self) -> None:
        """Let them arrive."""
        while self._held:
            self._held.pop(0)()


def test_what_the_customer_calls_off_leaves_the_queue_and_the_page_of_who_looks_at_it(
    customer: Chat, agent: Desk
) -> None:
    customer.ask("quiero hablar con una persona")
    agent.queue.first.get_by_role("button").click()
    expect(agent.log).to_contain_text("quiero hablar con una persona", timeout=SHOWN_WITHIN_MS)
    customer.ask("déjalo, ya no hace falta")
    expect(customer.answers.last).to_contain_text("ya no esperas a nadie")
    expect(agent.queue).to_have_count(0, timeout=SHOWN_WITHIN_MS)
    expect(agent.log).to_have_count(0, timeout=SHOWN_WITHIN_MS)
    expect(agent.page.locator("#conversation")).to_contain_text("Elige una conversación")


def test_who_ends_the_talk_by_words_leaves_nobody_writing_into_nothing(customer: Chat, agent: Desk) -> None:
    customer.ask("quiero hablar con una persona")
    expect(agent.queue.first).to_be_visible(timeout=SHOWN_WITHIN_MS)
    agent.take_next()
    expect(customer.log.locator(".line").last).to_contain_text("«terminar»", timeout=SHOWN_WITHIN_MS)
    customer.type("prefiero seguir con el asistente")
    expect(agent.field).to_have_count(0, timeout=SHOWN_WITHIN_MS)
    expect(agent.mine).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_at_the_desk(
    look: str, desk_server: Server, customer: Chat, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(reduced_motion="reduce", **LOOKS[look]).new_page()
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text()
    page.goto(f"{desk_server.url}/desk")
    page.evaluate(axe)
    assert page.evaluate(VIOLATIONS) == []
    desk = Desk(page)
    desk.enter(desk_server.url, "andres")
    customer.ask("quiero hablar con una persona")
    page.evaluate(axe)
    expect(desk.queue.first).to_be_visible(timeout=SHOWN_WITHIN_MS)
    assert page.evaluate(VIOLATIONS) == []
    desk.take_next()
    desk.say("Hola")
    page.keyboard.press("Alt+r")
    assert page.evaluate(VIOLATIONS) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+c")
    assert page.evaluate(VIOLATIONS) == []
    page.get_by_role("dialog").get_by_role("button", name="Cerrar").click()
    expect(desk.mine).to_have_count(0, timeout=SHOWN_WITHIN_MS)


@pytest.mark.parametrize(("is_dark", "width"), [(False, 1366), (True, 1366), (False, 360)])
def test_pa11y_finds_nothing_at_the_desk(desk_server: Server, customer: Chat, is_dark: bool, width: int) -> None:
    customer.ask("quiero hablar con una persona")
    settings = json.dumps({"dark": is_dark, "width": width, "login": "carmen", "password": PASSWORD})
    script = Path(__file__).with_name("pa11y_desk.mjs")
    found = run_node(str(script), str(NODE_MODULES), CHROMIUM, f"{desk_server.url}/desk", settings)
    assert json.loads(found.stdout) == [], found.stderr


PDF = printed_pdf(2)
DROP = """([name, text]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([text], name));
    for (const kind of ["dragenter", "dragover", "drop"])
        document.querySelector("#conversation .log").dispatchEvent(
            new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def _refusals_are_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser writes a refused file to its console by itself."""
    kept = conftest.errors_in
    monkeypatch.setattr(
        conftest, "errors_in", lambda told: [text for text in kept(told) if "status of 422" not in text]
    )


def files_of(agent: Desk) -> Locator:
    return agent.page.get_by_label("Adjuntar archivos", exact=True)


KEY = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def with_a_person(customer: Chat, agent: Desk) -> None:
    """Others may wait since tests before: the agent takes this customer, found by the key."""
    key = KEY.search(customer.ask("quiero hablar con una persona"))
    assert key
    agent.open_with_key(key[0])
    agent.page.get_by_role("button", name="Tomar", exact=True).click()
    expect(agent.field).to_be_visible(timeout=SHOWN_WITHIN_MS)
    expect(customer.log.locator(".line").last).to_be_visible(timeout=SHOWN_WITHIN_MS)


def end_talk(customer: Chat, agent: Desk) -> None:
    customer.type("terminar")
    expect(agent.mine).to_have_count(0, timeout=SHOWN_WITHIN_MS)


def test_an_agent_sends_a_pdf_and_the_customer_downloads_the_same_bytes(customer: Chat, agent: Desk) -> None:
    with_a_person(customer, agent)
    agent.say("Te mando el contrato")
    files_of(agent).set_input_files({"name": "Contrato.pdf", "mimeType": "application/pdf", "buffer": PDF})
    card = customer.log.locator(".message.agent .file-card").last
    expect(card).to_contain_text("Contrato.pdf", timeout=SHOWN_WITHIN_MS)
    expect(card).to_contain_text("PDF · ")
    expect(agent.log.locator(".file-card").last).to_contain_text("Sin analizar", timeout=SHOWN_WITHIN_MS)
    for _ in range(2):  # the link is made anew each time
        with customer.page.expect_download() as download:
            customer.log.get_by_role("button", name="Descargar Contrato.pdf").click()
        assert download.value.suggested_filename == "Contrato.pdf"
        assert Path(download.value.path()).read_bytes() == PDF
    customer.page.reload()
    customer.open()
    expect(customer.log.locator(".file-card")).to_have_count(1, timeout=SHOWN_WITHIN_MS)
    end_talk(customer, agent)


def test_a_customer_s_file_is_in_the_agent_s_transcript_to_be_downloaded(customer: Chat, agent: Desk) -> None:
    with_a_person(customer, agent)
    customer.page.get_by_label("Adjuntar archivos", exact=True).last.set_input_files(
        {"name": "poder.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    card = agent.log.locator(".message.person .file-card")
    expect(card).to_contain_text("poder.pdf", timeout=SHOWN_WITHIN_MS)
    expect(card).to_contain_text("Sin analizar")
    expect(customer.log.locator(".message.person .file-card")).to_contain_text("poder.pdf", timeout=SHOWN_WITHIN_MS)
    link = card.get_by_role("link", name="Descargar poder.pdf")
    address = urljoin(agent.page.url, link.get_attribute("href") or "")
    downloaded = agent.page.request.get(address)
    assert (downloaded.status, downloaded.body()) == (200, PDF)
    assert "attachment" in downloaded.headers["content-disposition"]
    stranger = customer.page.request.get(address, max_redirects=0)
    assert (stranger.status, stranger.headers["location"]) == (303, "/desk/entrar")
    end_talk(customer, agent)


@pytest.mark.usefixtures("_refusals_are_expected")
def test_a_refused_file_says_why_and_a_note_takes_none(customer: Chat, agent: Desk) -> None:
    with_a_person(customer, agent)
    agent.page.keyboard.press("Alt+o")
    expect(agent.page.get_by_role("button", name="Adjuntar")).to_be_disabled()
    agent.page.keyboard.press("Alt+o")
    agent.page.evaluate(DROP, ["nota.txt", "hola"])
    row = agent.page.locator(".file")
    expect(row).to_contain_text("No es un PDF ni una foto.", timeout=SHOWN_WITHIN_MS)
    assert agent.page.evaluate("document.body.scrollWidth <= innerWidth")
    row.get_by_role("button", name="Quitar nota.txt de la lista").click()
    expect(row).to_have_count(0)
    expect(customer.log.locator(".file-card")).to_have_count(0)
    with agent.page.expect_file_chooser():
        agent.page.keyboard.press("Alt+a")
    end_talk(customer, agent)
