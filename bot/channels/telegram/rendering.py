"""Our replies as Telegram shows them: its HTML, in pieces that it takes, with the buttons under the last one. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from bot.conversation.model import Author, Message

LONGEST_TEXT = 4096
"""In UTF-16 code units, as Telegram counts. Ours are counted with their marks, which Telegram does not: never too long."""
SHORT_TITLE = 16
LINK = r"\[(?P<label>[^\[\]\n]+)\]\((?P<target>[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)"
MARKS = re.compile(rf"{LINK}|\*\*(?=[^*\n]*[^*\s])(?P<bold>[^*\n]+)\*\*")
BULLET = re.compile(r"^(\s*)[-*] ", re.MULTILINE)
ENDS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…:;])\s+"), re.compile(r"\s+"))

Render = Callable[[str], str]
Keyboard = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of (title, data)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One message to be sent: its HTML, the same without marks, and the buttons under it."""

    html: str
    plain: str
    keyboard: Keyboard = ()


def calls(message: Message) -> list[Call]:
    """What has to be sent for one of our messages, in order."""
    by_staff = message.author is Author.AGENT
    render = _html_of_staff if by_staff else html_of
    pieces = split(message.text, LONGEST_TEXT - len(message.signed_by) * 6 - 20, render)
    made = [Call(render(piece), piece) for piece in pieces]
    if by_staff and message.signed_by and made:
        made[0] = Call(f"<b>{escape(message.signed_by)}</b>\n{made[0].html}", f"{message.signed_by}\n{made[0].plain}")
    if made and message.buttons:
        made[-1] = Call(made[-1].html, made[-1].plain, keyboard(message))
    return made


def caption(message: Message) -> str:
    """What stands below a file: who of the staff sent it."""
    return f"<b>{escape(message.signed_by, quote=False)}</b>" if message.signed_by else ""


def keyboard(message: Message) -> Keyboard:
    """The buttons, short ones two in a row. What comes back is a place in our own transcript, nothing that gives a right."""
    rows: list[list[tuple[str, str]]] = []
    for index, button in enumerate(message.buttons):
        made = (button.title, f"{message.sequence}.{index}")
        is_short = len(button.title) <= SHORT_TITLE
        if rows and is_short and len(rows[-1]) == 1 and len(rows[-1][0][0]) <= SHORT_TITLE:
            rows[-1].append(made)
        else:
            rows.append([made])
    return tuple(tuple(row) for row in rows)


def html_of(markdown: str) -> str:
    """The small Markdown of our replies as Telegram's HTML; everything else is text."""
    text = BULLET.sub(r"\1• ", markdown)
    parts, end = [], 0
    for mark in MARKS.finditer(text):
        parts += [escape(text[end : mark.start()], quote=False), _marked(mark)]
        end = mark.end()
    return "".join([*parts, escape(text[end:], quote=False)])


def _marked(mark: re.Match[str]) -> str:
    if mark["bold"] is not None:
        return f"<b>{html_of(mark['bold'])}</b>"
    label, target = mark["label"], mark["target"]
    if target.startswith("https://"):
        return f'<a href="{escape(target)}">{escape(label.replace("**", ""), quote=False)}</a>'
    if target.startswith("http://"):  # a machine of one's own: Telegram makes no link of it, so it is shown
        return f"{escape(label, quote=False)}: {escape(target, quote=False)}"
    scheme, _, rest = target.partition(":")
    if scheme not in ("tel", "mailto") or _same(rest, label):
        return escape(label, quote=False)
    return f"{escape(label, quote=False)} ({escape(rest, quote=False)})"


def _same(one: str, other: str) -> bool:
    def letters(text: str) -> str:
        return re.sub(r"[\W_]+", "", text).casefold()

    return letters(other) in letters(one)


def _html_of_staff(text: str) -> str:
    """What somebody of the staff wrote is no Markdown."""
    return escape(text, quote=False)


def units(text: str) -> int:
    """How long Telegram finds a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, longest: int, render: Render) -> list[str]:
    """Pieces of a text whose HTML is not longer than that: cut between paragraphs, else lines, sentences, words."""
    rest, pieces = text.strip(), []
    while rest and units(render(rest)) > longest:
        at = _cut(rest, _fitting(rest, longest, render))
        pieces.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [piece for piece in [*pieces, rest] if piece]


def _fitting(text: str, longest: int, render: Render) -> int:
    """How many characters from the beginning fit, at least one."""
    low, high = 1, min(len(text), longest)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if units(render(text[:middle])) <= longest else (low, middle - 1)
    return low


def _cut(text: str, fitting: int) -> int:
    """Where to cut: the last good place before `fitting` that is not so early that pieces get tiny."""
    marked = [mark.span() for mark in MARKS.finditer(text)]
    for end in ENDS:
        places = [found.end() for found in end.finditer(text, 0, fitting + 1) if found.end() <= fitting]
        good = [place for place in places if place > fitting // 4 and not any(a < place < b for a, b in marked)]
        if good:
            return good[-1]
    return fitting
