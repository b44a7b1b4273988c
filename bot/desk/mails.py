"""The answers of the staff to who chose to be answered by mail: each is mailed as it is written; of a file, that it is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.area import SPAIN, Area
from bot.conversation.model import Message
from bot.desk.model import Case
from bot.notifications.service import queue

CHAT = "/"


def mail_answer(connection: Connection, area: Area, held: Case, said: Message, now: datetime) -> None:
    """Mail what the staff has written in the case, once, to who wants it so; to anybody else nothing."""
    details = {"text": [line for line in said.text.splitlines() if line.strip()]}
    _mail(connection, area, held, said, "desk_answer", details, now)


def mail_file(connection: Connection, area: Area, held: Case, said: Message, now: datetime) -> None:
    """Tell who wants to be answered by mail, once, that a file is in the chat.

    The mailbox may be one that was only typed, and mails are passed on: neither the file nor its name goes with it.
    """
    _mail(connection, area, held, said, "desk_file", {}, now)


def _mail(
    connection: Connection, area: Area, held: Case, said: Message, template: str, details: dict[str, Any], now: datetime
) -> None:
    if not held.is_answered_by_mail:
        return
    details |= {
        "agent": said.signed_by,
        "tracking_key": held.tracking_key,
        "asked_on": held.opened_at.astimezone(SPAIN).date().isoformat(),
        "link": area.url(CHAT),
    }
    queue(connection, now, held.email or "", template, details, once=f"case {held.id} said {said.sequence}")
