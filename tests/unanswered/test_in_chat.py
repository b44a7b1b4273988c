"""What the assistant does not understand is kept, over the REST channel of a running server; what it answers is not."""

from __future__ import annotations

from sqlalchemy import select

from bot.database import Database
from bot.topics.store import answered_turn_table
from bot.unanswered.store import unanswered_table
from tests.browser.server import Server
from tests.talk import Talk


def kept(server: Server, text: str) -> list[tuple[str, str]]:
    database = Database(server.database_url)
    with database.reading() as connection:
        query = select(unanswered_table.c.reason, unanswered_table.c.channel).where(unanswered_table.c.text == text)
        rows = [(row.reason, row.channel) for row in connection.execute(query)]
    database.close()
    return rows


def test_what_was_not_understood_is_kept_with_its_reason_and_channel(talking_server: Server) -> None:
    Talk(talking_server.url).say("qwerty zxcvb asdfgh plof")
    Talk(talking_server.url).say("¿quién ganó la liga de fútbol el año pasado?")
    assert kept(talking_server, "qwerty zxcvb asdfgh plof") in ([("unsure", "rest")], [("out_of_scope", "rest")])
    assert kept(talking_server, "¿quién ganó la liga de fútbol el año pasado?") == [("out_of_scope", "rest")]


def test_what_was_answered_is_not_kept_but_its_topic_is_counted(talking_server: Server) -> None:
    talk = Talk(talking_server.url)
    talk.say("¿Puedo entrar con el CIF de la gestoría?")
    assert kept(talking_server, "¿Puedo entrar con el CIF de la gestoría?") == []
    database = Database(talking_server.database_url)
    with database.reading() as connection:
        assert "access_cif_not_valid" in set(connection.execute(select(answered_turn_table.c.topic)).scalars())
    database.close()
