"""`kill -9` during turns: after a restart every message is answered exactly once, nothing is lost or doubled."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.error import URLError

import pytest

from bot.conversation.model import Author, Message, State
from bot.conversation.transcript import since
from bot.database import Database
from tests.browser.server import Server, free_port
from tests.talk import Talk

KILLS = 4
TALKERS = 6
SEEDS = random.Random(20261122)
SENTENCES = (
    "¿cómo entro?",
    "hola",
    "¿qué documentos mando?",
    "zxcv",
    "olvidé la contraseña",
    "quiero autorizar a alguien",
)


class Insistent:
    """Says one thing after another and repeats each, with the same id, until it is answered."""

    def __init__(self, url: str, number: int, stop: threading.Event) -> None:
        self.talk = Talk(url, f"talker-{number}")
        self.answers: dict[str, list[str]] = {}
        self._stop = stop

    def run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            self._until_answered(f"m{number}", SENTENCES[number % len(SENTENCES)])

    def _until_answered(self, message_id: str, text: str) -> None:
        while True:
            try:
                self.answers[message_id] = [answer["text"] for answer in self.talk.say(text, message_id)]
                return
            except (URLError, OSError):
                time.sleep(0.05)


@pytest.fixture(params=["sqlite", "postgresql"])
def fragile_server(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    server = Server(tmp_path, free_port(), "")
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("postgresql_url"))
    return server


def transcript_of(server: Server, sender: str) -> list[Message]:
    database = Database(server.database_url)
    with database.reading() as connection:
        messages = since(connection, f"rest:{sender}", 0)
    database.close()
    return messages


def test_killed_in_the_middle_of_turns_nothing_is_lost_or_doubled(fragile_server: Server) -> None:
    stop = threading.Event()
    talkers = [Insistent(fragile_server.url, number, stop) for number in range(TALKERS)]
    threads = [threading.Thread(target=talker.run) for talker in talkers]
    fragile_server.start()
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(SEEDS.uniform(0.5, 1.5))
        fragile_server.kill()
        fragile_server.start()
    stop.set()
    for thread in threads:
        thread.join(60)
    fragile_server.stop()
    for talker in talkers:
        check(talker, transcript_of(fragile_server, talker.talk.sender))


def check(talker: Insistent, messages: list[Message]) -> None:
    assert [message.sequence for message in messages] == list(range(1, len(messages) + 1))
    asked = [message for message in messages if message.author is Author.PERSON]
    assert Counter(message.channel_message_id for message in asked) == Counter(talker.answers.keys())
    assert {message.state for message in asked} == {State.ANSWERED}
    for message in asked:
        replies = [reply.text for reply in messages if reply.answers_id == message.id]
        assert replies == talker.answers[str(message.channel_message_id)]


def test_a_message_whose_turn_was_cut_off_is_answered_at_the_next_start(tmp_path: Path) -> None:
    server = Server(tmp_path, free_port(), "")
    server.start()
    talk = Talk(server.url)
    talk.say("hola")
    server.kill()
    leave_waiting(server, talk.sender)
    server.start()
    messages = transcript_of(server, talk.sender)
    server.stop()
    assert messages[-2].text == "¿qué documentos mando?"
    assert (messages[-2].state, messages[-1].answers_id) == (State.ANSWERED, messages[-2].id)


def leave_waiting(server: Server, sender: str) -> None:
    """What a kill between storing and answering leaves behind."""
    from bot.conversation.transcript import add_incoming
    from bot.database import utc_now

    database = Database(server.database_url)
    with database.writing() as connection:
        add_incoming(connection, f"rest:{sender}", "¿qué documentos mando?", "cut", utc_now())
    database.close()
