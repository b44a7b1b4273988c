"""A conversation of two thousand messages at the desk: its end is there at once, the rest as it is asked for. On both databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, expect
from sqlalchemy import select

from bench.desk_transcript import lengthen
from bot.conversation.queries import conversation, conversation_table
from bot.database import Database
from bot.desk.counter import MESSAGES_AT_ONCE
from tests.browser.line import LOST, Line
from tests.browser.server import Server, open_desk
from tests.browser.test_accessibility import LOOKS, NODE_MODULES, VIOLATIONS
from tests.browser.test_desk import SHOWN_WITHIN_MS, Desk
from tests.talk import Talk

MEANT = LOST
MANY = 2_000
NUMBERS = """() => [...document.querySelectorAll("#conversation .bubble")]
    .map((bubble) => Number(/^Mensaje (\\d+) /.exec(bubble.textContent)?.[1])).filter(Boolean)"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = open_desk(tmp_path_factory.mktemp("long"))
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("fresh_postgresql_url"))
    server.start()
    yield server
    server.stop()


class LongTalk:
    """A customer of many words, and the desk of who opens the case."""

    def __init__(self, server: Server, new_context: Callable[..., BrowserContext]) -> None:
        self.database = Database(server.database_url)
        self.line = Line(int(server.url.rpartition(":")[2]))
        self._new_context, self._customer = new_context, Talk(server.url)
        key = re.search(
            r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", str(self._customer.say("quiero hablar con una persona"))
        )
        assert key
        self.key = key[0]
        with self.database.reading() as connection:
            newest = select(conversation_table).order_by(conversation.id.desc()).limit(1)
            row = connection.execute(newest).one()
        self.address, self.first = row.address, row.last_sequence + 1
        self.grow(MANY)

    def grow(self, last: int) -> None:
        """As if it had been said long ago, or while nobody could hear it."""
        lengthen(self.database, self.address, last)

    def say(self, text: str) -> None:
        """The customer writes."""
        self._customer.say(text)

    def at_the_desk(self, **look: object) -> Desk:
        desk = Desk(self._new_context(**({"viewport": {"width": 1366, "height": 768}} | look)).new_page())
        desk.enter(self.line.url, "laura")
        desk.open_with_key(self.key)
        expect(desk.log).to_be_visible(timeout=SHOWN_WITHIN_MS)
        return desk

    def numbers(self, desk: Desk) -> list[int]:
        """Which of the many are shown, in the order of the page."""
        return list(desk.page.evaluate(NUMBERS))

    def close(self) -> None:
        self.say("ya no necesito a nadie, gracias")
        self.line.close()
        self.database.close()


@pytest.fixture
def talk(server: Server, new_context: Callable[..., BrowserContext]) -> Iterator[LongTalk]:
    talk = LongTalk(server, new_context)
    yield talk
    talk.close()


def more(desk: Desk) -> Locator:
    return desk.page.get_by_role("button", name="Ver mensajes anteriores")


def bubble(desk: Desk, number: int) -> Locator:
    return desk.page.locator("#conversation .bubble", has_text=f"Mensaje {number} ")


def top_of(found: Locator) -> float:
    box = found.bounding_box()
    assert box
    return box["y"]


def load_earlier(desk: Desk) -> None:
    """Press the button with the keyboard, and wait until more is shown."""
    before = desk.page.locator("#conversation .bubble").count()
    more(desk).focus()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_function(
        "before => document.querySelectorAll('#conversation .bubble').length > before", arg=before
    )


def test_the_end_is_there_at_once_and_the_rest_page_by_page_with_the_keyboard(talk: LongTalk) -> None:
    desk = talk.at_the_desk()
    assert talk.numbers(desk) == list(range(MANY - MESSAGES_AT_ONCE + 1, MANY + 1))
    expect(bubble(desk, MANY)).to_be_in_viewport()
    more(desk).focus()
    read = top_of(bubble(desk, MANY - MESSAGES_AT_ONCE + 1))
    load_earlier(desk)
    assert abs(top_of(bubble(desk, MANY - MESSAGES_AT_ONCE + 1)) - read) <= 2, "what is read stays where it is"
    expect(more(desk)).to_be_focused()
    expect(desk.page.get_by_text("200 mensajes anteriores más.")).to_be_attached()
    assert desk.log.locator(".bubble").count() == MESSAGES_AT_ONCE, "what is old is no news for a screen reader"
    while more(desk).is_visible():
        load_earlier(desk)
    assert talk.numbers(desk) == list(range(talk.first, MANY + 1))
    expect(desk.page.get_by_role("group", name="Mensajes")).to_be_focused()
    assert "quiero hablar con una persona" in desk.page.locator("#conversation .bubble").first.inner_text()


def test_what_was_masked_and_revealed_is_so_in_what_is_loaded_later_too(talk: LongTalk) -> None:
    desk = talk.at_the_desk()
    expect(bubble(desk, MANY)).not_to_contain_text("12345678Z")
    desk.page.get_by_role("button", name="Mostrar datos completos").click()
    expect(bubble(desk, MANY)).to_contain_text("12345678Z", timeout=SHOWN_WITHIN_MS)
    load_earlier(desk)
    expect(bubble(desk, MANY - MESSAGES_AT_ONCE)).to_contain_text("12345678Z", timeout=SHOWN_WITHIN_MS)


def test_notes_stand_where_they_were_written_also_among_what_is_loaded_later(talk: LongTalk) -> None:
    desk = talk.at_the_desk()
    desk.page.get_by_role("button", name="Tomar", exact=True).click()
    expect(desk.field).to_be_visible(timeout=SHOWN_WITHIN_MS)
    desk.page.keyboard.press("Alt+o")
    desk.page.get_by_role("textbox", name="Nota interna").fill("cliente paciente")
    desk.page.keyboard.press("Enter")
    note = desk.page.locator("#conversation .note")
    expect(note).to_contain_text("cliente paciente", timeout=SHOWN_WITHIN_MS)
    talk.grow(MANY + 2 * MESSAGES_AT_ONCE)
    desk.page.reload()
    expect(note).to_be_attached(timeout=SHOWN_WITHIN_MS)
    while more(desk).is_visible():
        load_earlier(desk)
    expect(note).to_have_count(1)
    order = desk.page.evaluate(
        "() => [...document.querySelectorAll('#conversation .message')].map(({ className }) => className)"
    )
    assert order.index("message note") == MANY + 1, "behind what was there and the line about who took it"
    desk.page.keyboard.press("Alt+b")
    expect(desk.mine).to_have_count(0, timeout=SHOWN_WITHIN_MS)


def test_after_a_cut_nothing_is_lost_or_doubled_and_the_place_is_kept(talk: LongTalk) -> None:
    desk = talk.at_the_desk()
    load_earlier(desk)
    read = bubble(desk, MANY - MESSAGES_AT_ONCE - 50)
    read.scroll_into_view_if_needed()
    place = top_of(read)
    talk.line.cut()
    expect(desk.page.locator("#state")).to_contain_text("Sin conexión", timeout=SHOWN_WITHIN_MS)
    talk.grow(MANY + 50)
    talk.line.mend()
    expect(bubble(desk, MANY + 50)).to_be_attached(timeout=SHOWN_WITHIN_MS)
    assert talk.numbers(desk) == list(range(MANY - 2 * MESSAGES_AT_ONCE + 1, MANY + 51))
    assert abs(top_of(read) - place) <= 2
    talk.say("¿hola?")
    expect(desk.log.locator(".person").last).to_contain_text("¿hola?", timeout=SHOWN_WITHIN_MS)


def test_where_more_was_said_than_is_given_at_once_no_hole_is_left(talk: LongTalk) -> None:
    desk = talk.at_the_desk()
    load_earlier(desk)
    talk.line.cut()
    expect(desk.page.locator("#state")).to_contain_text("Sin conexión", timeout=SHOWN_WITHIN_MS)
    last = MANY + 2 * MESSAGES_AT_ONCE
    talk.grow(last)
    talk.line.mend()
    expect(bubble(desk, last)).to_be_attached(timeout=SHOWN_WITHIN_MS)
    for _ in range(3):
        load_earlier(desk)
    assert talk.numbers(desk) == list(range(last - 4 * MESSAGES_AT_ONCE + 1, last + 1))


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_a_long_conversation(look: str, talk: LongTalk) -> None:
    desk = talk.at_the_desk(reduced_motion="reduce", **LOOKS[look])
    load_earlier(desk)
    desk.page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    assert desk.page.evaluate(VIOLATIONS) == []
