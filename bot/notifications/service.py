"""Queueing a mail: it is stored in the transaction of what it tells, and sent after that has happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.notifications import store
from bot.notifications.model import State
from bot.notifications.rendering import details_of


def queue(
    connection: Connection,
    now: datetime,
    recipient: str,
    template: str,
    details: dict[str, Any],
    once: str | None = None,
) -> None:
    """Put a mail into the outbox; `details` are JSON values, moments and days in ISO 8601.

    With `once` (at most 100 characters) a second mail with the same key is left out. A mail to "" is a decoy: it costs
    what any other does and is never sent. Raises ValueError when the template is unknown or lacks a detail.
    """
    missing = details_of(template) - details.keys()
    if missing:
        raise ValueError(f"the mail {template} needs {', '.join(sorted(missing))}")
    state, kept = (State.WAITING, details) if recipient else (State.DISCARDED, {})
    store.add(connection, now, recipient, template, kept, once, state)
