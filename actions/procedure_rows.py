"""A procedure in the words of a list or a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rasa_sdk.events import SlotSet

from actions.visit import SHOWN, Events, day_of
from bot.area import SPAIN
from bot.identity.sessions import Session
from bot.procedures.model import Procedure
from bot.procedures.wording import kind_name, paper_title, state_name
from bot.turn import Turn

PROCEDURES = "procedures"
OPEN, CANCEL = "open", "cancel"


@dataclass(frozen=True, slots=True)
class Row:
    """A procedure as it is told."""

    key: str
    what: str
    state: str
    opened_on: date
    deadline_on: date
    closed_on: date | None
    is_open: bool
    is_late: bool
    missing: Sequence[str] = ()


def remembered(session: Session, ids: Sequence[int], offset: int = 0, then: str = OPEN) -> Events:
    """Events that keep what is shown now; `then` is done with the one that is chosen."""
    shown = {"person": session.person_id, "kind": PROCEDURES, "ids": list(ids), "offset": offset, "then": then}
    return [SlotSet(SHOWN, shown)]


def row_of(turn: Turn, one: Procedure, missing: Sequence[str] = ()) -> Row:
    """How a procedure is told."""
    return Row(
        key=one.tracking_key,
        what=kind_name(one.kind),
        state=state_name(one.state),
        opened_on=one.opened_at.astimezone(SPAIN).date(),
        deadline_on=one.deadline_on,
        closed_on=one.closed_at.astimezone(SPAIN).date() if one.closed_at else None,
        is_open=one.closed_at is None,
        is_late=one.is_late(day_of(turn)),
        missing=[paper_title(one.kind, code) for code in missing],
    )
