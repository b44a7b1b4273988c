"""What an agent has written and not sent: it outlives a reload, never the agent, and a note never becomes a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.line import LOST, Line
from tests.browser.server import Server, open_desk
from tests.browser.test_desk import KEY, SHOWN_WITHIN_MS, Desk
from tests.talk import Talk

MEANT = LOST
NOTE = "Nota interna (el cliente no la ve)"
MOST_CHARACTERS = 200
KEPT = "Object.values(sessionStorage).join()"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = open_desk(tmp_path_factory.mktemp("unsent"))
    server.set(MESSAGE_CHARACTERS=str(MOST_CHARACTERS))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    line = Line(int(server.url.rpartition(":")[2]))
    yield line
    line.close()


@pytest.fixture
def customer(server: Server) -> Iterator[Talk]:
    talk = Talk(server.url)
    yield talk
    talk.say("terminar")
    talk.say("ya no necesito a nadie, gracias")


@pytest.fixture
def desk(line: Line, new_context: Callable[..., BrowserContext]) -> Desk:
    desk = Desk(new_context(viewport={"width": 1366, "height": 768}).new_page())
    desk.enter(line.url, "laura")
    return desk


def take(desk: Desk, customer: Talk) -> None:
    """The customer asks for a person, and the agent takes them by their key."""
    found = KEY.search(str(customer.say("quiero hablar con una persona")))
    assert found
    desk.page.locator("#filters").get_by_label("Clave").evaluate(
        "(field, key) => { field.value = key; field.dispatchEvent(new Event('input', { bubbles: true })); }", found[0]
    )
    expect(desk.queue).to_have_count(1, timeout=SHOWN_WITHIN_MS)
    desk.queue.first.get_by_role("button").click()
    desk.page.get_by_role("button", name="Tomar", exact=True).click()
    expect(desk.field).to_be_visible(timeout=SHOWN_WITHIN_MS)
    expect(desk.mine.locator("[aria-current=true]")).to_have_count(1, timeout=SHOWN_WITHIN_MS)


def keeps(desk: Desk, text: str) -> None:
    """Sooner or later the tab keeps that; what is gone is gone once the server has said so."""
    desk.page.wait_for_function(f"(text) => {KEPT}.includes(text)", arg=text, timeout=SHOWN_WITHIN_MS)


def keeps_no_more(desk: Desk, text: str = "") -> None:
    """Sooner or later the tab keeps that no more, or nothing at all."""
    gone = f"(text) => text ? !{KEPT}.includes(text) : !{KEPT}"
    desk.page.wait_for_function(gone, arg=text, timeout=SHOWN_WITHIN_MS)


def note_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name=NOTE)


def test_a_reload_brings_back_what_was_being_written_in_each_case(desk: Desk, customer: Talk, server: Server) -> None:
    take(desk, customer)
    desk.field.fill("La factura de octubre")
    other = Talk(server.url)
    take(desk, other)
    expect(desk.field).to_have_value("")
    desk.field.fill("El contrato")
    desk.page.reload()
    expect(desk.field).to_have_value("El contrato", timeout=SHOWN_WITHIN_MS)
    expect(desk.mine).to_have_count(2, timeout=SHOWN_WITHIN_MS)
    desk.page.keyboard.press("Alt+1")
    expect(desk.field).to_have_value("La factura de octubre", timeout=SHOWN_WITHIN_MS)
    desk.field.press("Enter")
    expect(desk.log.locator(".agent:not(.waiting)").last).to_contain_text("La factura", timeout=SHOWN_WITHIN_MS)
    keeps_no_more(desk, "La factura")
    desk.page.reload()
    expect(desk.field).to_have_value("", timeout=SHOWN_WITHIN_MS)
    other.say("terminar")


def test_what_was_sent_without_a_connection_is_sent_once_after_a_reload(desk: Desk, customer: Talk, line: Line) -> None:
    take(desk, customer)
    line.cut()
    expect(desk.page.locator("#state")).to_contain_text("Sin conexión", timeout=SHOWN_WITHIN_MS)
    for text in ("Primero", "Segundo"):
        desk.say(text)
    expect(desk.log.locator(".waiting")).to_have_count(2)
    line.mend()
    desk.page.reload()
    sent = desk.log.locator(".agent:not(.waiting):not(.line) .bubble")
    expect(sent).to_have_text(["Primero", "Segundo"], timeout=SHOWN_WITHIN_MS)
    expect(desk.log.locator(".waiting")).to_have_count(0)
    keeps_no_more(desk)


def test_a_note_stays_a_note(desk: Desk, customer: Talk, line: Line) -> None:
    take(desk, customer)
    desk.page.keyboard.press("Alt+o")
    note_field(desk.page).fill("no es de fiar")
    line.cut()
    expect(desk.page.locator("#state")).to_contain_text("Sin conexión", timeout=SHOWN_WITHIN_MS)
    line.mend()
    expect(desk.page.locator("#state")).to_have_text("", timeout=SHOWN_WITHIN_MS)
    expect(note_field(desk.page)).to_have_value("no es de fiar")
    desk.page.reload()
    expect(note_field(desk.page)).to_have_value("no es de fiar", timeout=SHOWN_WITHIN_MS)
    note_field(desk.page).press("Enter")
    expect(desk.log.locator(".note")).to_contain_text("no es de fiar", timeout=SHOWN_WITHIN_MS)
    expect(desk.field).to_be_visible()
    expect(desk.log.locator(".message.agent:not(.line)")).to_have_count(0)


def test_signing_out_takes_it_away(desk: Desk, customer: Talk) -> None:
    take(desk, customer)
    desk.field.fill("un secreto")
    keeps(desk, "un secreto")
    desk.page.get_by_role("button", name="Salir").click()
    expect(desk.page.get_by_label("Usuario")).to_be_visible(timeout=SHOWN_WITHIN_MS)
    keeps_no_more(desk)


def test_a_session_that_is_over_keeps_it_for_the_same_agent_and_for_nobody_else(
    desk: Desk, customer: Talk, line: Line
) -> None:
    take(desk, customer)
    desk.field.fill("casi listo")
    desk.page.context.clear_cookies()
    desk.enter(line.url, "laura")
    desk.mine.first.get_by_role("button").click()
    expect(desk.field).to_have_value("casi listo", timeout=SHOWN_WITHIN_MS)
    desk.page.context.clear_cookies()
    desk.enter(line.url, "andres")
    keeps_no_more(desk)


def test_what_the_server_does_not_take_stands_in_the_field_again(desk: Desk, customer: Talk) -> None:
    take(desk, customer)
    desk.say("a" * (MOST_CHARACTERS + 1))
    expect(desk.page.locator("#state")).to_contain_text("demasiado largo", timeout=SHOWN_WITHIN_MS)
    expect(desk.field).to_have_value("a" * (MOST_CHARACTERS + 1))
    expect(desk.log.locator(".message.agent:not(.line)")).to_have_count(0)


def test_who_ends_the_talk_leaves_nothing_behind(desk: Desk, customer: Talk) -> None:
    take(desk, customer)
    desk.field.fill("a medias")
    desk.page.keyboard.press("Alt+b")
    expect(desk.mine).to_have_count(0, timeout=SHOWN_WITHIN_MS)
    keeps_no_more(desk)
