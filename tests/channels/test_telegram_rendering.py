"""Our replies in Telegram's shape: escaped, cut between sentences, never longer than it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.rendering import LONGEST_TEXT, calls, caption, html_of, units
from bot.channels.telegram.transport import Pressed, Said, meant, read_update
from bot.conversation.model import Author, Button, Message, State
from emulators.telegram.markup import check_keyboard, read_caption, read_text

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def message(text: str, *titles: str, author: Author = Author.ASSISTANT) -> Message:
    buttons = tuple(Button(title, "/x") for title in titles)
    return Message(
        1, 12, author, text, buttons, None, None, State.SENT, NOON, "Laura" if author is Author.AGENT else ""
    )


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**NIF** & <b>", "<b>NIF</b> &amp; &lt;b&gt;"),
        ("- uno\n- dos", "• uno\n• dos"),
        ("[Entrar](https://a.es/x?a=1&b=2)", '<a href="https://a.es/x?a=1&amp;b=2">Entrar</a>'),
        ("[Entrar](http://localhost:8080/e)", "Entrar: http://localhost:8080/e"),
        ("[900 100 270](tel:900100270)", "900 100 270"),
        ("[Llamar](tel:900100270)", "Llamar (900100270)"),
        ("[a@b.es](mailto:a@b.es)", "a@b.es"),
        ("[x](javascript:alert(1))", "x"),
        ("a * b ** c", "a * b ** c"),
        ("** **", "** **"),
    ],
)
def test_markdown_becomes_html(markdown: str, html: str) -> None:
    assert html_of(markdown) == html


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["**a**", "[b](https://a.es)", "<", "&", "😀", ". ", "\n\n", " ", "palabra", "**", "]("]),
        min_size=1,
        max_size=3000,
    )
)
def test_whatever_we_say_telegram_takes(parts: list[str]) -> None:
    text = "".join(parts)
    for call in calls(message(text)):
        assert units(call.html) <= LONGEST_TEXT
        if call.plain.strip():
            read_text(call.html, "HTML")


def test_a_long_answer_is_cut_after_a_sentence_and_the_buttons_stand_last() -> None:
    sentence = "Esto es una frase que no acaba nunca del todo, pero acaba. "
    made = calls(message(sentence * 200, "Sí", "No"))
    assert len(made) == 3
    assert all(call.plain.endswith("acaba.") for call in made)
    assert [bool(call.keyboard) for call in made] == [False, False, True]
    assert "".join(call.plain + " " for call in made) == sentence * 200


def test_buttons_carry_a_place_and_nothing_else() -> None:
    (call,) = calls(message("¿Sí?", "Sí", "No", "Un título bastante largo"))
    assert call.keyboard == ((("Sí", "12.0"), ("No", "12.1")), (("Un título bastante largo", "12.2"),))
    rows = [[{"text": title, "callback_data": data} for title, data in row] for row in call.keyboard]
    assert check_keyboard({"inline_keyboard": rows})


def test_the_staff_s_words_are_no_markup_and_bear_their_name() -> None:
    (call,) = calls(message("**hola** <3", author=Author.AGENT))
    assert call.html == "<b>Laura</b>\n**hola** &lt;3"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("/start", "hola"),
        ("/start 123456", "123456"),
        ("/start facturas", "mis facturas pendientes"),
        ("/salir@x_bot", "cerrar sesión"),
        ("/otro", "/otro"),
    ],
)
def test_commands_stand_for_words(text: str, asked: str) -> None:
    assert meant(text) == asked


def test_a_button_of_somebody_else_s_chat_is_nobody_s() -> None:
    query = {"id": "1", "from": {"id": 7}, "data": "3.0", "message": {"message_id": 4, "chat": {"id": 8}}}
    assert read_update({"update_id": 1, "callback_query": query})[1] is None
    query["message"] = {"message_id": 4, "chat": {"id": 7}}
    assert isinstance(read_update({"update_id": 1, "callback_query": query})[1], Pressed)


def test_who_writes_for_a_chat_is_its_own_person() -> None:
    said = {"from": {"id": 7, "first_name": "Ana"}, "chat": {"id": 7, "type": "private"}, "text": "hola"}
    assert isinstance(read_update({"update_id": 1, "message": said})[1], Said)
    assert read_update({"update_id": 1, "message": said | {"from": {"id": 9}}})[1] is None


def test_the_name_below_a_file_is_no_markup() -> None:
    named = replace(message("a.pdf", author=Author.AGENT), signed_by="Ana <b>&")
    assert read_caption(caption(named), "HTML")[0] == "Ana <b>&"
    assert caption(replace(named, signed_by="")) == ""
