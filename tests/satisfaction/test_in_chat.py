"""The question at the end of a talk, over the REST channel of a running server."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.conversation.queries import conversation, conversation_table
from bot.database import Database
from bot.satisfaction.store import rating_table
from tests.browser.server import Server
from tests.talk import Talk

ASKED = "del 1 al 5"
QUESTION = "¿Puedo entrar con el CIF de la gestoría?"


@pytest.fixture
def talk(talking_server: Server) -> Talk:
    return Talk(talking_server.url)


@pytest.fixture
def asked(talk: Talk) -> Talk:
    talk.ask(QUESTION)
    assert ASKED in talk.ask("muchas gracias")
    return talk


def kept(server: Server, talk: Talk) -> list[tuple[Any, ...]]:
    database = Database(server.database_url)
    columns = (rating_table.c.score, rating_table.c.comment, rating_table.c.about, rating_table.c.channel)
    query = select(*columns).join(conversation_table).where(conversation.address == f"rest:{talk.sender}")
    with database.reading() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    database.close()
    return rows


def test_nobody_is_asked_who_was_not_helped(talk: Talk) -> None:
    assert ASKED not in talk.ask("hola")
    assert ASKED not in talk.ask("gracias, adiós")


def test_who_smelt_gas_is_not_asked(talk: Talk) -> None:
    talk.ask(QUESTION)
    talk.ask("huele a gas en el portal")
    assert ASKED not in talk.ask("gracias")


def test_the_question_has_five_buttons(talk: Talk) -> None:
    talk.ask(QUESTION)
    buttons = talk.say("adiós")[-1]["buttons"]
    assert [button["title"][0] for button in buttons] == list("54321")


def test_a_pressed_button_is_kept(asked: Talk, talking_server: Server) -> None:
    assert "me alegra" in asked.ask("4 · Bien")
    assert kept(talking_server, asked) == [(4, None, "assistant", "rest")]


@pytest.mark.parametrize(
    ("said", "score", "comment"),
    [
        ("un 4", 4, None),
        ("5 muy bien gracias", 5, "muy bien gracias"),
        ("2, tardáis mucho", 2, "tardáis mucho"),
        ("1. Mi móvil es 600123456 y soy Marta Ruiz", 1, "Mi móvil es NÚMERO y soy NOMBRE"),
    ],
)
def test_a_typed_score_is_kept_with_its_comment_masked(
    said: str, score: int, comment: str | None, asked: Talk, talking_server: Server
) -> None:
    asked.ask(said)
    assert kept(talking_server, asked) == [(score, comment, "assistant", "rest")]


def test_the_next_message_may_be_the_comment(asked: Talk, talking_server: Server) -> None:
    assert "que ha fallado" in asked.ask("un 2")
    assert "gracias por contarmelo" in asked.ask("pues que el chisme este se explica como un libro cerrado")
    assert kept(talking_server, asked)[0][:2] == (2, "pues que el chisme este se explica como un libro cerrado")


def test_a_question_after_the_score_is_answered_and_is_no_comment(asked: Talk, talking_server: Server) -> None:
    asked.ask("un 4")
    assert "nif" in asked.ask("¿con qué NIF entro en el área?")
    assert kept(talking_server, asked)[0][1] is None


def test_ignoring_it_costs_nothing(asked: Talk, talking_server: Server) -> None:
    assert "autorizad" in asked.ask("¿quién puede añadir contactos autorizados?")
    asked.ask("4")
    assert kept(talking_server, asked) == [(None, None, "assistant", "rest")]


def test_invoices_with_a_number_are_no_score(asked: Talk, talking_server: Server) -> None:
    asked.ask("3 facturas pendientes tengo, enséñamelas")
    assert kept(talking_server, asked)[0][0] is None


def test_it_is_asked_once_a_day(asked: Talk) -> None:
    asked.ask("5")
    asked.ask(QUESTION)
    assert ASKED not in asked.ask("gracias")
