"""The mails of procedures: a durable copy when one is opened, and each news."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.area import SPAIN, Area
from bot.notifications.service import queue
from bot.procedures import store
from bot.procedures.checklists import paper_of, papers_of
from bot.procedures.model import Change, Kind, Procedure
from bot.procedures.wording import kind_name, left_out_link, state_name

FOLLOW_PATH = "/"
"""The page that mails lead to: the chat, where the key is asked for."""
_LINK = re.compile(
    r"(?:\w+://|www\.)\S+|(?<![\w@.-])(?:[\w-]+\.)+(?:[a-z]{2,}/\S*|(?:com|net|org|info|es|eu|io|app|xyz|ru|cn|link|site|top)\b)",
    re.IGNORECASE,
)


def mail_opened(
    connection: Connection, area: Area, opened: Procedure, text: str, now: datetime, *, is_stranger: bool
) -> None:
    """The key, the day, the last day and the person's own words, to who opened it.

    A mailbox that a stranger typed may be a third person's, so no link in those words reaches it.
    """
    words = _LINK.sub(left_out_link(), text) if is_stranger else text
    details = {
        "opened_on": opened.opened_at.astimezone(SPAIN).date().isoformat(),
        "deadline": opened.deadline_on.isoformat(),
        "text": [line for line in words.splitlines() if line.strip()],
        "papers": _papers(opened.kind, [paper.code for paper in papers_of(opened.kind)]),
    }
    _mail(connection, area, opened, "procedure_opened", details, now)


def mail_changed(connection: Connection, area: Area, changed: Procedure, change: Change, now: datetime) -> None:
    """The state that it came into, what staff say about it and which papers are missing."""
    missing = [item.what for item in store.items_of(connection, changed.id) if item.is_needed and not item.received_at]
    details = {
        "state": state_name(changed.state),
        "note": change.note,
        "papers": [] if changed.state.is_closed else _papers(changed.kind, missing),
    }
    _mail(connection, area, changed, "procedure_changed", details, now)


def _papers(kind: Kind, codes: Sequence[str]) -> list[dict[str, Any]]:
    papers = (paper_of(kind, code) for code in codes)
    return [{"title": paper.title, "accepted": list(paper.accepted)} for paper in papers if paper]


def _mail(
    connection: Connection, area: Area, told: Procedure, template: str, details: dict[str, Any], now: datetime
) -> None:
    mailbox = store.mailbox_of(connection, told.id)
    if mailbox:
        always = {"tracking_key": told.tracking_key, "what": kind_name(told.kind), "link": area.url(FOLLOW_PATH)}
        queue(connection, now, mailbox, template, always | details)
