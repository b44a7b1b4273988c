"""How many messages a minute are taken from one conversation, from one network address, and from everybody."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from bot.settings import BadSetting

CONVERSATIONS_BEHIND_ONE_ADDRESS = 10


class MessageLimits:
    """Zero switches a limit off. With Redis the count is shared by all workers. Raises BadSetting without an answer of it."""

    def __init__(self, per_minute: int, total_per_minute: int, redis_url: str = "") -> None:
        storage = storage_from_string(redis_url or "memory://")
        if not storage.check():
            raise BadSetting("REDIS_URL: no Redis answers there")
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._rules = {
            "conversation": per_minute,
            "remote": per_minute * CONVERSATIONS_BEHIND_ONE_ADDRESS,
            "all": total_per_minute,
        }

    def allow(self, address: str, remote: str | None) -> bool:
        """Count one message; False when any of the three limits is reached. A trusted integration has no `remote`."""
        keys = {"conversation": address, "remote": remote, "all": ""}
        return all(
            self._limiter.hit(RateLimitItemPerMinute(amount), name, keys[name] or "")
            for name, amount in self._rules.items()
            if amount and keys[name] is not None
        )
