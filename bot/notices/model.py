"""When and where somebody is told. Plain rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

FIRST_HOUR, LAST_HOUR = 8, 22
"""Nobody is written to from 22:00 to 8:00 on the clocks of Spain."""
_NOBODY_READS = frozenset({"rest", "shell"})
_NEVER_WRITTEN_TO = _NOBODY_READS | {"web"}
"""Channels that a person has to open to see what is there: they do not bring anything."""


class Kind(StrEnum):
    """What is told; the response that tells it is `utter_notice_<kind>`."""

    PROCEDURE_CHANGED = "procedure_changed"
    CONTACT_ACCEPTED = "contact_accepted"
    INVOICES_OVERDUE = "invoices_overdue"


class State(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    TOLD = "told"
    MAILED = "mailed"
    DROPPED = "dropped"
    REFUSED = "refused"
    """The service did not bring it, and there was no mail that says the same."""


SHOWN_WHEREVER = frozenset({Kind.INVOICES_OVERDUE})
"""Kinds that may wait in a chat that has to be opened, and that are looked at again before they are told."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """The mail that says the same; it is sent where the chat cannot be written to."""

    recipient: str
    template: str
    details: dict[str, Any] = field(default_factory=dict)


def is_brought(address: str) -> bool:
    """Whether what is said at an address comes to the person by itself."""
    return address.partition(":")[0] not in _NEVER_WRITTEN_TO


def is_shown(address: str) -> bool:
    """Whether a person reads what is said at an address, at once or when they open it."""
    return address.partition(":")[0] not in _NOBODY_READS


def is_quiet(now: datetime, zone: ZoneInfo) -> bool:
    """Whether people sleep."""
    return not FIRST_HOUR <= now.astimezone(zone).hour < LAST_HOUR


def told_from(now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, now or later, at which people may be written to."""
    if not is_quiet(now, zone):
        return now
    local = now.astimezone(zone)
    day = local.date() + timedelta(days=1 if local.hour >= LAST_HOUR else 0)
    return datetime.combine(day, time(FIRST_HOUR), zone).astimezone(now.tzinfo)
