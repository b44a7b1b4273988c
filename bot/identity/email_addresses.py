"""What an e-mail address looks like; whether anybody reads it, only a mail can tell."""

from __future__ import annotations

import re

LONGEST = 254
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}")


def is_email(text: str) -> bool:
    """Whether a text is one e-mail address, at most 254 characters long."""
    return len(text) <= LONGEST and _ADDRESS.fullmatch(text) is not None
