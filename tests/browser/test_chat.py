"""The web chat in Chromium, against a real server."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.browser.chat import ANSWER_WITHIN_MS, Chat
from tests.browser.server import PROJECT, Server

STATIC = PROJECT / "bot" / "channels" / "web" / "static"
OF_THE_PAGE = {"page.css", "favicon.svg"}
LARGEST_WIDGET_BYTES = 60_000
SMALLEST_TARGET_PX = 44
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
ACKNOWLEDGEMENT = "43"  # Socket.IO: Engine.IO message, packet "ack"
QUESTION = "¿Cómo entro por primera vez?"
STORED = """() => ({
    local: Object.keys(localStorage), session: Object.keys(sessionStorage), cookies: document.cookie,
})"""
TOO_SMALL = """(smallest) => [...document.querySelector("ventanilla-chat").shadowRoot.querySelectorAll("button")]
    .filter((button) => button.checkVisibility())
    .map((button) => [button.textContent || button.ariaLabel, button.getBoundingClientRect()])
    .filter(([, box]) => box.width < smallest || box.height < smallest)
    .map(([name]) => name)"""


def test_a_question_is_answered(chat: Chat) -> None:
    assert "NIF" in chat.ask(QUESTION)


def test_the_welcome_comes_once_and_offers_buttons(chat: Chat) -> None:
    expect(chat.replies.first).to_be_visible()
    texts = chat.texts()
    assert len(texts) == len(set(texts))


def test_a_quick_reply_is_shown_as_said_and_answered_and_the_buttons_go(chat: Chat) -> None:
    title = chat.replies.first.inner_text()
    chat.replies.first.click()
    chat.answer_to(title)
    assert chat.texts().count(title) == 1
    expect(chat.log.locator(".message:not(:last-child) .reply")).to_have_count(0)
    expect(chat.field).to_be_focused()


def test_lists_bold_and_links_are_elements_and_links_are_safe(chat: Chat) -> None:
    chat.ask("Me di de alta con CIF, ¿qué hago?")
    answer = chat.answers.last
    expect(answer.locator("li").nth(1)).to_be_visible()
    expect(answer.locator("a[href^='mailto:']").first).to_have_attribute("rel", re.compile("noopener"))


def test_markup_that_a_person_types_stays_text(chat: Chat) -> None:
    chat.ask("<b>hola</b> **hola** [x](javascript:alert(1))")
    assert "<b>hola</b> **hola** [x](javascript:alert(1))" in chat.texts()
    expect(chat.own.locator("b, strong, a")).to_have_count(0)


def test_a_reload_in_mid_conversation_keeps_every_message_once(chat: Chat) -> None:
    chat.ask(QUESTION)
    chat.ask("¿Y la contraseña?")
    before = chat.texts()
    chat.page.reload()
    chat.open()
    assert chat.texts() == before


def test_what_is_written_while_the_server_is_down_is_sent_once_when_it_is_back(
    server: Server, chat: Chat, complaints: list[str]
) -> None:
    chat.ask(QUESTION)
    before = chat.texts()
    server.kill()
    expect(chat.state).to_contain_text("Reconectando", timeout=ANSWER_WITHIN_MS)
    chat.type("Sigo aquí: ¿y si olvido la contraseña?")
    expect(chat.own.last).to_contain_text("Pendiente de enviar")
    server.start()
    chat.answer_to("Sigo aquí")
    assert_kept_once(chat, before, "Sigo aquí: ¿y si olvido la contraseña?")
    complaints.clear()  # the browser reports each refused connection


def test_a_message_cut_off_by_a_kill_is_answered_once_after_the_restart(
    server: Server, chat: Chat, complaints: list[str]
) -> None:
    chat.ask(QUESTION)
    before = chat.texts()
    chat.type("¿Quién puede añadir contactos autorizados?")
    server.kill()
    server.start()
    chat.answer_to("¿Quién puede añadir contactos autorizados?")
    assert_kept_once(chat, before, "¿Quién puede añadir contactos autorizados?")
    complaints.clear()  # the browser reports each refused connection


def test_a_message_whose_acknowledgement_is_lost_is_not_doubled(
    server: Server, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context().new_page()
    losses = lose_one_acknowledgement(page)
    page.goto(server.url)
    chat = Chat(page)
    chat.open()
    before = chat.texts()
    chat.ask(QUESTION)
    assert_kept_once(chat, before, QUESTION)
    assert losses == ["lost"]


def lose_one_acknowledgement(page: Page) -> list[str]:
    """Let the first acknowledgement that the server sends vanish and cut the connection in its place."""
    losses: list[str] = []

    def pass_on(route: WebSocketRoute) -> None:
        to_server = route.connect_to_server()

        def to_page(frame: str | bytes) -> None:
            if losses or not str(frame).startswith(ACKNOWLEDGEMENT):
                route.send(frame)
                return
            losses.append("lost")
            route.close()
            to_server.close()

        to_server.on_message(to_page)

    page.route_web_socket(re.compile("/socket.io/"), pass_on)
    return losses


def assert_kept_once(chat: Chat, before: list[str], said: str) -> None:
    """Nothing lost or doubled, in what is shown and in what a reload brings back."""
    expect(chat.state).to_be_empty(timeout=ANSWER_WITHIN_MS)
    shown = chat.texts()
    assert shown[: len(before)] == before
    assert shown.count(said) == 1
    chat.page.reload()
    chat.open()
    assert chat.texts() == shown


def test_two_tabs_stay_in_step(chat: Chat, server: Server) -> None:
    other = second_tab(chat, server)
    other.ask(QUESTION)
    chat.answer_to(QUESTION)
    chat.ask("¿Y la contraseña?")
    other.answer_to("¿Y la contraseña?")
    assert chat.texts() == other.texts()


def test_a_new_conversation_begins_with_the_welcome_in_every_tab(chat: Chat, server: Server) -> None:
    welcome = chat.texts()
    other = second_tab(chat, server)
    chat.ask(QUESTION)
    start_afresh(chat)
    for tab in (chat, other):
        expect(tab.own).to_have_count(0)
        expect(tab.answers).to_have_count(len(welcome), timeout=ANSWER_WITHIN_MS)
        assert tab.texts() == welcome


def test_a_new_conversation_is_asked_about_first(chat: Chat) -> None:
    chat.ask(QUESTION)
    before = chat.texts()
    chat.page.get_by_role("button", name="Empezar una conversación nueva").click()
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_role("alertdialog")).to_be_hidden()
    assert chat.texts() == before


def second_tab(chat: Chat, server: Server) -> Chat:
    page = chat.page.context.new_page()
    page.goto(server.url)
    other = Chat(page)
    other.open()
    expect(other.messages).to_have_count(chat.messages.count())
    return other


def start_afresh(chat: Chat) -> None:
    chat.page.get_by_role("button", name="Empezar una conversación nueva").click()
    chat.page.get_by_role("button", name="Empezar de nuevo").click()


def test_the_chat_is_used_with_the_keyboard_alone(page: Page) -> None:
    chat = Chat(page)
    chat.launcher.focus()
    page.keyboard.press("Enter")
    expect(chat.field).to_be_focused()
    expect(chat.replies.first).to_be_visible(timeout=ANSWER_WITHIN_MS)
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Adjuntar archivos")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(chat.replies.last).to_be_focused()
    title = chat.replies.last.inner_text()
    page.keyboard.press("Enter")
    chat.answer_to(title)
    page.keyboard.press("Escape")
    expect(chat.dialog).to_be_hidden()
    expect(chat.launcher).to_be_focused()


def test_shift_and_enter_begin_a_line_and_enter_sends(chat: Chat) -> None:
    chat.field.press_sequentially("Hola")
    chat.field.press("Shift+Enter")
    chat.field.press_sequentially("buenas")
    chat.field.press("Enter")
    chat.answer_to("Hola\nbuenas")


def test_near_the_limit_the_characters_left_are_shown(chat: Chat) -> None:
    chat.field.fill("a" * 1_990)
    expect(chat.dialog).to_contain_text("Quedan 10 caracteres")
    chat.field.press_sequentially("b" * 20)
    assert len(chat.field.input_value()) == 2_000


def test_a_reader_further_up_is_not_moved_and_is_told_of_new_messages(chat: Chat, server: Server) -> None:
    other = second_tab(chat, server)
    for question in (QUESTION, "¿Y la contraseña?", "¿Qué puedes hacer?"):
        other.ask(question)
    chat.answer_to("¿Qué puedes hacer?")
    chat.log.evaluate("(log) => { log.scrollTop = 0 }")
    other.ask("¿Qué documentos hay que enviar?")
    expect(chat.page.get_by_role("button", name="Mensajes nuevos")).to_be_visible()
    assert chat.log.evaluate("(log) => log.scrollTop") == 0
    chat.page.get_by_role("button", name="Mensajes nuevos").click()
    expect(chat.messages.last).to_be_in_viewport()


def test_an_answer_longer_than_the_screen_is_shown_from_its_beginning(
    server: Server, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(viewport={"width": 320, "height": 400}).new_page()
    page.goto(server.url)
    chat = Chat(page)
    chat.open()
    chat.ask(QUESTION)
    expect(chat.answers.last.locator(".bubble p").first).to_be_in_viewport(ratio=1)
    expect(chat.replies.last).not_to_be_in_viewport()


def test_an_answer_to_a_closed_chat_is_counted_on_the_launcher(chat: Chat, server: Server) -> None:
    other = second_tab(chat, server)
    chat.page.keyboard.press("Escape")
    other.ask(QUESTION)
    expect(chat.launcher).to_have_accessible_name(re.compile("1 mensaje nuevo|[2-9] mensajes nuevos"))
    chat.launcher.click()
    chat.answer_to(QUESTION)


def test_on_a_phone_the_chat_fills_the_screen_and_buttons_are_large(
    server: Server, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(**PHONE).new_page()
    page.goto(server.url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    chat = Chat(page)
    chat.open()
    chat.ask(QUESTION)
    assert chat.dialog.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 740}
    assert chat.dialog.evaluate("(dialog) => dialog.matches(':modal')")
    assert page.evaluate(TOO_SMALL, SMALLEST_TARGET_PX) == []


def test_only_the_session_id_is_kept_in_the_browser(chat: Chat) -> None:
    chat.ask("Mi NIF es 12345678Z")
    stored = chat.page.evaluate(STORED)
    assert stored == {"local": ["ventanilla.session"], "session": [], "cookies": ""}
    assert re.fullmatch(r"[\w.-]{20,200}", chat.page.evaluate("localStorage['ventanilla.session']"))
    assert chat.page.context.cookies() == []


def test_nothing_but_the_launcher_is_loaded_until_the_chat_is_opened(page: Page) -> None:
    Chat(page).launcher.wait_for()
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert not [name for name in names if "socket" in name or name.endswith("panel.js")]


def test_a_button_of_the_page_opens_the_chat_and_asks(page: Page) -> None:
    page.get_by_role("button", name="Qué documentos sirven").click()
    chat = Chat(page)
    chat.answer_to("Me di de alta con CIF")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Qué documentos sirven")).to_be_focused()


def test_one_script_tag_embeds_the_chat_in_a_page_of_another_origin(
    other_site: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context().new_page()
    page.goto(other_site)
    chat = Chat(page)
    chat.open()
    assert "NIF" in chat.ask(QUESTION)
    expect(chat.dialog.get_by_role("heading", name="Ayuda")).to_be_visible()


def test_the_widget_weighs_at_most_sixty_kilobytes() -> None:
    files = [file for file in STATIC.rglob("*") if file.is_file() and file.name not in OF_THE_PAGE]
    assert sum(compressed_bytes(file) for file in files) <= LARGEST_WIDGET_BYTES


def compressed_bytes(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 9))
