"""A conversation over the REST channel, as an integration would hold it."""

from __future__ import annotations

import json
import unicodedata
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Answers = list[dict[str, Any]]
"""As the REST channel gives them: `text`, and `buttons` with a `title` each."""


def new_sender() -> str:
    """A sender nobody has used."""
    return uuid.uuid4().hex


@dataclass
class Talk:
    """One sender's conversation with a running server."""

    url: str
    sender: str = field(default_factory=new_sender)

    def say(self, text: str, message_id: str | None = None) -> Answers:
        """The answers to one message."""
        body: dict[str, Any] = {"sender": self.sender, "message": text}
        if message_id:
            body["message_id"] = message_id
        status, answers = post(self.url, json.dumps(body).encode())
        assert status == 200, answers
        return list(answers)

    def ask(self, text: str) -> str:
        """All that is answered to one message, titles of buttons included, without accents and in lower case."""
        answers = self.say(text)
        titles = [button["title"] for answer in answers for button in answer.get("buttons", [])]
        return plain(" ".join([*(answer["text"] for answer in answers), *titles]))


def post(url: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Status and JSON of a request to the REST channel."""
    request = Request(f"{url}/webhooks/rest/webhook", body, {"Content-Type": "application/json"} | (headers or {}))
    try:
        with urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        return error.code, json.load(error)


def plain(text: str) -> str:
    """Text to look for substrings in: no accents, no case, no Markdown stars, ordinary spaces."""
    decomposed = unicodedata.normalize("NFD", text.replace("\N{NO-BREAK SPACE}", " ").replace("*", ""))
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn").casefold()
