"""Where a person is signed in, and the chats on phones that are theirs; each can be taken away, from the chat and from the web."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.identity.sessions import Session, close_elsewhere, last_sessions_of

LINKED_FOR = timedelta(days=7)
"""A chat in which somebody did not sign in for so long may be in other hands: it is not theirs any more."""
_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "SamsungBrowser": "Samsung",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
"""The signs in the order in which they tell: most browsers also claim to be those below."""
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@dataclass(frozen=True, slots=True)
class Device:
    """A chat of a person. `is_open`: they are signed in there; else they only get their notices there."""

    session: Session
    is_open: bool


def devices_of(
    connection: Connection, person_id: int, now: datetime, gets_notices: Callable[[str], bool]
) -> list[Device]:
    """The chats in which a person is signed in, and those that bring them notices; the one used last comes first.

    `gets_notices(address)`: whether that is a chat which brings something by itself.
    """
    last = last_sessions_of(connection, person_id, now - LINKED_FOR)
    found = (Device(session, session.ends_at > now) for session in last)
    return [device for device in found if device.is_open or gets_notices(device.session.address)]


def end_devices(connection: Connection, ended: Iterable[Device], now: datetime) -> int:
    """A person takes these chats of theirs away; gives how many were still there. It counts at once, in every process."""
    return sum(close_elsewhere(connection, each.session, now) for each in ended)


def device_named(agent: str) -> str:
    """What a browser calls itself in the header User-Agent, in two words that its owner recognises; "" for an unknown one.

    No more is kept: versions and models would tell people apart.
    """
    return " · ".join(filter(None, (_first(_BROWSERS, agent), _first(_SYSTEMS, agent))))


def _first(names: dict[str, str], agent: str) -> str:
    return next((name for sign, name in names.items() if re.search(rf"\b{sign}\b", agent)), "")
