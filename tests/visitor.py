"""A person of the demo world who talks over a channel and signs in on the page, as a browser would."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import cached_property
from http.cookiejar import CookieJar
from typing import Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from bot.demo.names import words
from tests.talk import Answers, Talk

BEATRIZ, IGNACIO, PAULA, ROSA, MARCOS = "16001840G", "11501449T", "49974818G", "23969572F", "16728806D"
"""NIFs of the demo people: agency by NIF; representative and full contact of the second; representative and
read-only contact of the third."""

NEWS_WITHIN_SECONDS = 30.0
LINK = re.compile(r"https?://[^()\s]*[\w/-]")
CODE = re.compile(r"<strong>(\d{3}) (\d{3})</strong>")


class Device(Protocol):
    """What a chat of another channel is held on. `proof` shows our pages that the chat is in this browser, where it is."""

    proof: str

    def say(self, text: str) -> Answers:
        """The answers to one message."""

    def address(self) -> str:
        """Of the conversation, once something was said in it."""


@dataclass
class Visitor(Talk):
    """A talk, over the REST channel or on a device, and a browser."""

    phone: Device | None = None
    jar: CookieJar = field(default_factory=CookieJar)
    unread: Answers = field(default_factory=list)

    def say(self, text: str, message_id: str | None = None) -> Answers:
        """The answers to one message, after what came by itself since the last one."""
        if self.phone is None:
            return super().say(text, message_id)
        answers, self.unread = [*self.unread, *self.phone.say(text)], []
        return answers

    def hears(self, words: str) -> bool:
        """Whether the assistant says that by itself, before long: news come when they are told, not with the page that makes them."""
        deadline = time.monotonic() + NEWS_WITHIN_SECONDS
        while words not in self.ask("hola"):
            if time.monotonic() > deadline:
                return False
        return True

    @property
    def address(self) -> str:
        """Of the conversation, once something was said in it."""
        return self.phone.address() if self.phone else f"rest:{self.sender}"

    @cached_property
    def browser(self) -> OpenerDirector:
        """Follows redirects and keeps cookies."""
        return build_opener(HTTPCookieProcessor(self.jar))

    def link(self, answers: Answers, part: str = "/entrar/") -> str:
        """The first link of the answers that leads to one of our pages."""
        links = [link for answer in answers for link in LINK.findall(answer["text"]) if part in link]
        assert links, answers
        return str(links[0])

    def open(self, url: str, form: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of a page; with a form it is sent."""
        body = urlencode(form).encode() if form is not None else None
        request = Request(url, body, {"Sec-Fetch-Site": "same-origin"} if form is not None else {})
        try:
            with self.browser.open(request, timeout=60) as response:
                return response.status, response.read(), dict(response.headers)
        except HTTPError as error:
            return error.code, error.read(), dict(error.headers)

    def sign_in(self, nif: str, asking: str = "quiero identificarme", password: str | None = None) -> int:
        """Ask something that needs it and sign in at the link; the status of the page."""
        return self.enter(self.link(self.say(asking)), nif, password)

    def enter(self, link: str, nif: str, password: str | None = None) -> int:
        """Sign in at a link, and write in the chat the code that the page gives for a phone; the status of the page."""
        status, page = self.fill_in(link, nif, words()["password"] if password is None else password)
        code = CODE.search(page)
        if code:
            self.unread = self.say(code[1] + code[2])
        return status

    def fill_in(self, link: str, identifier: str, password: str) -> tuple[int, str]:
        """Send the form of the page of a sign-in; status and text of what comes."""
        proof = self.phone.proof if self.phone else ""
        status, page, _ = self.open(link, {"identifier": identifier, "password": password, "proof": proof})
        return status, page.decode()
