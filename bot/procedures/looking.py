"""What the chat asks about procedures besides opening and changing them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.accounts.model import NotFound, Page
from bot.identity.sessions import Session
from bot.procedures import store
from bot.procedures.model import News, Procedure, Progress
from bot.procedures.rights import Doer, changed_by, seen_by

FIRST_PAGE = Page()


def progress_for(connection: Connection, session: Session, procedure_id: int, now: datetime) -> Progress:
    """How far a procedure is, for who is signed in. Raises NotFound, also when it is somebody else's."""
    seen = seen_by(connection, session, now)
    if not store.find(connection, FIRST_PAGE, store.procedure.id == procedure_id, seen):
        raise NotFound
    found = store.progress(connection, procedure_id)
    if found is None:
        raise NotFound
    return found


def missing_of(connection: Connection, procedures: Sequence[Procedure]) -> dict[int, list[str]]:
    """What is missing of procedures that the caller was given, by their ids; those that are closed miss nothing."""
    return store.missing_of(connection, [one.id for one in procedures if one.closed_at is None])


def opened_here(connection: Connection, address: str, page: Page = FIRST_PAGE) -> list[Procedure]:
    """What is open of what was opened in a conversation by nobody who was signed in, the newest first."""
    which = (store.procedure.address == address, store.procedure.person_id.is_(None))
    return store.find(connection, page, *which, store.procedure.closed_at.is_(None))


def mailed_here(connection: Connection, address: str) -> list[Procedure]:
    """Of what `opened_here` gives those with a mailbox, to which a code can be sent."""
    return [one for one in opened_here(connection, address) if store.mailbox_of(connection, one.id)]


def changeable(connection: Connection, procedure_id: int, doer: Doer, now: datetime) -> Procedure | None:
    """A procedure that is open if the doer may do something to it."""
    held = store.held(connection, procedure_id, *changed_by(connection, doer, now))
    return None if held is None or held.state.is_closed else held


def tell_news(connection: Connection, address: str, now: datetime) -> list[News]:
    """What staff did that a conversation has not heard of, once; whether its details may be told there, the caller says."""
    news = store.news_at(connection, address)
    store.mark_told(connection, address, now)
    return news
