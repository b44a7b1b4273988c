"""What the Cloud API takes and what it refuses, with its own error numbers. Pure functions over a request's JSON."""

from __future__ import annotations

import re
from typing import Any

NUMBER = re.compile(r"\+?\d{5,20}", re.ASCII)
LONGEST_TEXT = 4096
LONGEST_BUTTON_BODY = 1024
LONGEST_LIST_BODY = 4096
LONGEST_SMALL_TEXT = 60
LONGEST_FILE_NAME = 240
LARGEST_FILES = {
    "application/pdf": 100 * 1024 * 1024,
    "text/plain": 100 * 1024 * 1024,
    "image/jpeg": 5 * 1024 * 1024,
    "image/png": 5 * 1024 * 1024,
}
"""The kinds that this emulator knows, of those that the service takes, and their largest sizes in bytes."""
USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,120}")
ENVELOPE = {"messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data"}
PARAMETER, VALUE, MISSING, UNSUPPORTED = 100, 131009, 131008, 131051


class Refused(Exception):
    """A call that the service answers with an error: HTTP status, its number, and what it says."""

    def __init__(self, status: int, code: int, details: str, retry_after: int | None = None) -> None:
        super().__init__(details)
        self.status = status
        self.code = code
        self.details = details
        self.retry_after = retry_after


def check_message(body: Any) -> None:
    """Whether it may be sent to anybody at all. Raises Refused."""
    if not isinstance(body, dict):
        raise Refused(400, PARAMETER, "the body has to be a JSON object")
    if body.get("messaging_product") != "whatsapp":
        raise Refused(400, PARAMETER, "The parameter messaging_product is required.")
    if body.get("recipient_type", "individual") != "individual":
        raise Refused(400, PARAMETER, "recipient_type has to be individual")
    recipient_of(body)
    kind = body.get("type", "text")
    if kind not in CHECKS:
        raise Refused(400, UNSUPPORTED, "Unsupported message type")
    _only(body, ENVELOPE | {kind}, "message")
    CHECKS[kind](_object(body.get(kind), kind))


def recipient_of(body: dict[str, Any]) -> str:
    """Whom it goes to: a number without its plus, or the id of a person who hides it. Raises Refused."""
    number, user = body.get("to"), body.get("recipient")
    if isinstance(number, str) and NUMBER.fullmatch(number):
        return number.removeprefix("+")
    if number is None and isinstance(user, str) and USER_ID.fullmatch(user):
        return user
    raise Refused(400, PARAMETER, "The parameter to or recipient is required.")


def check_read(body: dict[str, Any], known: set[str]) -> None:
    """A message marked as read, perhaps with the sign of typing. Raises Refused."""
    _only(body, {"messaging_product", "status", "message_id", "typing_indicator"}, "status")
    if body.get("messaging_product") != "whatsapp" or body.get("status") != "read":
        raise Refused(400, PARAMETER, "status has to be read")
    if body.get("message_id") not in known:
        raise Refused(400, PARAMETER, "Message ID does not exist")
    if "typing_indicator" in body and body["typing_indicator"] != {"type": "text"}:
        raise Refused(400, VALUE, "typing_indicator has to be of type text")


def _check_text(text: dict[str, Any]) -> None:
    _only(text, {"body", "preview_url"}, "text")
    _words(text.get("body"), LONGEST_TEXT, "text.body")
    if not isinstance(text.get("preview_url", False), bool):
        raise Refused(400, VALUE, "text.preview_url has to be a boolean")


def _check_interactive(interactive: dict[str, Any]) -> None:
    _only(interactive, {"type", "header", "body", "footer", "action"}, "interactive")
    kind = interactive.get("type")
    if kind not in ("button", "list"):
        raise Refused(400, VALUE, "interactive.type: this emulator knows button and list")
    longest = LONGEST_BUTTON_BODY if kind == "button" else LONGEST_LIST_BODY
    _words(_object(interactive.get("body"), "body").get("text"), longest, "interactive.body.text")
    for part in ("header", "footer"):
        if part in interactive:
            _words(_object(interactive[part], part).get("text"), LONGEST_SMALL_TEXT, f"interactive.{part}.text")
    action = _object(interactive.get("action"), "action")
    if kind == "button":
        _check_buttons(action)
    else:
        _check_list(action)


def _check_buttons(action: dict[str, Any]) -> None:
    _only(action, {"buttons"}, "action")
    buttons = _list(action.get("buttons"), 1, 3, "buttons")
    replies = []
    for button in buttons:
        _only(_object(button, "button"), {"type", "reply"}, "button")
        if button.get("type") != "reply":
            raise Refused(400, VALUE, "a button has to be of type reply")
        reply = _object(button.get("reply"), "reply")
        _only(reply, {"id", "title"}, "reply")
        _words(reply.get("id"), 256, "reply.id")
        _words(reply.get("title"), 20, "reply.title")
        replies.append(reply)
    for field in ("id", "title"):
        if len({reply[field] for reply in replies}) != len(replies):
            raise Refused(400, VALUE, f"duplicated {field} among buttons")


def _check_list(action: dict[str, Any]) -> None:
    _only(action, {"button", "sections"}, "action")
    _words(action.get("button"), 20, "action.button")
    sections = _list(action.get("sections"), 1, 10, "sections")
    rows = []
    for section in sections:
        _only(_object(section, "section"), {"title", "rows"}, "section")
        if len(sections) > 1 or "title" in section:
            _words(section.get("title"), 24, "section.title")
        rows += _list(section.get("rows"), 1, 10, "rows")
    if len(rows) > 10:
        raise Refused(400, VALUE, "more than 10 rows in all sections together")
    for row in rows:
        _check_row(_object(row, "row"))
    if len({row["id"] for row in rows}) != len(rows):
        raise Refused(400, VALUE, "duplicated id among rows")


def _check_row(row: dict[str, Any]) -> None:
    _only(row, {"id", "title", "description"}, "row")
    _words(row.get("id"), 200, "row.id")
    _words(row.get("title"), 24, "row.title")
    if "description" in row:
        _words(row["description"], 72, "row.description")


def _check_template(template: dict[str, Any]) -> None:
    _only(template, {"name", "language", "components"}, "template")
    _words(template.get("name"), 512, "template.name")
    language = _object(template.get("language"), "language")
    _words(language.get("code"), 15, "template.language.code")
    if template.get("components"):
        raise Refused(400, 132000, "number of parameters does not match: templates of this emulator have none")


def _check_document(document: dict[str, Any]) -> None:
    _check_media(document, {"id", "link", "caption", "filename"}, "document")
    if "filename" in document:
        _words(document["filename"], LONGEST_FILE_NAME, "document.filename")


def _check_image(image: dict[str, Any]) -> None:
    _check_media(image, {"id", "link", "caption"}, "image")


def check_upload(size: int, media_type: str) -> None:
    """Whether the service keeps such a file for a message. Raises Refused."""
    largest = LARGEST_FILES.get(media_type)
    if largest is None:
        raise Refused(400, PARAMETER, f"Param file must be a file of a supported type; received {media_type}")
    if size > largest:
        raise Refused(400, PARAMETER, "Param file: the file is too large")


def check_kind(kind: str, media_type: str) -> None:
    """Whether a file that is kept can be sent as such a message. Raises Refused."""
    if kind == "image" and media_type not in ("image/jpeg", "image/png"):
        raise Refused(400, VALUE, f"image: a file of type {media_type} is none")


def _check_media(media: dict[str, Any], known: set[str], kind: str) -> None:
    _only(media, known, kind)
    if ("id" in media) == ("link" in media):
        raise Refused(400, MISSING, "either id or link")
    _words(media.get("id", media.get("link")), 2048, "media")
    if "caption" in media:
        _words(media["caption"], 1024, "caption")


CHECKS = {
    "text": _check_text,
    "interactive": _check_interactive,
    "template": _check_template,
    "image": _check_image,
    "document": _check_document,
}


def _only(values: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise Refused(400, PARAMETER, f'Unexpected key "{unknown[0]}" on {where}')


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(400, MISSING, f"Required parameter is missing: {name}")
    return value


def _list(value: Any, least: int, most: int, name: str) -> list[Any]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise Refused(400, VALUE, f"{name}: from {least} to {most}")
    return value


def _words(value: Any, longest: int, name: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise Refused(400, MISSING, f"Required parameter is missing: {name}")
    if len(value) > longest:
        raise Refused(400, VALUE, f"{name}: length has to be at most {longest}")
