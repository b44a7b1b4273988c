"""What happens when a procedure of some kind is resolved: the composition root says so once, at the start.

An effect runs inside the transaction that resolves the procedure, after its state has changed: both happen or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.area import Area
from bot.procedures.model import Kind, Procedure, check_code

Effect = Callable[[Connection, Area, Procedure, datetime], None]
"""Does what was asked for. Raises CannotApply."""


class CannotApply(Exception):
    """What was asked for cannot be done as things are now, and the procedure stays as it was; `code` says why to staff."""

    def __init__(self, code: str) -> None:
        check_code(code)
        super().__init__(code)
        self.code = code


_effects: dict[Kind, Effect] = {}


def set_effects(effects: Mapping[Kind, Effect]) -> None:
    """From now on these happen, and no others."""
    _effects.clear()
    _effects.update(effects)


def has_effect(kind: Kind) -> bool:
    """Whether something happens when a procedure of that kind is resolved."""
    return kind in _effects


def apply_effect(connection: Connection, area: Area, resolved: Procedure, now: datetime) -> None:
    """Do what the kind of a resolved procedure brings about, if anything. Raises CannotApply."""
    effect = _effects.get(resolved.kind)
    if effect is not None:
        effect(connection, area, resolved, now)
