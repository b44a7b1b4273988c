"""Letting a contact authorize others, which only a representative decides, and taking that back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.accounts.model import Role, Viewer
from bot.area import Area
from bot.contacts.judging import changer_of, current
from bot.contacts.model import Change, Contact, Held, Problem
from bot.contacts.service import act_of, told

ACTION = "contact_power_changed"


def check_power(
    connection: Connection, viewer: Viewer, contact_id: int, may_authorize: bool, now: datetime
) -> Problem | None:
    """What speaks against a contact being let, or being let no longer, authorize others."""
    held = current(connection, viewer, contact_id, now)
    if isinstance(held, Problem):
        return held
    changer = changer_of(connection, viewer, now)
    if changer is None or changer.access_id is not None:
        return Problem.ONLY_REPRESENTATIVE
    if held.may_authorize is may_authorize:
        return Problem.SAME_AS_BEFORE
    return Problem.CANNOT_AUTHORIZE if may_authorize and not _can_authorize(held) else None


def change_power(
    connection: Connection,
    area: Area,
    viewer: Viewer,
    contact_id: int,
    may_authorize: bool,
    address: str,
    now: datetime,
) -> Contact:
    """Let a contact authorize others, or no longer; what it gave stays. Raises NotAllowed, NotFound or Refused."""
    act = act_of(connection, area, viewer, address, now)
    act.check(ACTION, contact_id, check_power(connection, viewer, contact_id, may_authorize, now))
    held = act.held(contact_id)
    changed = act.begin_again(held, replace(held.terms, may_authorize=may_authorize))
    return told(act, ACTION, Change.CHANGED, changed, held.terms)


def _can_authorize(held: Held) -> bool:
    """Who may do everything for all clients, and an external manager for its own."""
    is_whole = held.manager_kind is not None or not held.is_limited
    return held.role is Role.FULL and is_whole and held.manager_id is None
