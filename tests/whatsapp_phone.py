"""A person with WhatsApp who writes to a running server through the emulator, and reads what the phone shows."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from emulators.whatsapp.cloud import Account
from emulators.whatsapp.webhooks import envelope, signature
from tests.browser.server import PROJECT, Server, free_port
from tests.talk import plain

ACCOUNT = Account()
TEMPLATE = "novedades_gestion"
ANSWER_WITHIN_SECONDS = 20
QUIET_SECONDS = 0.25
WEBHOOK = "/webhooks/whatsapp/webhook"
URL = re.compile(r"https?://\S+")


class Emulator:
    """`python -m emulators.whatsapp` in a process of its own, for one server."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.server = server
        self._log = folder / "emulator.log"
        server.set(
            WHATSAPP_TOKEN=ACCOUNT.token,
            WHATSAPP_PHONE_NUMBER_ID=ACCOUNT.phone_number_id,
            WHATSAPP_APP_SECRET=ACCOUNT.app_secret,
            WHATSAPP_VERIFY_TOKEN=ACCOUNT.verify_token,
            WHATSAPP_API_URL=f"{self.url}/v23.0",
            WHATSAPP_TEMPLATE=TEMPLATE,
        )

    def start(self) -> None:
        port, webhook = self.url.rpartition(":")[2], self.server.url + WEBHOOK
        command = (sys.executable, "-m", "emulators.whatsapp", "--port", port, "--webhook", webhook)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=PROJECT, env=os.environ, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                self.ask("calls")
            except (URLError, OSError):
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self._log.read_text())

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer of a control route; with a body it is posted."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}/control/{path}", data), timeout=90) as response:
            return json.load(response)

    def trouble(self, **what: Any) -> None:
        self.ask("trouble", what)


def new_number() -> str:
    """A number nobody has used."""
    return f"34{random.randrange(600_000_000, 799_999_999)}"


@dataclass
class WhatsAppPhone:
    """One person's phone."""

    emulator: Emulator
    number: str = field(default_factory=new_number)
    seen: int = 0

    def send(self, **what: Any) -> dict[str, Any]:
        """Send something; the id of the message and the status with which it was acknowledged."""
        sent: dict[str, Any] = self.emulator.ask(f"phones/{self.number}/messages", what)
        return sent

    def screen(self, wait: float = 0.0, after: int = 0) -> dict[str, Any]:
        shown: dict[str, Any] = self.emulator.ask(f"phones/{self.number}?after={after}&wait={wait}")
        return shown

    def new(self, at_least: int = 1, within: float = ANSWER_WITHIN_SECONDS) -> list[dict[str, Any]]:
        """What has come since the last look: waits for that many, and then until nothing more comes."""
        deadline = time.monotonic() + within
        while True:
            shown = list(self.screen(max(deadline - time.monotonic(), 0.0), self.seen + at_least - 1)["shown"])
            if shown or time.monotonic() >= deadline:
                break
        more = self.screen(0.0, self.seen)["shown"]
        assert len(more) >= at_least, f"only {more}"
        while len(self.screen(QUIET_SECONDS, self.seen + len(more))["shown"]):
            more = self.screen(0.0, self.seen)["shown"]
        self.seen += len(more)
        return more

    def say(self, text: str) -> list[dict[str, Any]]:
        """The messages that come after one is sent."""
        assert self.send(text=text)["status"] == 200
        return self.new()

    def press(self, message: dict[str, Any], title: str) -> list[dict[str, Any]]:
        """Press the button, or choose the row, that shows `title`; the messages that come."""
        self.send_choice(message, title)
        return self.new()

    def send_choice(self, message: dict[str, Any], title: str) -> None:
        """Press the button, or choose the row, that shows `title`."""
        chosen = next(choice for choice in choices(message) if choice["title"] == title)
        reply = {key: chosen[key] for key in ("id", "title", "description") if key in chosen}
        is_list = message["content"]["type"] == "list"
        assert self.send(press=reply, of_list=is_list)["status"] == 200

    def ask(self, text: str) -> str:
        """All that is answered, titles included, without accents and in lower case."""
        return plain(" ".join(read(message) for message in self.say(text)))


def choices(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons or rows of a message."""
    if message["type"] != "interactive":
        return []
    action = message["content"]["action"]
    if "buttons" in action:
        return [button["reply"] for button in action["buttons"]]
    return [row for section in action["sections"] for row in section["rows"]]


def text_of(message: dict[str, Any]) -> str:
    """The words of a message."""
    content = message["content"]
    return str(content["body"]["text"] if message["type"] == "interactive" else content.get("body", ""))


def text_shown(message: dict[str, Any]) -> str:
    """The words of a message, without what nobody sees."""
    return text_of(message).replace("\N{WORD JOINER}", "")


def read(message: dict[str, Any]) -> str:
    """The words of a message and of what can be chosen."""
    titles = [choice.get("description", choice["title"]) for choice in choices(message)]
    return " ".join([text_shown(message), *titles])


def update(number: str, message: dict[str, Any]) -> bytes:
    """The body of a webhook with one message."""
    return json.dumps(envelope(ACCOUNT, number, {"messages": [message]})).encode()


def post(url: str, body: bytes, header: str | None) -> int:
    """The status of a webhook sent with that signature, or with none."""
    headers = {"Content-Type": "application/json"} | ({"X-Hub-Signature-256": header} if header is not None else {})
    try:
        with urlopen(Request(url + WEBHOOK, body, headers), timeout=30) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code


def sign(body: bytes) -> str:
    return signature(ACCOUNT.app_secret, body)
