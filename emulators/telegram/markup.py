"""What a bot's text turns into: Telegram's HTML read as strictly as Telegram does, and the length that it counts."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from emulators.telegram.answers import Refused

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "s": "strikethrough",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "a": "text_link",
}  # fmt: skip


def units(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[dict[str, Any]] = []
        self._open: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in KINDS:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        entity: dict[str, Any] = {"type": KINDS[tag], "offset": units(self.text), "length": 0}
        if tag == "a":
            entity["url"] = dict(attrs).get("href") or ""
        self._open.append((tag, entity))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise Refused(400, f'Bad Request: can\'t parse entities: Unmatched end tag "{tag}"')
        _, entity = self._open.pop()
        entity["length"] = units(self.text) - entity["offset"]
        if entity["length"]:
            self.entities.append(entity)

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise Refused(400, "Bad Request: can't parse entities: Unclosed start tag")
        self.text += data

    def finish(self) -> None:
        self.close()
        if self._open:
            raise Refused(400, "Bad Request: can't parse entities: Can't find end tag")


def read_text(text: str, parse_mode: str | None) -> tuple[str, list[dict[str, Any]]]:
    """What the person reads, and its entities. Raises Refused."""
    text, entities = _read(text, parse_mode)
    if not text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if units(text) > LONGEST_TEXT:
        raise Refused(400, "Bad Request: message is too long")
    return text, entities


def read_caption(text: str, parse_mode: str | None) -> tuple[str, list[dict[str, Any]]]:
    """What the person reads below a file, and its entities; it may be empty. Raises Refused."""
    text, entities = _read(text, parse_mode)
    if units(text) > LONGEST_CAPTION:
        raise Refused(400, "Bad Request: message caption is too long")
    return text, entities


def _read(text: str, parse_mode: str | None) -> tuple[str, list[dict[str, Any]]]:
    entities: list[dict[str, Any]] = []
    if parse_mode:
        if parse_mode.upper() != "HTML":
            raise Refused(400, "Bad Request: unsupported parse_mode")
        reader = _Reader()
        reader.feed(text.replace("&lt;", "\ue000"))  # the parser would make it the same as a bare <
        reader.finish()
        text, entities = reader.text.replace("\ue000", "<"), reader.entities
    return text, entities


def check_keyboard(markup: Any) -> dict[str, Any] | None:
    """The inline keyboard as Telegram takes it; None for none. Raises Refused."""
    if not markup:
        return None
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refused(400, "Bad Request: can't parse reply keyboard markup JSON object")
    for button in (button for row in rows for button in row):
        if not button.get("text"):
            raise Refused(400, "Bad Request: text buttons are unallowed in the inline keyboard")
        data = button.get("callback_data")
        if data is not None and not 1 <= len(data.encode()) <= 64:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        if data is None and not button.get("url"):
            raise Refused(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed")
    return {"inline_keyboard": rows} if any(rows) else None
