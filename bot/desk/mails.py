"""The answers of the staff to who chose to be answered by mail: each is mailed as it is written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.area import SPAIN, Area
from bot.conversation.model import Message
from bot.desk.model import Case
from bot.notifications.service import queue

CHAT = "/"


def mail_answer(connection: Connection, area: Area, held: Case, said: Message, now: datetime) -> None:
    """Mail what the staff has written in the case, once, to who wants it so; to anybody else nothing."""
    if not held.is_answered_by_mail:
        return
    details = {
        "agent": said.signed_by,
        "tracking_key": held.tracking_key,
        "asked_on": held.opened_at.astimezone(SPAIN).date().isoformat(),
        "text": [line for line in said.text.splitlines() if line.strip()],
        "link": area.url(CHAT),
    }
    queue(connection, now, held.email or "", "desk_answer", details, once=f"case {held.id} said {said.sequence}")
