"""A talk between a customer and an agent through cut lines, a killed server and a closed browser, on both databases.

Whatever happens, each message is on both sides and in the transcript once, in the order in which its side wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select, update

from bot.conversation.model import Author, Message
from bot.conversation.queries import conversation
from bot.conversation.transcript import since
from bot.database import Database, utc_now
from bot.desk.tables import staff, staff_table
from tests.browser.chat import Chat
from tests.browser.line import LOST, Line
from tests.browser.server import Server, open_desk
from tests.browser.test_desk import Desk

SHOWN_WITHIN_MS = 30_000
"""Long: what is written while there is no connection waits for the next try."""
MEANT = LOST


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = open_desk(tmp_path_factory.mktemp("chaos"))
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("fresh_postgresql_url"))
    server.start()
    yield server
    server.stop()


class Room:
    """A customer and an agent, each with a browser and a line of their own."""

    def __init__(self, server: Server, new_context: Callable[..., BrowserContext]) -> None:
        self.server = server
        self._new_context = new_context
        port = int(server.url.rpartition(":")[2])
        self.customers_line, self.agents_line = Line(port), Line(port)
        self.said: dict[Author, list[str]] = {Author.PERSON: [], Author.AGENT: []}
        page = new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.goto(self.customers_line.url)
        self.customer = Chat(page)
        self.customer.open()
        self.agent = self.at_the_desk("laura")

    def close(self) -> None:
        """The customer ends the talk; nothing waits for the next test."""
        self.customer.type("terminar")
        expect(self.agent.mine).to_have_count(0, timeout=SHOWN_WITHIN_MS)
        self.customers_line.close()
        self.agents_line.close()

    def at_the_desk(self, login: str) -> Desk:
        """The desk of somebody in a browser of their own."""
        desk = Desk(self._new_context(viewport={"width": 1366, "height": 768}).new_page())
        desk.enter(self.agents_line.url, login)
        return desk

    def ask_for_a_person(self) -> None:
        self.customer.ask("quiero hablar con una persona")
        expect(self.agent.queue.first).to_be_visible(timeout=SHOWN_WITHIN_MS)
        self.agent.take_next()

    def both_write(self) -> None:
        """One more message from each side, without waiting for anything."""
        number = len(self.said[Author.PERSON]) + 1
        self.said[Author.PERSON].append(f"pregunta {number}.")
        self.customer.type(f"pregunta {number}.")
        self.said[Author.AGENT].append(f"respuesta {number}.")
        self.agent.say(f"respuesta {number}.")

    def expect_everything(self) -> None:
        """Both pages show everything that was said, once, in order."""
        for author, texts in self.said.items():
            own = self.customer.log.locator(f".message.{author.value} .bubble")
            expect(own.filter(has_text="pregunta").or_(own.filter(has_text="respuesta"))).to_have_text(
                texts, timeout=SHOWN_WITHIN_MS
            )
            shown = self.agent.log.locator(f".message.{author.value}:not(.waiting) .bubble")
            expect(shown.filter(has_text="pregunta").or_(shown.filter(has_text="respuesta"))).to_have_text(
                texts, timeout=SHOWN_WITHIN_MS
            )

    def transcript(self) -> list[Message]:
        database = Database(self.server.database_url)
        with database.reading() as connection:
            newest = select(conversation.address).order_by(conversation.id.desc()).limit(1)
            messages = since(connection, connection.execute(newest).scalar_one(), 0)
        database.close()
        return messages

    def let_agents_time_out(self) -> None:
        """As if everybody at the desk had been seen two minutes ago for the last time."""
        database = Database(self.server.database_url)
        with database.writing() as connection:
            connection.execute(update(staff_table).values({staff.seen_at: utc_now() - timedelta(minutes=2)}))
        database.close()

    def check(self) -> None:
        """The transcript has no gap, and what was said in it once."""
        messages = self.transcript()
        assert [each.sequence for each in messages] == list(range(1, len(messages) + 1))
        for author, texts in self.said.items():
            written = [each.text for each in messages if each.author is author]
            assert [text for text in written if text.startswith(("pregunta", "respuesta"))] == texts


@pytest.fixture
def room(server: Server, new_context: Callable[..., BrowserContext]) -> Iterator[Room]:
    with closing(Room(server, new_context)) as room:
        room.ask_for_a_person()
        room.both_write()
        room.expect_everything()
        yield room


def test_a_cut_line_on_either_side_loses_and_doubles_nothing(room: Room) -> None:
    for line in (room.customers_line, room.agents_line, room.customers_line, room.agents_line):
        room.both_write()  # on its way when the line breaks
        line.cut()
        room.both_write()
        line.mend()
        room.both_write()
        room.expect_everything()
    room.check()


def test_a_killed_server_loses_and_doubles_nothing_and_the_agent_keeps_the_talk(room: Room) -> None:
    for _kill in range(2):
        room.both_write()
        room.server.kill()
        room.both_write()
        room.let_agents_time_out()  # as after a long time without a server
        room.server.start()
        room.both_write()
        room.expect_everything()
    room.agent.page.wait_for_timeout(11_000)  # until the next look for agents who are gone
    expect(room.agent.mine).to_have_count(1)
    room.check()


def test_after_a_closed_browser_a_colleague_has_all_of_it(room: Room) -> None:
    room.both_write()
    room.expect_everything()
    room.agent.page.close()
    room.customer.type("pregunta 3.")
    room.said[Author.PERSON].append("pregunta 3.")
    room.agent = room.at_the_desk("andres")
    expect(room.agent.queue).to_have_count(0)
    room.let_agents_time_out()
    expect(room.agent.queue).to_have_count(1, timeout=SHOWN_WITHIN_MS)
    room.agent.take_next()
    room.agent.say("respuesta 3.")
    room.said[Author.AGENT].append("respuesta 3.")
    room.expect_everything()
    room.check()


def test_a_page_that_is_loaded_again_shows_the_same_talk(room: Room) -> None:
    room.agent.page.reload()
    expect(room.agent.field).to_be_visible(timeout=SHOWN_WITHIN_MS)
    room.both_write()
    room.expect_everything()
    room.check()
