"""The cookies of signing in: the browser that a session belongs to, the device that signed in before, and the way back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from aiohttp import web

from bot.area import Area
from bot.identity.signed import DEVICE_LIFETIME, sign, unsign

BROWSER = "ventanilla_browser"
DEVICE = "ventanilla_device"
CHAT_CODE = "ventanilla_chat_code"
CHAT_CODE_LIFETIME = timedelta(minutes=10)
WAY_BACK = "ventanilla_way_back"
LONGEST_VALUE = 300
WAY_BACK_SECONDS = 1800
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def browser_of(request: web.Request) -> str | None:
    """The value of this browser's cookie; None when it has none or a value that is none of ours."""
    return _value(request, BROWSER)


def device_of(request: web.Request) -> str | None:
    """What a former sign-in left on this device; None when nothing did."""
    return _value(request, DEVICE)


def agent_of(request: web.Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("User-Agent", "")[:LONGEST_VALUE]


def remember_browser(response: web.StreamResponse, value: str, area: Area) -> None:
    """Keep the browser's value until it is closed. Scripts cannot read it, other sites cannot send it with a form."""
    set_cookie(response, BROWSER, value, area, path="/")


def remember_device(response: web.StreamResponse, value: str, area: Area) -> None:
    """Keep the device's value for half a year; only the sign-in pages get it."""
    set_cookie(response, DEVICE, value, area, path="/entrar", max_age=int(DEVICE_LIFETIME.total_seconds()))


def way_back_of(request: web.Request) -> str | None:
    """The token of the sign-in link from which this browser asked for a password."""
    return _value(request, WAY_BACK)


def remember_way_back(response: web.StreamResponse, token: str, area: Area) -> None:
    """Keep the token for when a password is chosen in this browser; the mail must not carry it."""
    if token:
        set_cookie(response, WAY_BACK, token, area, path="/clave", max_age=WAY_BACK_SECONDS)


def remember_chat_code(response: web.StreamResponse, address: str, code: str, area: Area, now: datetime) -> None:
    """Keep what has to be written in the chat for the page that says so; it is in no address, where it would be seen."""
    value = sign(area, CHAT_CODE, [address, code], now + CHAT_CODE_LIFETIME)
    set_cookie(response, CHAT_CODE, value, area, path="/entrar/hecho", max_age=int(CHAT_CODE_LIFETIME.total_seconds()))


def chat_code_of(request: web.Request, area: Area, now: datetime) -> tuple[str, str] | None:
    """The chat and the code that has to be written there; None where nothing has to be."""
    value = unsign(area, CHAT_CODE, request.cookies.get(CHAT_CODE), now)
    return None if value is None else (str(value[0]), str(value[1]))


def token_in(value: str) -> str:
    """The token of a link that a page was given; empty when it is none."""
    return value if TOKEN.fullmatch(value) else ""


def set_cookie(
    response: web.StreamResponse, name: str, value: str, area: Area, *, path: str, max_age: int | None = None
) -> None:
    """A cookie of ours; `max_age` in seconds, None until the browser is closed."""
    secure = area.public_url.startswith("https://")
    response.set_cookie(name, value, max_age=max_age, path=path, httponly=True, samesite="Lax", secure=secure)


def _value(request: web.Request, name: str) -> str | None:
    """Our values are short and printable; what else comes is not worth a digest."""
    value = request.cookies.get(name, "")
    return value if 0 < len(value) <= LONGEST_VALUE and value.isascii() and value.isprintable() else None
