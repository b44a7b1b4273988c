"""Whether a webhook comes from our Chatwoot: HMAC-SHA256 over `timestamp.body`, compared in constant time."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

LONGEST_AGE = timedelta(minutes=5)
PREFIX = "sha256="


def signed(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-Chatwoot-Signature`."""
    return PREFIX + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()


def is_signed(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Whether body and time are Chatwoot's own, and the time is within five minutes of ours."""
    is_right = hmac.compare_digest(signed(secret, timestamp, body).encode(), signature.encode())
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    return is_right and abs(now.timestamp() - int(timestamp)) <= LONGEST_AGE.total_seconds()
