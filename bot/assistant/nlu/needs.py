"""The needs in a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def find_needs(parse: Callable[[str], dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """The main need."""
    return [parse(text)]
