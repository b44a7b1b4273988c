"""How many wrong tries at signing in are borne, and from whom.

What one network address gets wrong closes the way for that address, so nobody can lock somebody else out for long: tries at
one identifier from anywhere make the next one wait a minute only, and not in a browser with which that person signed in before.
An identifier that nobody has is counted like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.area import Area
from bot.identity.attempts import Limit, count, forget, network_of, note, take_back, wait_seconds

WINDOW = timedelta(minutes=15)
PAIR = Limit("sign_in_pair", 5, WINDOW)
NETWORK = Limit("sign_in_network", 30, WINDOW)
IDENTIFIER = Limit("sign_in_identifier", 20, WINDOW, pause=timedelta(minutes=1))
CODE_PAIR = Limit("code_pair", 5, WINDOW)
APP_CODES = Limit("app_codes", 20, timedelta(hours=24))
"""Six digits, three of them right at a time: without a bound a day, somebody who knows the password would get in some day."""

_REFUSALS = "refused"
_REFUSALS_TOLD_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Try:
    """One try to be let in: which limits it counts for, and under which keys."""

    counted: tuple[tuple[Limit, str], ...]
    network: str

    @property
    def pair(self) -> tuple[Limit, str]:
        """The limit of this identifier at this network address."""
        return self.counted[0]


def password_try(identifier: str, remote: str | None) -> Try:
    """A try at the password of an identifier, whoever has it."""
    network = network_of(remote)
    return Try(((PAIR, f"{identifier} {network}"), (NETWORK, network), (IDENTIFIER, identifier)), network)


def code_try(person_id: int, remote: str | None, is_guessable: bool) -> Try:
    """A try at a second factor. A recovery code is too long to guess: whoever has one gets in however many codes were tried."""
    network = network_of(remote)
    everybody = ((APP_CODES, str(person_id)),) if is_guessable else ()
    return Try(((CODE_PAIR, f"{person_id} {network}"), (NETWORK, network), *everybody), network)


def wait_of(connection: Connection, area: Area, tried: Try, is_known_device: bool, now: datetime) -> int:
    """Seconds until this may be tried; 0 for now. A known device does not wait for what others did to the identifier."""
    limits = [(limit, key) for limit, key in tried.counted if not (is_known_device and limit is IDENTIFIER)]
    return max(wait_seconds(connection, area, limit, key, now) for limit, key in limits)


def count_wrong(connection: Connection, area: Area, tried: Try, now: datetime) -> list[int]:
    """Count it as wrong; gives the numbers for `count_right`, in case it was not."""
    return [note(connection, area, limit.kind, key, now) for limit, key in tried.counted]


def count_right(connection: Connection, area: Area, tried: Try, counted: list[int]) -> None:
    """It was right after all: this identifier begins anew at this network address, the other counts stay as they were."""
    take_back(connection, counted)
    limit, key = tried.pair
    forget(connection, area, limit.kind, key)


def is_worth_telling(connection: Connection, area: Area, tried: Try, now: datetime) -> bool:
    """Whether a refused try goes into the audit: one a minute and network address, or a flood would fill it for ever."""
    if count(connection, area, _REFUSALS, tried.network, now - _REFUSALS_TOLD_EVERY):
        return False
    note(connection, area, _REFUSALS, tried.network, now)
    return True
