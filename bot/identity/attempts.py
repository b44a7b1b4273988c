"""Counts tries at what can be guessed, and says how long to wait. What was tried is stored as a digest only.

Who counts and notes stands in line for it first (`bot.database.in_line`), before anything else is locked: tries at the same
moment would miss each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from sqlalchemy import Column, ColumnElement, Connection, Index, String, Table, delete, func, insert, select

from bot.area import Area
from bot.database import Moment, identity, metadata

KEPT = timedelta(hours=24)
CLEANED_EVERY = 100
_HOME_NETWORK_BITS = 64

attempt_table = Table(
    "attempt",
    metadata,
    Column("id", identity, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("key_digest", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Index("ix_attempt_kind_key_digest_made_at", "kind", "key_digest", "made_at"),
)
attempt = attempt_table.c


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries of a kind in a `window` of at most a day.

    Then the next one waits until fewer are in the window; with a `pause`, only that long after the last one.
    """

    kind: str
    most: int
    window: timedelta
    pause: timedelta | None = None


def wait_or_note(connection: Connection, area: Area, keys: Mapping[Limit, str], now: datetime) -> int:
    """How long a try has to wait that several limits bound, each by a key of its own; one that has not is counted in all."""
    longest = max([wait_seconds(connection, area, limit, key, now) for limit, key in keys.items()])
    if not longest:
        for limit, key in keys.items():
            note(connection, area, limit.kind, key, now)
    return longest


def note(connection: Connection, area: Area, kind: str, key: str, now: datetime) -> int:
    """Count one try; gives its number for `take_back`. Now and then those of more than a day ago are deleted."""
    values = {"kind": kind, "key_digest": _digest(area, kind, key), "made_at": now}
    noted = insert(attempt_table).values(values).returning(attempt.id)
    attempt_id: int = connection.execute(noted).scalar_one()
    if attempt_id % CLEANED_EVERY == 0:
        connection.execute(delete(attempt_table).where(attempt.made_at < now - KEPT))
    return attempt_id


def count(connection: Connection, area: Area, kind: str, key: str, since: datetime) -> int:
    """How many tries were noted after `since`."""
    wanted = (*_tries(area, kind, key), attempt.made_at > since)
    return connection.execute(select(func.count()).select_from(attempt_table).where(*wanted)).scalar_one()


def wait_seconds(connection: Connection, area: Area, limit: Limit, key: str, now: datetime) -> int:
    """How long the next try has to wait, rounded up; 0 when it may be made now."""
    found = select(attempt.made_at).where(*_tries(area, limit.kind, key), attempt.made_at > now - limit.window)
    times: list[datetime] = list(connection.execute(found.order_by(attempt.made_at.desc()).limit(limit.most)).scalars())
    if len(times) < limit.most:
        return 0
    until = times[-1] + limit.window if limit.pause is None else times[0] + limit.pause
    return max(0, ceil((until - now).total_seconds()))


def take_back(connection: Connection, attempt_ids: Sequence[int]) -> None:
    """Count these no longer: they were no failures."""
    connection.execute(delete(attempt_table).where(attempt.id.in_(attempt_ids)))


def forget(connection: Connection, area: Area, kind: str, key: str) -> None:
    """Begin counting anew."""
    connection.execute(delete(attempt_table).where(*_tries(area, kind, key)))


def network_of(remote: str | None) -> str:
    """What counts as one network address: of IPv6 the 64 bits that a household is given, or it would have endless ones."""
    try:
        address = ip_address(remote or "")
    except ValueError:
        return remote or ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((int(address), _HOME_NETWORK_BITS), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _tries(area: Area, kind: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return attempt.kind == kind, attempt.key_digest == _digest(area, kind, key)


def _digest(area: Area, kind: str, key: str) -> str:
    return area.digest(f"attempt {kind}", key)
