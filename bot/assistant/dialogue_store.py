"""Rasa's tracker store over our database: one row a dialogue, read and written inside the turn's transaction."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import Connection, bindparam, insert, select, update

from bot.assistant.dialogue import DialogueTracker, freeze, thaw
from bot.assistant.dialogue_table import dialogue, dialogue_table
from bot.database import Database, migrate, utc_now
from bot.settings import read_settings
from bot.turn import current_turn

READ = select(dialogue.state).where(dialogue.address == bindparam("wanted"))
ADDRESSES = select(dialogue.address)


CHANGE = (
    update(dialogue_table)
    .where(dialogue.address == bindparam("wanted"))
    .values(state=bindparam("new_state"), changed_at=bindparam("now"))
)
ADD = insert(dialogue_table)


class DialogueStore(TrackerStore):
    """Named in `endpoints.yml`, so `rasa shell` and `rasa run` keep their dialogues here too.

    Inside a turn it uses the turn's transaction; Rasa's own commands, which know no turn, get one for each call.
    """

    def __init__(
        self,
        domain: Domain | None,
        host: str | None = None,
        event_broker: Any = None,
        database: Database | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(domain, event_broker, **settings)
        self._database = database or _own_database()

    def _transaction(self) -> AbstractContextManager[Connection]:
        turn = current_turn()
        return nullcontext(turn.connection) if turn else self._database.writing()

    def init_tracker(self, sender_id: str) -> DialogueTracker:
        """An empty dialogue."""
        return DialogueTracker(sender_id, self.domain.slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the dialogue's window."""
        state, now = freeze(tracker), utc_now()
        with self._transaction() as connection:
            changed = connection.execute(CHANGE, {"wanted": tracker.sender_id, "new_state": state, "now": now})
            if not changed.rowcount:
                connection.execute(ADD, {"address": tracker.sender_id, "state": state, "changed_at": now})

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The dialogue at an address; None when nothing was said there."""
        with self._transaction() as connection:
            state = connection.execute(READ, {"wanted": sender_id}).scalar_one_or_none()
        return None if state is None else thaw(state, sender_id, self.domain)

    async def keys(self) -> list[str]:
        """Every address with a dialogue."""
        with self._transaction() as connection:
            return list(connection.execute(ADDRESSES).scalars())


def active_form(connection: Connection, address: str) -> str | None:
    """The form that a dialogue is in; None where it is in none."""
    state = connection.execute(READ, {"wanted": address}).scalar_one_or_none()
    events = json.loads(state)["events"] if state else []
    forms = (event.get("name") for event in reversed(events) if event.get("event") == "active_loop")
    return next(forms, None)


def was_just_asked(connection: Connection, address: str, slot: str, messages: int) -> bool:
    """Whether a slot that keeps an open question was filled since the last so many messages, and still is."""
    state = connection.execute(READ, {"wanted": address}).scalar_one_or_none()
    said = 0
    for event in reversed(json.loads(state)["events"] if state else []):
        if event.get("event") == "slot" and event.get("name") == slot:
            return event.get("value") is not None
        said += event.get("event") == "user"
        if said == messages:
            break
    return False


def _own_database() -> Database:
    database = Database(read_settings().database)
    migrate(database)
    return database
