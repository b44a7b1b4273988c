"""What Chatwoot tells us changes here what it is about: its words, who attends, the end. Each event is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot.area import Area
from bot.chatwoot import store
from bot.chatwoot.model import Told, What
from bot.conversation import transcript
from bot.conversation.model import Holder, Message
from bot.database import Database
from bot.desk import store as cases
from bot.desk.chat import HANDED_BACK, Say
from bot.desk.mails import mail_answer
from bot.desk.model import Happened, NotYours, Outcome, State
from bot.desk.port import Status
from bot.desk.service import end
from bot.desk.tables import case


@dataclass(frozen=True, slots=True)
class Handled:
    """What is to be brought to a customer, and whether the assistant has something to say afterwards.

    `not_brought_in`: the conversation at Chatwoot whose agent has to hear that a file was not brought.
    """

    address: str
    said: list[Message] = field(default_factory=list)
    wakes: bool = False
    not_brought_in: int | None = None


class Handling:
    """Synchronous; safe to call from several threads and processes."""

    def __init__(self, database: Database, area: Area, say: Say, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._area = area
        self._say = say
        self._clock = clock

    def handle(self, event_id: int, told: Told) -> Handled | None:
        """Do what an event says, once; None where it is about nothing of ours, or was handled by another process."""
        now = self._clock()
        with self._database.writing() as connection:
            talk = store.at(connection, told.conversation)
            opened = transcript.open_conversation(connection, talk.address, now) if talk else None
            if not store.is_handled_now(connection, event_id, now):
                return None
            talk = store.at(connection, told.conversation)  # as it is now that the conversation is ours
            if talk is None or opened is None or talk.status is not Status.ACCEPTED or talk.has_agent_of_ours:
                return None
            if told.what is What.STOPPED:
                return self._stop(connection, opened, talk, now)
            joined = self._take(connection, opened, talk, told.name, now)
            if told.what is What.ASSIGNED:
                return Handled(talk.address, joined)
            said = [*joined, *self._messages(connection, opened, talk, told, now)]
            return Handled(talk.address, said, not_brought_in=told.conversation if told.has_files else None)

    def _take(
        self, connection: Connection, opened: transcript.OpenConversation, talk: store.Talk, name: str, now: datetime
    ) -> list[Message]:
        """An agent of Chatwoot has it from now on, if nobody had it."""
        only = case.state == State.WAITING.value
        values = {"state": State.AGENT.value, "asking": "", "taken_at": now}
        if cases.change(connection, talk.case_id, now, only, **values) is None:
            return []
        cases.add_step(connection, talk.case_id, Happened.TAKEN, now)
        transcript.set_holder(connection, talk.address, Holder.DESK)
        line = self._say("utter_desk_joined", agent=name) if name else self._say("utter_other_desk_joined")
        return [transcript.add_from_agent(connection, opened, line.text, "", now)]

    def _messages(
        self,
        connection: Connection,
        opened: transcript.OpenConversation,
        talk: store.Talk,
        told: Told,
        now: datetime,
    ) -> list[Message]:
        """What was written; and, as the interface gives no files, that one was sent."""
        held = cases.by_id(connection, talk.case_id)
        if held is not None and held.first_answer_at is None:
            cases.change(connection, talk.case_id, now, first_answer_at=now)
        key, said = f"chatwoot:{told.key}", []
        if told.text:
            said.append(transcript.add_from_agent(connection, opened, told.text, told.name, now, key))
            if held is not None:
                mail_answer(connection, self._area, held, said[0], now)
        if told.has_files:
            line = self._say("utter_other_desk_file", agent=told.name).text
            said.append(transcript.add_from_agent(connection, opened, line, "", now, f"{key} file"))
        return said

    def _stop(
        self, connection: Connection, opened: transcript.OpenConversation, talk: store.Talk, now: datetime
    ) -> Handled | None:
        """The agent is done: back to the assistant."""
        held = cases.by_id(connection, talk.case_id)
        store.change(connection, talk.case_id, status=Status.COMPLETED.value, due_at=None)
        if held is None or not held.state.is_live:
            return None
        try:
            only = case.state == held.state.value
            end(connection, self._area, held, State.CLOSED, Outcome.SOLVED, now, only=only)
        except NotYours:
            return None
        line = transcript.add_from_agent(connection, opened, self._say("utter_other_desk_closed").text, "", now)
        transcript.set_holder(connection, talk.address, Holder.ASSISTANT)
        transcript.add_event(connection, opened, HANDED_BACK, now)
        return Handled(talk.address, [line], wakes=True)

    def give_up(self, talk: store.Talk, problem: str) -> Handled:
        """Chatwoot does not answer: the case is ours. Who was talking to its agent is told that somebody else comes."""
        now = self._clock()
        with self._database.writing() as connection:
            opened = transcript.open_conversation(connection, talk.address, now)
            store.change(connection, talk.case_id, status=Status.FAILED.value, due_at=None, problem=problem[:200])
            held = (case.state == State.AGENT.value, case.staff_id.is_(None))
            back = {"state": State.WAITING.value, "queued_at": now}
            if cases.change(connection, talk.case_id, now, *held, **back) is None:
                return Handled(talk.address)
            cases.add_step(connection, talk.case_id, Happened.RETURNED, now)
            transcript.set_holder(connection, talk.address, Holder.ASSISTANT)
            line = self._say("utter_other_desk_lost").text
            return Handled(talk.address, [transcript.add_from_agent(connection, opened, line, "", now)])
