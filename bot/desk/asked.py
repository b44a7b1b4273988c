"""What the desk's page sent with an event: nothing of it is believed."""

from __future__ import annotations

from typing import Any

from bot.conversation.reading import NO_END
from bot.desk.model import NoSuchCase

Data = dict[str, Any]


def number_in(data: Data, name: str) -> int:
    """The number of a row. Raises NoSuchCase for what cannot be one."""
    value = data.get(name)
    if type(value) is not int or not 0 < value < 2**53:
        raise NoSuchCase
    return value


def sequence_in(data: Data, name: str, otherwise: int) -> int:
    """A place in a conversation; `otherwise` for what cannot be one."""
    value = data.get(name)
    return value if type(value) is int and 0 <= value <= NO_END else otherwise


def is_own_page(environ: dict[str, Any]) -> bool:
    """Sites that may embed the chat get no desk, even where the browser would send the cookie along."""
    origin, host = environ.get("HTTP_ORIGIN"), environ.get("HTTP_HOST")
    return origin is None or origin in (f"http://{host}", f"https://{host}")
