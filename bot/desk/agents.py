"""What an agent does with conversations. Who does it is checked on every call; each is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection

from bot.area import Area
from bot.audit.service import record
from bot.conversation import transcript
from bot.conversation.model import Holder, Message, readable
from bot.database import Database
from bot.desk import store
from bot.desk.chat import Say, give_back
from bot.desk.mails import mail_answer
from bot.desk.model import (
    GONE_AFTER,
    LONGEST_NOTE,
    Case,
    Happened,
    NoSuchCase,
    NotYours,
    Outcome,
    StaffMember,
    State,
)
from bot.desk.service import end, entry_of
from bot.desk.staff import member_by_id, note_seen
from bot.desk.tables import case


class TextRefused(Exception):
    """A text that cannot be sent: it has no words, or too many."""


@dataclass(frozen=True, slots=True)
class Done:
    """The case as it is now, what was said in the conversation, and whether the assistant has something to say next."""

    case: Case
    said: list[Message] = field(default_factory=list)
    wakes: bool = False


class Agents:
    """Takes, answers, passes on and ends conversations. Synchronous; safe to call from several threads and processes."""

    def __init__(
        self, database: Database, area: Area, say: Say, clock: Callable[[], datetime], message_characters: int
    ) -> None:
        self._database = database
        self._area = area
        self._say = say
        self._clock = clock
        self._message_characters = message_characters

    def take(self, by: StaffMember, case_id: int) -> Done:
        """Have a waiting conversation from now on. Raises NotYours for whoever comes second."""
        now = self._clock()
        with self._database.writing() as connection:
            opened = self._hold(connection, case_id, now)
            first = {"taken_at": now} if _of(connection, case_id).taken_at is None else {}
            values = {"state": State.AGENT.value, "staff_id": by.id, "asking": ""} | first
            taken = store.change(connection, case_id, now, case.state == State.WAITING.value, **values)
            if taken is None:
                raise NotYours
            note_seen(connection, [by.id], now)
            transcript.set_holder(connection, taken.address, Holder.DESK)
            store.add_step(connection, case_id, Happened.TAKEN, now, by.id)
            record(connection, now, entry_of(taken, "case_taken", staff_id=by.id))
            return Done(taken, [self._line(connection, opened, "utter_desk_joined", by.name, now)])

    def say(self, by: StaffMember, case_id: int, text: str, message_id: str | None = None) -> Done:
        """Write to the customer. The same `message_id` again writes nothing and gives what was written."""
        cleaned, now = readable(text), self._clock()
        if not cleaned or len(cleaned) > self._message_characters:
            raise TextRefused
        with self._database.writing() as connection:
            opened = self._hold(connection, case_id, now)
            held = self._mine(connection, by, case_id)
            channel_id = f"desk:{by.id}:{message_id}" if message_id else None
            said = transcript.add_from_agent(connection, opened, cleaned, by.name, now, channel_id)
            mail_answer(connection, self._area, held, said, now)
            return Done(store.note_agent_wrote(connection, held, said.sequence, now), [said])

    def note(self, by: StaffMember, case_id: int, text: str) -> Done:
        """Keep an internal note; everybody at the desk may."""
        cleaned, now = readable(text)[:LONGEST_NOTE], self._clock()
        if not cleaned:
            raise TextRefused
        with self._database.writing() as connection:
            about = _of(connection, case_id)
            store.add_note(connection, case_id, by.id, cleaned, now)
            return Done(store.change(connection, case_id, now) or about)

    def transfer(self, by: StaffMember, case_id: int, to_staff_id: int) -> Done:
        """Give one's conversation to a colleague; a supervisor gives anybody's."""
        now = self._clock()
        with self._database.writing() as connection:
            opened = self._hold(connection, case_id, now)
            to = member_by_id(connection, to_staff_id)
            if to is None or to.disabled_at is not None:
                raise NoSuchCase
            moved = store.change(connection, case_id, now, *self._holds(by), staff_id=to.id)
            if moved is None:
                raise NotYours
            store.add_step(connection, case_id, Happened.TRANSFERRED, now, by.id, to.id)
            record(connection, now, entry_of(moved, "case_transferred", staff_id=by.id))
            return Done(moved, [self._line(connection, opened, "utter_desk_joined", to.name, now)])

    def to_team(self, by: StaffMember, case_id: int, team: str) -> Done:
        """Put one's conversation back into the queue, for a team or, with "", for everybody."""
        now = self._clock()
        with self._database.writing() as connection:
            opened = self._hold(connection, case_id, now)
            values = {"state": State.WAITING.value, "staff_id": None, "team": team[:48], "queued_at": now}
            back = store.change(connection, case_id, now, *self._holds(by), **values)
            if back is None:
                raise NotYours
            store.add_step(connection, case_id, Happened.RETURNED, now, by.id, to_team=team[:48])
            record(connection, now, entry_of(back, "case_returned", staff_id=by.id))
            transcript.set_holder(connection, back.address, Holder.ASSISTANT)
            return Done(back, [self._line(connection, opened, "utter_desk_passed_on", by.name, now)])

    def hand_back(self, by: StaffMember, case_id: int) -> Done:
        """The assistant goes on where it stopped."""
        return self._end(by, case_id, State.ASSISTANT, Outcome.HANDED_BACK, "utter_desk_handed_back")

    def close(self, by: StaffMember, case_id: int, outcome: Outcome, note: str = "") -> Done:
        """End the talk with its outcome; `note`, 300 characters at most, is mailed to who asked."""
        return self._end(by, case_id, State.CLOSED, outcome, "utter_desk_closed", note)

    def _end(self, by: StaffMember, case_id: int, state: State, outcome: Outcome, line: str, note: str = "") -> Done:
        now = self._clock()
        with self._database.writing() as connection:
            opened = self._hold(connection, case_id, now)
            held = self._mine(connection, by, case_id)
            only = self._holds(by)[0]
            ended = end(connection, self._area, held, state, outcome, now, only=only, staff_id=by.id, note=note)
            said = [self._line(connection, opened, line, by.name, now)]
            give_back(connection, opened, held, now)
            return Done(ended, said, wakes=True)

    def read(self, by: StaffMember, case_id: int, sequence: int) -> None:
        """Keep up to where the agent has read."""
        with self._database.noting() as connection:
            self._mine(connection, by, case_id)
            store.set_read(connection, case_id, sequence)

    def at_the_desk(self, staff_ids: list[int]) -> None:
        """These are here now: their conversations stay theirs."""
        with self._database.noting() as connection:
            note_seen(connection, staff_ids, self._clock())

    def return_lost(self) -> list[Done]:
        """Put the conversations of agents who are gone back into the queue, where they stand first."""
        now = self._clock()
        with self._database.reading() as connection:
            lost = store.lost(connection, now - GONE_AFTER)
        return [done for each in lost if (done := self._return(each, now))]

    def _return(self, lost: Case, now: datetime) -> Done | None:
        with self._database.writing() as connection:
            opened = transcript.open_conversation(connection, lost.address, now)
            if lost.id not in {each.id for each in store.lost(connection, now - GONE_AFTER)}:
                return None
            still = (case.state == State.AGENT.value, case.staff_id == lost.staff_id)
            values = {"state": State.WAITING.value, "staff_id": None, "queued_at": now}
            back = store.change(connection, lost.id, now, *still, **values)
            if back is None:
                return None
            store.add_step(connection, lost.id, Happened.RETURNED, now, lost.staff_id)
            transcript.set_holder(connection, lost.address, Holder.ASSISTANT)
            name = _name_of(connection, lost.staff_id)
            return Done(back, [self._line(connection, opened, "utter_desk_lost", name, now)])

    def _hold(self, connection: Connection, case_id: int, now: datetime) -> transcript.OpenConversation:
        """Lock the conversation before the case, in the order that turns do."""
        return transcript.open_conversation(connection, _of(connection, case_id).address, now)

    def _mine(self, connection: Connection, by: StaffMember, case_id: int) -> Case:
        held = _of(connection, case_id)
        if held.state is not State.AGENT or held.staff_id != by.id:
            raise NotYours
        return held

    def _holds(self, by: StaffMember) -> list[ColumnElement[bool]]:
        with_agent = case.state == State.AGENT.value
        return [with_agent] if by.is_supervisor else [with_agent & (case.staff_id == by.id)]

    def _line(
        self, connection: Connection, opened: transcript.OpenConversation, response: str, name: str, now: datetime
    ) -> Message:
        """A line about the desk in the conversation: a message of the staff that nobody signs."""
        return transcript.add_from_agent(connection, opened, self._say(response, agent=name).text, "", now)


def _of(connection: Connection, case_id: int) -> Case:
    found = store.by_id(connection, case_id)
    if found is None:
        raise NoSuchCase
    return found


def _name_of(connection: Connection, staff_id: int | None) -> str:
    member = member_by_id(connection, staff_id) if staff_id is not None else None
    return member.name if member else ""
