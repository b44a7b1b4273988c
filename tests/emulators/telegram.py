"""The Telegram emulator in a process of its own, and a person who writes to the bot there."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from emulators.telegram.__main__ import TOKEN
from tests.browser.server import PROJECT, free_port
from tests.talk import plain

ANSWER_WITHIN_SECONDS = 30.0
QUIET_SECONDS = 0.4


class TelegramEmulator:
    """`python -m emulators.telegram` on a port of its own."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "emulators.telegram", "--port", self.url.rpartition(":")[2]]
        self._process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                self.control("state")
            except (URLError, OSError):
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the emulator does not answer")

    def stop(self) -> None:
        if self._process:
            self._process.kill()  # it keeps nothing
            self._process.wait(10)

    def control(self, path: str, **body: Any) -> Any:
        """Call the control API; a body makes it a POST."""
        data = json.dumps(body).encode() if body else None
        request = Request(f"{self.url}/control/{path}", data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def bot(self, method: str, **parameters: Any) -> tuple[int, Any]:
        """Call the Bot API as a bot would."""
        data = json.dumps(parameters).encode()
        request = Request(f"{self.url}/bot{TOKEN}/{method}", data, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def settings(self) -> dict[str, str]:
        """What the product needs to talk to it."""
        return {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": self.url}


@dataclass
class TelegramPerson:
    """Somebody who writes to the bot and reads what it answers."""

    emulator: TelegramEmulator
    chat: int
    first_name: str = "Ana"
    read: int = 0
    last: list[dict[str, Any]] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.emulator.control("say", chat=self.chat, text=text, first_name=self.first_name)

    def press(self, title: str) -> None:
        self.emulator.control("press", chat=self.chat, title=title)

    def send_file(self, name: str, content: bytes, **more: Any) -> None:
        encoded = base64.b64encode(content).decode()
        self.emulator.control("file", chat=self.chat, name=name, content=encoded, **more)

    def seen(self) -> list[dict[str, Any]]:
        """What the bot has said, oldest first."""
        messages = self.emulator.control(f"chats/{self.chat}")["messages"]
        return [message for message in messages if message.get("from", {}).get("is_bot")]

    def wait(self) -> list[dict[str, Any]]:
        """What is new, once something came and nothing more comes."""
        deadline, changed_at = time.monotonic() + ANSWER_WITHIN_SECONDS, time.monotonic()
        new: list[dict[str, Any]] = []
        while time.monotonic() < deadline:
            now = self.seen()[self.read :]
            if len(now) != len(new):
                new, changed_at = now, time.monotonic()
            if new and time.monotonic() - changed_at > QUIET_SECONDS:
                break
            time.sleep(0.05)
        assert new, "nothing was answered"
        self.read += len(new)
        self.last = new
        return new

    def ask(self, text: str) -> str:
        """All that is answered, titles of buttons included, without accents and in lower case."""
        self.say(text)
        return plain(" ".join(words_of(message) for message in self.wait()))


def words_of(message: dict[str, Any]) -> str:
    """The text of a message, the addresses of its links, and the titles of its buttons."""
    return " ".join([words_shown(message), *titles_of(message)])


def words_shown(message: dict[str, Any]) -> str:
    """The text of a message and the addresses of its links."""
    links = [entity["url"] for entity in message.get("entities", []) if "url" in entity]
    return " ".join([message.get("text", ""), *links])


def titles_of(message: dict[str, Any]) -> list[str]:
    """The titles of the buttons that are shown under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]
