"""What is said of files and of the papers that they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from actions.texts import Link
from bot.documents.model import Document
from bot.identity.sessions import Session
from bot.procedures.checklists import Paper
from bot.procedures.links import link_to_procedure
from bot.procedures.papers import Place, progress_seen
from bot.procedures.wording import kind_name, paper_named
from bot.turn import Turn

END_OF_KEY = 4


@dataclass(frozen=True, slots=True)
class Placed:
    """Files that are in their place: which paper of which procedure they are, and what is still missing there."""

    names: Sequence[str]
    title: str
    kind: str
    tracking_key: str
    link: Link
    missing: Sequence[Paper]
    deadline: date

    @classmethod
    def of(
        cls, turn: Turn, session: Session | None, procedure_id: int, paper: Paper, names: Sequence[str]
    ) -> Placed | None:
        """None for a procedure that this person does not see."""
        progress = progress_seen(turn.connection, turn.address, session, procedure_id, turn.now)
        if progress is None:
            return None
        procedure = progress.procedure
        link = link_to_procedure(turn.area, turn.address, session, procedure.id, turn.now)
        missing = [paper_named(procedure.kind, code) for code in progress.missing]
        kind, key = kind_name(procedure.kind), procedure.tracking_key
        return cls(names, paper.title, kind, key, Link(link), missing, procedure.deadline_on)


def page_link(turn: Turn, session: Session | None, procedure_id: int) -> Link | None:
    """The address of a procedure's page; None for one that this person does not see."""
    if progress_seen(turn.connection, turn.address, session, procedure_id, turn.now) is None:
        return None
    return Link(link_to_procedure(turn.area, turn.address, session, procedure_id, turn.now))


def placed_groups(turn: Turn, session: Session | None, placed: Sequence[Document]) -> list[Placed]:
    """Files of the same paper are told together."""
    groups: dict[tuple[int, str], list[str]] = {}
    for each in placed:
        if each.procedure_id is not None:
            groups.setdefault((each.procedure_id, each.purpose), []).append(each.name)
    told = [_group(turn, session, *where, names) for where, names in groups.items()]
    return [group for group in told if group is not None]


def _group(turn: Turn, session: Session | None, procedure_id: int, code: str, names: Sequence[str]) -> Placed | None:
    progress = progress_seen(turn.connection, turn.address, session, procedure_id, turn.now)
    if progress is None:
        return None
    return Placed.of(turn, session, procedure_id, paper_named(progress.procedure.kind, code), names)


def button_title(place: Place, places: Sequence[Place]) -> str:
    """The paper's title; where two procedures want such a paper, with the end of the procedure's key."""
    same = [other for other in places if other.paper.title == place.paper.title]
    end = place.procedure.tracking_key[-END_OF_KEY:]
    return place.paper.title if len(same) == 1 else f"{place.paper.title} ({end})"


def sent_names(documents: Sequence[Document]) -> list[str]:
    """How the files are called."""
    return [each.name for each in documents]
