"""What staff see of procedures and do to them. Nobody's right is asked for here: whoever calls has made sure that it is staff.

Each call runs in the caller's transaction. What changes something is mailed to who opened the procedure and noted in the
conversation that it was opened in; after the commit the caller wakes that conversation (`Delivery.wake`), so that the
assistant tells it by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.accounts.model import NotFound, Page
from bot.area import SPAIN, Area
from bot.audit.model import Entry
from bot.audit.service import record
from bot.notices.model import Kind as Notice
from bot.notices.service import chats_of, tell
from bot.procedures import service, store
from bot.procedures.mails import mail_changed
from bot.procedures.model import Actor, Change, Due, File, NotPossible, Procedure, State
from bot.procedures.rights import Doer
from bot.procedures.wording import kind_name

PROCEDURE_CHANGED = "/procedure_changed"
NOTE = "note"
PAPER_ASKED = "paper_asked"

NoteEvent = Callable[[Connection, str, str], None]
"""Stores an event in the conversation at an address, within a transaction."""


@dataclass(frozen=True)
class ProcedureDesk:
    """The side of staff; the composition root gives it how an event is noted in a conversation."""

    area: Area
    note_event: NoteEvent

    def due(self, connection: Connection, now: datetime, page: Page = service.FIRST_PAGE) -> list[Due]:
        """What is open, what is due first comes first."""
        return due_list(connection, now, page)

    def late(self, connection: Connection, now: datetime) -> int:
        """How many are open after their last day."""
        return late_count(connection, now)

    def find(self, connection: Connection, key: str) -> Procedure | None:
        """The procedure with a key as it was typed."""
        return service.find_by_key(connection, key)

    def look(self, connection: Connection, procedure_id: int, now: datetime, staff: str = "") -> File:
        """All that is known of a procedure; `staff` names who looks, for the audit. Raises NotFound."""
        progress = store.progress(connection, procedure_id)
        if progress is None:
            raise NotFound
        record(
            connection,
            now,
            Entry("procedure_read", address=staff, object_kind="procedure", object_id=f"{procedure_id}"),
        )
        return File(progress, store.data_of(connection, procedure_id))

    def change(
        self, connection: Connection, procedure_id: int, change: Change, now: datetime, staff: str = ""
    ) -> Procedure:
        """Bring a procedure into another state. Raises NotFound, NotPossible where that state cannot follow."""
        changed = service.change_state(connection, self.area, procedure_id, change, _doer(staff), now)
        self._note(connection, changed, now)
        return changed

    def ask_for_paper(
        self, connection: Connection, procedure_id: int, code: str, note: str, now: datetime, staff: str = ""
    ) -> Procedure:
        """Ask for one more paper, as a code, and wait for it; `note` says to the person which one and what for.

        Raises NotFound, ValueError for what is no code, NotPossible for a procedure that is closed.
        """
        present = self._open(connection, procedure_id, State.WAITING_DOCUMENTS)
        service.add_items(connection, procedure_id, [code], _doer(staff), now)
        change = Change(State.WAITING_DOCUMENTS, PAPER_ASKED, note)
        if present.state is State.WAITING_DOCUMENTS:
            return self._tell(connection, present, change, now)
        return self.change(connection, procedure_id, change, now, staff)

    def note(self, connection: Connection, procedure_id: int, note: str, now: datetime, staff: str = "") -> Procedure:
        """Tell the person something without a change of state. Raises NotFound, ValueError for a note that is too long."""
        present = store.held(connection, procedure_id)
        if present is None:
            raise NotFound
        entry = Entry("procedure_noted", address=staff, object_kind="procedure", object_id=f"{procedure_id}")
        record(connection, now, entry)
        return self._tell(connection, present, Change(present.state, NOTE, note), now)

    def _open(self, connection: Connection, procedure_id: int, wanted: State) -> Procedure:
        present = store.held(connection, procedure_id)
        if present is None:
            raise NotFound
        if present.state.is_closed:
            raise NotPossible(present.state, wanted)
        return present

    def _tell(self, connection: Connection, present: Procedure, change: Change, now: datetime) -> Procedure:
        store.add_step(connection, present.id, change, Actor.STAFF, now)
        mail_changed(connection, self.area, present, change, now)
        self._note(connection, present, now)
        return present

    def _note(self, connection: Connection, changed: Procedure, now: datetime) -> None:
        if changed.address:
            self.note_event(connection, changed.address, PROCEDURE_CHANGED)
        _tell_elsewhere(connection, changed, now)


def _tell_elsewhere(connection: Connection, changed: Procedure, now: datetime) -> None:
    """Who has used another chat since is told there that there is news: the one that opened it may be closed."""
    if changed.person_id is None:
        return
    newest = next(iter(chats_of(connection, changed.person_id, now)), changed.address)
    if newest != changed.address:
        details = {"tracking_key": changed.tracking_key, "what": kind_name(changed.kind)}
        tell(connection, changed.person_id, Notice.PROCEDURE_CHANGED, details, now)


def due_list(connection: Connection, now: datetime, page: Page = service.FIRST_PAGE) -> list[Due]:
    """What is open, what is due first comes first."""
    day = now.astimezone(SPAIN).date()
    return [Due(each, each.is_late(day)) for each in store.open_by_deadline(connection, page)]


def late_count(connection: Connection, now: datetime) -> int:
    """How many procedures are open after their last day."""
    return store.count_late(connection, now.astimezone(SPAIN).date())


def _doer(staff: str) -> Doer:
    return Doer(Actor.STAFF, staff)
