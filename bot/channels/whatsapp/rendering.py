"""A reply as the messages that the Cloud API takes: text, reply buttons, a list, or a numbered text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.channels.whatsapp.markup import pieces, shortened, split_end, whatsapp_text
from bot.conversation.model import Attachment, Author, Button, Message

LONGEST_TEXT = 4096
LONGEST_BODY = 1024
LONGEST_BUTTON = 20
LONGEST_ROW = 24
LONGEST_DESCRIPTION = 72
LONGEST_FILE_NAME = 240
PICTURES = ("image/jpeg", "image/png")
LARGEST_PICTURE_BYTES = 5 * 1024 * 1024
MOST_BUTTONS = 3
MOST_ROWS = 10

Payload = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """What stands on the phone around our answers."""

    choose: str
    """On the button that opens a list; 20 characters at most."""


def payloads(message: Message, words: Words) -> list[Payload]:
    """What to send one after the other; each lacks only the recipient."""
    text = whatsapp_text(message.text)
    if message.author is Author.AGENT and message.signed_by:
        text = f"*{whatsapp_text(message.signed_by)}*\n{text}"
    if not message.buttons:
        return [_text(piece) for piece in pieces(text, LONGEST_TEXT)]
    if len(message.buttons) > MOST_ROWS:
        numbered = "\n".join(f"{place}. {button.title}" for place, button in enumerate(message.buttons, 1))
        return [_text(piece) for piece in pieces(f"{text}\n\n{numbered}", LONGEST_TEXT)]
    before, body = split_end(text, LONGEST_BODY)
    return [*(_text(piece) for piece in pieces(before, LONGEST_TEXT)), _offer(message, body or words.choose, words)]


def file_payload(message: Message, file: Attachment, media_id: str) -> Payload:
    """A file that the service has: a picture where it is small enough for one, else a document; who sent it stands below."""
    below = {"caption": f"*{whatsapp_text(message.signed_by)}*"} if message.signed_by else {}
    if file.media_type in PICTURES and file.size <= LARGEST_PICTURE_BYTES:
        return {"type": "image", "image": {"id": media_id} | below}
    return {"type": "document", "document": {"id": media_id, "filename": file.name[-LONGEST_FILE_NAME:]} | below}


def text_payload(text: str) -> Payload:
    """One short text that is not part of the conversation."""
    return _text(whatsapp_text(text)[:LONGEST_TEXT])


def template_payload(name: str, language: str) -> Payload:
    """A template without parameters: the only thing that may be sent a day after the person last wrote."""
    return {"type": "template", "template": {"name": name, "language": {"code": language}}}


def _text(body: str) -> Payload:
    return {"type": "text", "text": {"body": body, "preview_url": False}}


def _offer(message: Message, body: str, words: Words) -> Payload:
    titles = [shortened(button.title, LONGEST_BUTTON) for button in message.buttons]
    if len(titles) <= MOST_BUTTONS and len({title.casefold() for title in titles}) == len(titles):
        action: Payload = {"buttons": [_button(message, place, title) for place, title in enumerate(titles)]}
        return _interactive("button", body, action)
    rows = [_row(message, place, button) for place, button in enumerate(message.buttons)]
    return _interactive("list", body, {"button": words.choose, "sections": [{"rows": rows}]})


def _interactive(kind: str, body: str, action: Payload) -> Payload:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": body}, "action": action}}


def _button(message: Message, place: int, title: str) -> Payload:
    return {"type": "reply", "reply": {"id": choice_id(message, place), "title": title}}


def _row(message: Message, place: int, button: Button) -> Payload:
    row = {"id": choice_id(message, place), "title": shortened(button.title, LONGEST_ROW)}
    if row["title"] != button.title:
        row["description"] = shortened(button.title, LONGEST_DESCRIPTION)
    return row


def choice_id(message: Message, place: int) -> str:
    """What comes back when it is chosen: the message's number in its conversation and the button's place in it."""
    return f"{message.sequence}.{place}"


def place_of(choice: str) -> tuple[int, int] | None:
    """Sequence and place that a choice names; None for anything that we did not write."""
    sequence, _, place = choice.partition(".")
    if not (choice.isascii() and sequence.isdigit() and place.isdigit() and len(sequence) <= 9 and len(place) <= 2):
        return None
    return int(sequence), int(place)
