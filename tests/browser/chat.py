"""The chat as a person handles it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

ANSWER_WITHIN_MS = 15_000


class Chat:
    """Drives the widget of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.launcher = page.locator("ventanilla-chat .launcher")
        self.dialog = page.locator("ventanilla-chat dialog")
        self.log = page.get_by_role("log")
        self.messages = self.log.locator(".message")
        self.own = self.log.locator(".message.person")
        self.answers = self.log.locator(".message.assistant")
        self.replies = self.log.locator(".reply")
        self.field = page.get_by_role("textbox", name="Escribe tu pregunta")
        self.state = page.locator("ventanilla-chat .state")

    def open(self) -> None:
        """Open the panel and wait for the first message."""
        self.launcher.click()
        expect(self.messages.first).to_be_visible(timeout=ANSWER_WITHIN_MS)

    def type(self, text: str) -> None:
        """Write and send, without waiting for anything."""
        self.field.fill(text)
        self.field.press("Enter")

    def ask(self, text: str) -> str:
        """Write, send and wait for the answer; its text."""
        self.type(text)
        return self.answer_to(text)

    def answer_to(self, text: str) -> str:
        """Wait until `text` stands last of the person's messages and is answered; the last answer's text."""
        expect(self.own.last).to_contain_text(text, timeout=ANSWER_WITHIN_MS)
        expect(self.messages.last).to_have_class(re.compile("assistant"), timeout=ANSWER_WITHIN_MS)
        expect(self.log.locator(".typing")).to_be_hidden(timeout=ANSWER_WITHIN_MS)
        return self.messages.last.locator(".bubble").inner_text()

    def texts(self) -> list[str]:
        """Every message in reading order."""
        return self.log.locator(".bubble").all_inner_texts()

    def focused(self) -> Locator:
        """The element that has the focus."""
        return self.page.locator(":focus").last
