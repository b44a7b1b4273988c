"""Signed values that a browser keeps for us: nobody can make or change one, and each is good until its own moment."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadData

from bot.area import Area

DEVICE_LIFETIME = timedelta(days=180)
_DEVICE, _BROWSER = "device", "browser value"


class Forged(Exception):
    """A text that we never signed for that purpose."""


class Expired(Exception):
    """What was signed is not good any more."""


def sign(area: Area, purpose: str, value: Any, expires_at: datetime) -> str:
    """A text that holds `value` (JSON), readable by anybody, good until `expires_at`."""
    return str(area.signer(purpose).dumps([value, expires_at.timestamp()]))


def unsign(area: Area, purpose: str, text: str | None, now: datetime) -> Any:
    """What was signed for that purpose; None for any other text and from its last moment on.

    The moment is one of our own in the value, as the library would ask the machine's clock and not ours.
    """
    try:
        return opened(area, purpose, text or "", now)
    except (Forged, Expired):
        return None


def opened(area: Area, purpose: str, text: str, now: datetime) -> Any:
    """What `unsign` gives, for a link of ours. Raises Forged for a text that we did not sign, Expired from its last moment on."""
    value = _signed_value(area, purpose, text)
    if value is None:
        raise Forged
    if now.timestamp() >= value[1]:
        raise Expired
    return value[0]


def new_device(area: Area, person_id: int, now: datetime) -> str:
    """What a browser keeps to show later that this person has signed in with it."""
    return sign(area, _DEVICE, person_id, now + DEVICE_LIFETIME)


def is_device_of(area: Area, device: str | None, person_id: int | None, now: datetime) -> bool:
    """Whether that person signed in with this browser within the last 180 days."""
    return person_id is not None and unsign(area, _DEVICE, device, now) == person_id


def same_or_new_browser(area: Area, browser: str | None) -> str:
    """The browser's own value if we made it, else a new one: what others put there could be known to them."""
    if browser is not None and _signed_value(area, _BROWSER, browser) is not None:
        return browser
    return str(area.signer(_BROWSER).dumps(secrets.token_urlsafe(16)))


def _signed_value(area: Area, purpose: str, text: str | None) -> Any:
    if text is None or not text.isascii():
        return None
    try:
        return area.signer(purpose).loads(text)
    except BadData:
        return None
