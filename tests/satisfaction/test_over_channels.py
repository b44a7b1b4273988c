"""The question how content somebody is, where its five answers look different: web, Telegram and WhatsApp."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Row, select

from bot.conversation.queries import conversation, conversation_table
from bot.satisfaction.store import rating_table
from tests.open_house import OpenHouse, house_on
from tests.visitor import Visitor

CHANNELS = ("web-sqlite", "telegram-sqlite", "whatsapp-postgresql")
ASKED, QUESTION = "del 1 al 5", "¿Puedo entrar con el CIF de la gestoría?"


@pytest.fixture(scope="module", params=CHANNELS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server that people come to over one channel."""
    house = house_on(request, tmp_path_factory.mktemp("satisfaction"))
    house.start()
    yield house
    assert house.refused_by_whatsapp() == []
    house.stop()


@pytest.fixture
def asked(house: OpenHouse) -> Visitor:
    visitor = house.visitor()
    visitor.ask(QUESTION)
    assert ASKED in visitor.ask("muchas gracias")
    return visitor


def kept(house: OpenHouse, visitor: Visitor) -> Row[tuple[int | None, str | None, str]]:
    """Score, comment and channel of the only question of a conversation."""
    columns = (rating_table.c.score, rating_table.c.comment, rating_table.c.channel)
    query = select(*columns).join(conversation_table).where(conversation.address == visitor.address)
    with house.database.reading() as connection:
        return connection.execute(query).one()


def channel_of(visitor: Visitor) -> str:
    return visitor.address.partition(":")[0]


def test_five_answers_are_offered_and_the_pressed_one_is_kept(house: OpenHouse) -> None:
    visitor = house.visitor()
    visitor.ask(QUESTION)
    titles = [button["title"] for answer in visitor.say("adiós") for button in answer["buttons"]]
    scores = [title for title in titles if title[0] in "12345"]
    assert [title[0] for title in scores] == list("54321")
    assert "me alegra" in visitor.ask(scores[1])
    assert tuple(kept(house, visitor)) == (4, None, channel_of(visitor))


def test_the_comment_may_come_with_the_score(house: OpenHouse, asked: Visitor) -> None:
    assert "gracias por contarmelo" in asked.ask("2, tardáis mucho y mi móvil es 600123456")
    assert tuple(kept(house, asked)) == (2, "tardáis mucho y mi móvil es NÚMERO", channel_of(asked))


def test_the_comment_may_be_the_message_after_it(house: OpenHouse, asked: Visitor) -> None:
    assert "que ha fallado" in asked.ask("un 2")
    assert "gracias por contarmelo" in asked.ask("pues que el chisme este se explica como un libro cerrado")
    score, comment, _ = kept(house, asked)
    assert (score, comment) == (2, "pues que el chisme este se explica como un libro cerrado")


def test_going_on_without_an_answer_is_as_if_nothing_was_asked(house: OpenHouse, asked: Visitor) -> None:
    assert "autorizad" in asked.ask("¿quién puede añadir contactos autorizados?")
    asked.ask("4")
    assert tuple(kept(house, asked)) == (None, None, channel_of(asked))
