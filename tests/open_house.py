"""A running server that is visited over any channel, by people who read what their screen shows."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Coroutine
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest
import socketio
from sqlalchemy import Connection, func, select

from bot.channels.whatsapp.store import number_table
from bot.conversation.outbound_store import WRITTEN_FOR_PERSONS, outbound_table
from bot.conversation.queries import conversation, conversation_table, message, message_table
from bot.database import Database
from tests.browser.server import Server, free_port
from tests.conftest import own_postgresql
from tests.emulators.telegram import TelegramEmulator, TelegramPerson, titles_of, words_shown
from tests.talk import Answers
from tests.visitor import Visitor
from tests.whatsapp_phone import Emulator, WhatsAppPhone, choices, text_shown

CHANNELS = ("rest", "web", "telegram", "whatsapp")
GROUNDS = ("rest-sqlite", "rest-postgresql", "web-sqlite", "telegram-sqlite", "whatsapp-postgresql")
"""Every channel, and every database, without every pair of them."""
ANSWER_WITHIN_SECONDS = 30.0
SECONDS_BETWEEN_LOOKS = 0.01
FIRST_CHAT = 7_000_000


class OpenHouse(Server):
    """A server that people come to over these channels, over the first where nothing else is said."""

    def __init__(self, folder: Path, *channels: str) -> None:
        super().__init__(folder, free_port(), "")
        self._usual = channels[0]
        self._telegram = TelegramEmulator() if "telegram" in channels else None
        self._whatsapp = Emulator(self, folder) if "whatsapp" in channels else None
        self._chats = count(FIRST_CHAT)
        self._tabs: list[WebScreen] = []
        if self._telegram:
            self.set(**self._telegram.settings(), TELEGRAM_MODE="webhook")
        self.set(RATE_LIMIT_TOTAL_MESSAGES_PER_MINUTE="0")

    def start(self) -> None:
        """Start the emulators, then the server."""
        for emulator in (self._telegram, self._whatsapp):
            if emulator:
                emulator.start()
        super().start()
        self.database = Database(self.database_url)

    def stop(self) -> None:
        """Stop everything."""
        for tab in self._tabs:
            tab.close()
        self.database.close()
        super().stop()
        for emulator in (self._telegram, self._whatsapp):
            if emulator:
                emulator.stop()

    def visitor(self, channel: str = "") -> Visitor:
        """Somebody who has not been here, with a device and a browser of their own."""
        return Visitor(self.url, phone=self.phone(channel))

    def phone(self, channel: str = "") -> Phone | None:
        """A new device; None where people come over the REST channel."""
        screen = self._screen(channel or self._usual)
        return Phone(screen, self.database) if screen else None

    def _screen(self, channel: str) -> Screen | None:
        if channel == "telegram" and self._telegram:
            return TelegramScreen(TelegramPerson(self._telegram, next(self._chats)))
        if channel == "whatsapp" and self._whatsapp:
            return WhatsAppScreen(WhatsAppPhone(self._whatsapp))
        if channel != "web":
            return None
        self._tabs.append(WebScreen(self.url))
        return self._tabs[-1]

    def refused_by_whatsapp(self) -> list[Any]:
        """What was sent there and did not keep to the platform's rules."""
        return list(self._whatsapp.ask("calls")["refused"]) if self._whatsapp else []


def house_on(request: pytest.FixtureRequest, folder: Path) -> OpenHouse:
    """A house, not yet started, on the one of GROUNDS that is the fixture's parameter, with the invented world in it."""
    channel, database = request.param.split("-")
    house = OpenHouse(folder, channel)
    if database == "postgresql":
        own = own_postgresql(uuid.uuid4().hex[:8])  # what was done over another channel must not be in it
        house.use_database(own.__enter__())
        request.addfinalizer(lambda: own.__exit__(None, None, None))
        house.set(DEMO_DATA="True")
    return house


class Screen(Protocol):
    """One device in one conversation. `proof` is what a browser shows our pages to say that the chat is its own."""

    proof: str

    def send(self, text: str) -> None:
        """Write something."""

    def address(self, connection: Connection) -> str | None:
        """The conversation's address; None before the server knows it."""

    def brought(self, connection: Connection, address: str) -> int:
        """Up to which number of the conversation everything was brought here."""

    def new(self) -> Answers:
        """What came since the last look."""


class Phone:
    """Writes on a screen and gives what comes, once everything that had to be brought was brought."""

    def __init__(self, screen: Screen, database: Database) -> None:
        self.proof = screen.proof
        self._screen = screen
        self._database = database
        self._written = 0

    def say(self, text: str) -> Answers:
        """What is new on the screen when the message has been answered."""
        self._screen.send(text)
        self._written += 1
        deadline = time.monotonic() + ANSWER_WITHIN_SECONDS
        while not self._is_answered():
            assert time.monotonic() < deadline, f"{text!r} was not answered, or not everything was brought"
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return self._screen.new()

    def address(self) -> str:
        """The conversation's address, once something was said in it."""
        with self._database.reading() as connection:
            address = self._screen.address(connection)
        assert address
        return address

    def _is_answered(self) -> bool:
        with self._database.reading() as connection:
            address = self._screen.address(connection)
            if address is None:
                return False
            said = select(message.author, message.state, message.sequence).select_from(message_table)
            rows = connection.execute(said.join(conversation_table).where(conversation.address == address)).all()
            brought = self._screen.brought(connection, address)
        newest = max((row.sequence for row in rows if row.author in WRITTEN_FOR_PERSONS), default=0)
        heard = sum(row.author == "person" for row in rows)
        return heard >= self._written and brought >= newest and all(row.state != "waiting" for row in rows)


def sent_up_to(connection: Connection, address: str) -> int:
    """How far the platform has taken a conversation from us."""
    sent = select(func.max(outbound_table.c.sent_sequence)).join(conversation_table)
    return connection.execute(sent.where(conversation.address == address)).scalar() or 0


class TelegramScreen:
    """A chat with the bot. A title that is shown is pressed, anything else is typed."""

    proof = ""

    def __init__(self, person: TelegramPerson) -> None:
        self._person = person

    def send(self, text: str) -> None:
        """Press it, or write it."""
        if any(text in titles_of(shown) for shown in self._person.seen()):
            self._person.press(text)
        else:
            self._person.say(text)

    def address(self, connection: Connection) -> str | None:
        """Known from the beginning."""
        return f"telegram:{self._person.chat}"

    def brought(self, connection: Connection, address: str) -> int:
        """What the platform took."""
        return sent_up_to(connection, address)

    def new(self) -> Answers:
        """As the chat shows it."""
        shown = self._person.seen()[self._person.read :]
        self._person.read += len(shown)
        return [_answer(words_shown(each), titles_of(each)) for each in shown]


class WhatsAppScreen:
    """A phone with WhatsApp. A title that is shown is pressed, anything else is typed."""

    proof = ""

    def __init__(self, phone: WhatsAppPhone) -> None:
        self._phone = phone
        self._offer: dict[str, Any] | None = None

    def send(self, text: str) -> None:
        """Press it, or write it."""
        shown = [choice["title"] for choice in choices(self._offer)] if self._offer else []
        if text in shown and self._offer:
            self._phone.send_choice(self._offer, text)
        else:
            assert self._phone.send(text=text)["status"] == 200

    def address(self, connection: Connection) -> str | None:
        """Our own number for the chat, known when its first message was stored."""
        own = select(number_table.c.address).where(number_table.c.number == self._phone.number)
        return connection.execute(own).scalar()

    def brought(self, connection: Connection, address: str) -> int:
        """What the platform took."""
        return sent_up_to(connection, address)

    def new(self) -> Answers:
        """As the phone shows it."""
        shown = self._phone.screen(after=self._phone.seen)["shown"]
        self._phone.seen += len(shown)
        self._offer = next((each for each in reversed(shown) if choices(each)), self._offer)
        titles = [[choice.get("description", choice["title"]) for choice in choices(each)] for each in shown]
        return [_answer(text_shown(each), offered) for each, offered in zip(shown, titles, strict=True)]


class WebScreen:
    """A tab with the chat of the web."""

    def __init__(self, url: str) -> None:
        self._io = socketio.AsyncClient(reconnection=False)
        self._heard: list[dict[str, Any]] = []
        self._given = 0
        self._io.on("bot_uttered", self._heard.append)
        confirmed: list[str] = []
        self._io.on("session_confirm", confirmed.append)
        _run(self._io.connect(url, transports=["websocket"]))
        _run(self._io.call("session_request", {"session_id": None}))
        (self.proof,) = confirmed

    def close(self) -> None:
        """Close the tab."""
        _run(self._io.disconnect())

    def send(self, text: str) -> None:
        """Write it."""
        answer = _run(self._io.call("user_uttered", {"message": text, "session_id": self.proof}))
        assert "error" not in answer, answer

    def address(self, connection: Connection) -> str | None:
        """What the session's signed id names."""
        return f"web:{self.proof.partition('.')[0]}"

    def brought(self, connection: Connection, address: str) -> int:
        """What this tab heard."""
        return max((each["sequence"] for each in list(self._heard)), default=0)

    def new(self) -> Answers:
        """As the tab was told."""
        heard = self._heard[self._given :]
        self._given += len(heard)
        return [_answer(each["text"], [reply["title"] for reply in each.get("quick_replies", [])]) for each in heard]


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Runs in a thread of its own: what comes over a socket is heard while a test does something else."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result(ANSWER_WITHIN_SECONDS)


def _answer(text: str, titles: list[str]) -> dict[str, Any]:
    return {"text": text, "buttons": [{"title": title} for title in titles]}
