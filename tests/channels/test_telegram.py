"""Telegram from end to end: a running server, the emulator, and people who write, press and sign in."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.demo.names import words
from tests.browser.server import Server, free_port
from tests.documents.files import printed_pdf
from tests.emulators.telegram import TelegramEmulator, TelegramPerson, words_of
from tests.talk import plain
from tests.visitor import BEATRIZ, IGNACIO, Visitor

LINK = re.compile(r"http://127\.0\.0\.1:\d+/entrar/[\w-]+")


@pytest.fixture(scope="module")
def emulator() -> Iterator[TelegramEmulator]:
    emulator = TelegramEmulator()
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture(scope="module", params=["webhook", "polling"])
def server(
    request: pytest.FixtureRequest, emulator: TelegramEmulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("telegram"), free_port(), "")
    server.set(**emulator.settings(), TELEGRAM_MODE=request.param)
    server.start()
    yield server
    server.stop()


_chats = iter(range(5_000_000, 6_000_000))


@pytest.fixture
def ana(server: Server, emulator: TelegramEmulator) -> TelegramPerson:
    return TelegramPerson(emulator, next(_chats))


def page_of_sign_in(server: Server, said: str, nif: str) -> tuple[str, str]:
    """The texts of the page that the link in the chat opens, and of the one after signing in there."""
    link, visitor = LINK.findall(said)[0], Visitor(server.url)
    _, first, _ = visitor.open(link)
    status, last, _ = visitor.open(link, {"identifier": nif, "password": words()["password"]})
    assert status == 200
    return first.decode(), last.decode()


def code_in(page: str) -> str:
    return re.search(r"<strong>(\d{3}) (\d{3})</strong>", page).expand(r"\1\2")  # type: ignore[union-attr]


def test_start_is_welcomed_and_a_pressed_button_is_answered(ana: TelegramPerson) -> None:
    assert "asistente automatico" in ana.ask("/start")
    ana.ask("¿Cómo entro en el Área Clientes?")
    shown = next(message for message in reversed(ana.last) if "reply_markup" in message)
    title = shown["reply_markup"]["inline_keyboard"][0][0]["text"]
    ana.press(title)
    assert ana.wait()
    pressed = next(message for message in ana.seen() if message["message_id"] == shown["message_id"])
    assert "reply_markup" not in pressed


def test_markdown_is_shown_as_telegram_s_own(ana: TelegramPerson) -> None:
    ana.ask("¿Puedo entrar con el CIF de la gestoría?")
    assert any(entity["type"] == "bold" for message in ana.last for entity in message.get("entities", []))
    assert not any("**" in message["text"] for message in ana.last)


def test_what_is_no_text_gets_a_polite_answer_once(ana: TelegramPerson) -> None:
    ana.ask("hola")
    voice = {"voice": {"file_id": "v", "file_unique_id": "u", "duration": 3}}
    ana.emulator.control("message", chat=ana.chat, content=voice)
    assert "mensajes de voz" in plain(words_of(ana.wait()[0]))
    ana.emulator.control("repeat", all=True)
    time.sleep(1.5)
    assert len(ana.seen()) == ana.read


def test_a_group_is_refused_once(server: Server, emulator: TelegramEmulator) -> None:
    chat = -next(_chats)
    for _ in range(3):
        emulator.control("say", chat=chat, text="hola a todos", kind="group")
    group = TelegramPerson(emulator, chat)
    assert "en privado" in plain(words_of(group.wait()[0]))
    time.sleep(0.5)
    assert len(group.seen()) == 1


def test_signing_in_is_confirmed_in_the_chat_and_the_request_goes_on(server: Server, ana: TelegramPerson) -> None:
    said = ana.ask("mis facturas pendientes")
    first, last = page_of_sign_in(server, words_of(ana.last[-1]), BEATRIZ)
    assert "Telegram" in first
    assert "«Ana»" in first
    assert "entrar" in said
    answer = ana.ask(code_in(last))
    assert "hola, beatriz" in answer
    assert "factura" in answer
    assert "te lo digo una vez" in ana.ask("avísame cuando una factura se pase de plazo")
    assert "no te aviso mas de facturas" in ana.ask("/silencio")


def test_a_link_that_was_forwarded_signs_nobody_in(server: Server, ana: TelegramPerson) -> None:
    ana.ask("quiero identificarme")
    victim = TelegramPerson(ana.emulator, next(_chats), "Rosa")
    victim.ask("hola")
    _, last = page_of_sign_in(server, words_of(ana.last[-1]), IGNACIO)
    assert "otro chat" in victim.ask(code_in(last))
    assert "no has entrado" in ana.ask("¿quién soy?")
    assert "no has entrado" in victim.ask("¿quién soy?")


def test_five_wrong_codes_end_it(server: Server, ana: TelegramPerson) -> None:
    ana.ask("quiero identificarme")
    _, last = page_of_sign_in(server, words_of(ana.last[-1]), BEATRIZ)
    right = code_in(last)
    for number in range(5):
        assert "no es el que te ha dado" in ana.ask(f"{(int(right) + number + 1) % 1_000_000:06}")
    ana.ask(right)
    assert "no has entrado" in ana.ask("¿quién soy?")


def test_sessions_elsewhere_are_listed_continued_and_closed(server: Server, ana: TelegramPerson) -> None:
    visitor = Visitor(server.url)
    visitor.sign_in(IGNACIO)
    visitor.ask("¿tengo facturas vencidas en mayo?")
    ana.ask("quiero identificarme")
    _, last = page_of_sign_in(server, words_of(ana.last[-1]), IGNACIO)
    ana.ask(code_in(last))
    assert "facturas vencidas en mayo" in ana.ask("¿De qué hablábamos?")
    assert "tu programa de gestion" in ana.ask("¿dónde tengo la sesión abierta?")
    assert "la he cerrado" in ana.ask("cierra las otras sesiones")
    assert "no has entrado" in visitor.ask("¿quién soy?")
    assert "se cerro desde otro" in visitor.ask("mis facturas pendientes")
    assert "he cerrado tu sesion" in ana.ask("/salir")


def test_a_blocked_bot_says_what_it_has_to_say_when_it_is_taken_back(ana: TelegramPerson) -> None:
    ana.ask("hola")
    ana.emulator.control("block", chat=ana.chat, blocked=True)
    ana.say("¿Qué documentos hacen falta?")
    time.sleep(1)
    ana.emulator.control("block", chat=ana.chat, blocked=False)
    ana.say("gracias")
    assert len(ana.wait()) >= 2


def test_a_file_is_looked_at_and_told_by_name(ana: TelegramPerson) -> None:
    ana.ask("hola")
    ana.send_file("escritura.pdf", printed_pdf())
    told = told_of_the_file(ana)
    assert "lo he recibido" in plain(told)
    assert "escritura.pdf" in told


def test_a_file_that_is_damaged_is_told_what_is_wrong_with_it(ana: TelegramPerson) -> None:
    ana.ask("hola")
    ana.send_file("escritura.pdf", b"%PDF-1.4")
    assert "danado" in plain(told_of_the_file(ana))


def told_of_the_file(ana: TelegramPerson) -> str:
    """Everything up to what became of it: that it has come is said first."""
    told = ""
    while "escritura.pdf" not in told:
        told += " ".join(map(words_of, ana.wait()))
    return told


def test_an_edited_message_is_a_new_one(ana: TelegramPerson) -> None:
    ana.ask("ola")
    ana.emulator.control("edit", chat=ana.chat, text="¿Qué documentos hacen falta?")
    assert "escritura" in plain(" ".join(map(words_of, ana.wait())))


def test_calls_that_fail_are_made_again_in_order(ana: TelegramPerson) -> None:
    ana.emulator.control("faults", percent_429=20, percent_500=20)
    try:
        for question in ("hola", "¿Cómo entro?", "¿Qué documentos hacen falta?"):
            ana.say(question)
        time.sleep(12)
    finally:
        ana.emulator.control("faults", percent_429=0, percent_500=0)
    said = [plain(words_of(message)) for message in ana.wait()]
    assert len(said) == len(set(said))
    assert "asistente automatico" in said[0]


def test_after_a_restart_nothing_is_said_twice(server: Server, ana: TelegramPerson, tmp_path: Path) -> None:
    ana.ask("hola")
    server.kill()
    ana.say("¿Qué documentos hacen falta?")
    ana.emulator.control("repeat", all=True)
    server.start()
    answer = plain(" ".join(map(words_of, ana.wait())))
    assert "escritura" in answer
    time.sleep(2)
    assert len(ana.seen()) == ana.read
