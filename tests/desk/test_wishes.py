"""Which words call a person off, and which only sound like it."""

from __future__ import annotations

import time

import pytest

from bot.desk.model import Choice
from bot.desk.wishes import calls_it_off, choice_in, leaves_the_talk, wants_nobody

LONG = ("ya no hace falta " * 200 + "x", "no " * 500, "hablar con nadie mas " * 100, "gracias" * 300)
SECONDS_FOR_A_LONG_TEXT = 0.05


@pytest.mark.parametrize(
    "text",
    [
        "ya está, gracias, no hace falta que me atienda nadie",
        "cancela lo de la persona",
        "no hace falta que me llaméis, gracias",
        "ya no necesito hablar con nadie",
        "Ya no hace falta persona",
        "quiero dejar de esperar",
        "sácame de la cola",
        "quítame de la lista de espera, por favor",
        "no me llaméis, ya lo he resuelto",
        "Cancela la llamada",
        "no espero más",
        "no quiero esperar",
        "anula la petición de hablar con una persona",
        "déjalo, ya no necesito a nadie",
        "no hace falta que me contesten por correo",
        "olvida lo de la llamada",
    ],
)
def test_nobody_need_come(text: str) -> None:
    assert wants_nobody(text)
    assert calls_it_off(text)


@pytest.mark.parametrize(
    "text",
    [
        "déjalo",
        "Ya no hace falta, gracias",
        "no hace falta, ya lo he encontrado",
        "da igual, déjalo estar",
        "olvídalo",
        "cancélalo",
        "vale, mejor no",
        "ya no lo necesito",
        "ja no cal",
    ],
)
def test_something_is_called_off_and_what_it_is_the_moment_tells(text: str) -> None:
    assert calls_it_off(text)
    assert not wants_nobody(text)


@pytest.mark.parametrize(
    "text",
    [
        "no me entiendes, quiero una persona",
        "no quiero un robot, quiero una persona",
        "no quiero hablar contigo, quiero hablar con una persona",
        "ya está, gracias",
        "no, gracias",
        "¿cómo cancelo la autorización de una persona?",
        "quita a la persona autorizada Luis",
        "quiero quitar una persona",
        "no hace falta que me llames, prefiero el correo",
        "no me llaméis al fijo, llamadme al móvil",
        "no quiero esperar, que me llamen",
        "anula la llamada de mañana y ponla el lunes",
        "dejé de recibir facturas",
        "no quiero que me escriban más avisos",
        "",
        "¿?",
        *LONG,
    ],
)
def test_what_only_sounds_like_it_calls_nobody_off(text: str) -> None:
    assert not calls_it_off(text)
    assert not wants_nobody(text)


@pytest.mark.parametrize(
    "text",
    [
        "terminar",
        "Quiero volver al asistente",
        "Terminar la conversación, por favor.",
        "prefiero seguir con el asistente",
        "ponme con el bot",
        "que vuelva el asistente",
        "ya está, gracias, quiero terminar",
        "vale gracias, cierra el chat",
        "no quiero hablar más con esta persona",
    ],
)
def test_the_talk_is_over(text: str) -> None:
    assert leaves_the_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "¿cómo puedo terminar el alta?",
        "volver a mandar el NIF",
        "salir del paso",
        "gracias",
        "ya no hace falta",
        "cerrar la cuenta",
        "no, el bot me dijo otra cosa",
        "hablar con el robot fue inútil",
        *LONG,
    ],
)
def test_what_only_sounds_like_it_ends_no_talk(text: str) -> None:
    assert not leaves_the_talk(text)


@pytest.mark.parametrize("text", LONG)
def test_a_long_text_takes_no_time(text: str) -> None:
    started = time.perf_counter()
    for reads in (wants_nobody, calls_it_off, leaves_the_talk):
        reads(text)
    assert time.perf_counter() - started < SECONDS_FOR_A_LONG_TEXT


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("por correo", Choice.MAIL),
        ("Mejor por e-mail, gracias", Choice.MAIL),
        ("vale, que me contestéis por correo electrónico", Choice.MAIL),
        ("escribidme un mail por favor", Choice.MAIL),
        ("prefiero una respuesta por correo", Choice.MAIL),
        ("que me llamen", Choice.CALL),
        ("llamadme", Choice.CALL),
        ("mejor por teléfono", Choice.CALL),
        ("quiero que me llaméis, gracias", Choice.CALL),
        ("vale, espero", Choice.WAIT),
        ("me quedo esperando aquí", Choice.WAIT),
        ("prefiero esperar en el chat", Choice.WAIT),
    ],
)
def test_how_somebody_wants_to_be_answered(text: str, choice: Choice) -> None:
    assert choice_in(text) is choice


@pytest.mark.parametrize(
    "text",
    [
        "por correo no",
        "no, que no me llamen",
        "¿me ha llegado un correo?",
        "espero que no tardéis",
        "cambia mi correo",
        "gracias",
        "mis facturas por correo",
        *LONG,
    ],
)
def test_what_is_no_choice(text: str) -> None:
    assert choice_in(text) is None
