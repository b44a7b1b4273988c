"""What a reply becomes on WhatsApp: texts, buttons, lists, and the marks in between."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from bot.channels.whatsapp.markup import UNSEEN, pieces, shortened, split_end, whatsapp_text
from bot.channels.whatsapp.rendering import Words, file_payload, payloads, place_of, template_payload, text_payload
from bot.conversation.model import Attachment, Author, Button, Message, State
from bot.database import utc_now
from bot.settings import PROJECT
from emulators.whatsapp.rules import check_message

WORDS = Words(choose="Ver opciones")


def reply(text: str, *titles: str, author: Author = Author.ASSISTANT, signed_by: str = "") -> Message:
    buttons = tuple(Button(title, f"/{number}") for number, title in enumerate(titles))
    return Message(1, 7, author, text, buttons, None, None, State.SENT, utc_now(), signed_by)


def sent(message: Message) -> list[dict[str, Any]]:
    """The payloads, once the platform's own rules have passed them."""
    found = payloads(message, WORDS)
    for payload in found:
        check_message({"messaging_product": "whatsapp", "to": "34600000000", **payload})
    return found


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("Con el **NIF** entras.", "Con el *NIF* entras."),
        ("- uno\n- **dos**\n* tres", "• uno\n• *dos*\n• tres"),
        ("1. uno\n2. dos", "1. uno\n2. dos"),
        ("**dos\nlíneas**", "*dos*\n*líneas*"),
        ("Llama al [900 100 270](tel:+34900100270).", "Llama al 900 100 270."),
        ("Escribe a [a@b.es](mailto:a@b.es).", "Escribe a a@b.es."),
        ("[Entra aquí](https://x.es/a_b_c?d=*e*)", "Entra aquí: https://x.es/a_b_c?d=*e*"),
        ("[Entra](https://x.es/t). Vale diez minutos.", "Entra: https://x.es/t\nVale diez minutos."),
        ("**[Entra](https://x.es/t)**", "*Entra: https://x.es/t*"),
        ("https://x.es/_a_", "https://x.es/_a_"),
        ("mi_archivo_final.pdf y 2*3*4", "mi_archivo_final.pdf y 2*3*4"),
    ],
)
def test_markdown_becomes_whatsapps_own_marks(markdown: str, shown: str) -> None:
    assert whatsapp_text(markdown) == shown


@pytest.mark.parametrize("text", ["_cursiva_", "~tachado~", "`código`", "*negrita*", "> cita", "**", "a _b_ c"])
def test_marks_of_the_text_itself_format_nothing(text: str) -> None:
    shown = whatsapp_text(text)
    assert shown.replace(UNSEEN, "") == text
    assert not re.search(r"(?<![\w\u2060])[*_~`][^\s\u2060].*[*_~`](?![\w\u2060])|^> ", shown)


@given(some.text(max_size=3000))
def test_any_text_can_be_rendered_and_keeps_its_letters(text: str) -> None:
    shown = whatsapp_text(text)
    assert [c for c in shown if c.isalpha()] == [c for c in text if c.isalpha()] or "](" in text


@given(some.text(min_size=1, max_size=400), some.integers(5, 60))
def test_pieces_are_short_enough_and_lose_nothing(text: str, longest: int) -> None:
    found = pieces(text, longest)
    assert all(0 < len(piece) <= longest for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


@given(some.text(min_size=1, max_size=400), some.integers(5, 60))
def test_the_end_of_a_text_is_short_enough_and_nothing_is_lost(text: str, longest: int) -> None:
    before, end = split_end(text, longest)
    assert len(end) <= longest
    assert "".join((before + end).split()) == "".join(text.split())


def test_a_long_text_is_cut_between_sentences() -> None:
    text = "Esta es una frase. " * 400
    found = [payload["text"]["body"] for payload in sent(reply(text.strip()))]
    assert len(found) == 2
    assert all(piece.endswith("frase.") and piece.startswith("Esta") for piece in found)


def test_up_to_three_choices_are_buttons() -> None:
    (payload,) = sent(reply("¿Qué prefieres?", "Sí", "No", "Hablar con una persona"))
    buttons = payload["interactive"]["action"]["buttons"]
    assert [button["reply"]["title"] for button in buttons] == ["Sí", "No", "Hablar con una pers…"]
    assert [button["reply"]["id"] for button in buttons] == ["7.0", "7.1", "7.2"]


def test_up_to_ten_choices_are_a_list() -> None:
    titles = [f"Opción {number}" for number in range(9)] + ["Un título de más de veinticuatro letras"]
    (payload,) = sent(reply("Elige:", *titles))
    rows = payload["interactive"]["action"]["sections"][0]["rows"]
    assert [row["id"] for row in rows] == [f"7.{place}" for place in range(10)]
    assert rows[9] == {"id": "7.9", "title": "Un título de más…", "description": titles[9]}


def test_more_choices_are_numbered_in_the_text() -> None:
    (payload,) = sent(reply("Elige:", *(f"Opción {number}" for number in range(11))))
    assert payload["text"]["body"].endswith("\n10. Opción 9\n11. Opción 10")


def test_titles_that_look_alike_when_cut_become_a_list() -> None:
    (payload,) = sent(reply("¿Cuál?", "Facturas pendientes de octubre", "Facturas pendientes de marzo"))
    assert payload["interactive"]["type"] == "list"


def test_a_long_text_goes_before_its_buttons() -> None:
    found = sent(reply("Un párrafo.\n\n" * 200 + "¿Sigo?", "Sí", "No"))
    assert [payload["type"] for payload in found] == ["text", "interactive"]
    assert found[1]["interactive"]["body"]["text"].endswith("¿Sigo?")


def test_the_staff_sign_with_their_name() -> None:
    (payload,) = sent(reply("Hola", author=Author.AGENT, signed_by="Lucía"))
    assert payload["text"]["body"] == "*Lucía*\nHola"


def test_a_template_and_a_notice_are_taken_by_the_platform() -> None:
    for payload in (template_payload("novedades_gestion", "es"), text_payload("x" * 9000)):
        check_message({"messaging_product": "whatsapp", "to": "34600000000", **payload})


@pytest.mark.parametrize("choice", ["", "7", "7.", ".1", "7.1.2", "-1.0", "٧.١", "9" * 30 + ".1", "hola", "7.1 "])
def test_a_choice_that_we_did_not_write_is_none(choice: str) -> None:
    assert place_of(choice) is None


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Autorizar a alguien", "Autorizar a alguien"),
        ("Hablar con una persona", "Hablar con una pers…"),
        ("Documentos de la gestoría", "Documentos…"),
        ("Electroencefalografista", "Electroencefalograf…"),
    ],
)
def test_a_title_is_cut_after_a_word_that_means_something(title: str, short: str) -> None:
    assert shortened(title, 20) == short


def test_every_reply_of_the_domain_is_taken_by_the_platform() -> None:
    responses = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    variations = [variation for response in responses.values() for variation in response]
    assert len(variations) > 100
    for variation in variations:
        titles = [button["title"] for button in variation.get("buttons", [])]
        assert sent(reply(variation["text"], *titles))


@pytest.mark.parametrize(
    ("media_type", "size", "kind"),
    [
        ("application/pdf", 10, "document"),
        ("image/jpeg", 5 * 1024 * 1024, "image"),
        ("image/png", 10, "image"),
        ("image/jpeg", 5 * 1024 * 1024 + 1, "document"),
    ],
)
def test_a_small_picture_is_an_image_and_everything_else_a_document(media_type: str, size: int, kind: str) -> None:
    file = Attachment("reference", f"{'ñ' * 300}.pdf", media_type, size)
    payload = file_payload(reply(file.name, author=Author.AGENT, signed_by="Laura *Gil*"), file, "77")
    check_message({"messaging_product": "whatsapp", "to": "34600000000", **payload})
    assert (payload["type"], payload[kind]["id"]) == (kind, "77")
    assert payload[kind]["caption"].startswith("*Laura")
    assert "reference" not in str(payload)
