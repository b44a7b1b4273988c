"""What the desk's page asks for, one call each: the queue, one's own conversations, a case with its summary."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.accounts.model import Page
from bot.audit.service import record
from bot.conversation import reading
from bot.conversation.model import Author, Message
from bot.conversation.outbound_store import undelivered
from bot.database import Database
from bot.desk import store
from bot.desk.files import scan_states
from bot.desk.model import Case, Choice, NoSuchCase, Reason, StaffMember, State
from bot.desk.queue import BY_DEADLINE, BY_WAIT, Wanted, held_by, listed, teams_of, unread_of
from bot.desk.service import entry_of
from bot.desk.shown import (
    shown_case,
    shown_member,
    shown_message,
    shown_note,
    shown_procedure,
    shown_row,
    shown_summary,
)
from bot.desk.staff import everybody
from bot.desk.summary import Knowledge, summary_of
from bot.identity.persons import person_by_id
from bot.procedures.desk import ProcedureDesk
from bot.procedures.model import LONGEST_NOTE, Change, Procedure
from bot.procedures.model import State as ProcedureState

MOST_PAGES = 10_000
MOST_DUE = 50
MESSAGES_AT_ONCE = 200
"""How many of a conversation's messages are given at a time, the newest first."""


class Counter:
    """Reads for the page and puts every look at a customer's data into the audit. Synchronous: call it in a thread."""

    def __init__(
        self, database: Database, procedures: ProcedureDesk, knowledge: Knowledge, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._procedures = procedures
        self._knowledge = knowledge
        self._clock = clock

    def queue(self, by: StaffMember, asked: dict[str, Any]) -> dict[str, Any]:
        """A page of the queue with its numbers; what is asked for and is no filter counts as not asked."""
        now, wanted = self._clock(), wanted_of(asked)
        with self._database.reading() as connection:
            found = listed(connection, wanted, now)
            late = self._procedures.late(connection, now)
        rows = [shown_row(row, now) for row in found.rows]
        return {"rows": rows, "fitting": found.fitting, "waiting": found.waiting, "page": wanted.page, "late": late}

    def mine(self, by: StaffMember) -> list[tuple[str, dict[str, Any]]]:
        """One's own conversations with what is unread, in the order in which they were taken, each behind its address."""
        now = self._clock()
        with self._database.reading() as connection:
            unread, held = unread_of(connection, by), held_by(connection, by)
        return [(row.case.address, shown_row(row, now) | {"unread": unread.get(row.case.id, 0)}) for row in held]

    def colleagues(self) -> dict[str, Any]:
        """To whom a conversation can be given: who is at the desk, and the teams."""
        with self._database.reading() as connection:
            here = [each for each in everybody(connection) if each.disabled_at is None]
            return {"people": [shown_member(each) for each in here], "teams": teams_of(connection)}

    def look(self, by: StaffMember, case_id: int) -> dict[str, Any]:
        """All of a case but the earlier messages of a long conversation, masked; the look is in the audit. Raises NoSuchCase."""
        now = self._clock()
        with self._database.writing() as connection:
            about = self._looked_at(connection, by, case_id, now)
            return self._said(connection, about, reading.NO_END) | {
                "case": shown_case(about, now),
                "is_mine": about.state is State.AGENT and about.staff_id == by.id,
                "notes": [shown_note(each) for each in store.notes_of(connection, case_id)],
                "summary": shown_summary(summary_of(connection, about, self._knowledge, now), about),
                "undelivered": undelivered(connection, [about.address]).get(about.address),
                "earlier": [shown_case(each, now) for each in store.earlier_at(connection, about.address, about.id)],
            }

    def earlier(self, by: StaffMember, case_id: int, before: int) -> dict[str, Any]:
        """Messages of a case before sequence number `before`, masked; it counts as a look. Raises NoSuchCase."""
        with self._database.writing() as connection:
            return self._said(connection, self._looked_at(connection, by, case_id, self._clock()), before)

    def _looked_at(self, connection: Connection, by: StaffMember, case_id: int, now: datetime) -> Case:
        about = self._visible(connection, by, case_id)
        record(connection, now, entry_of(about, "case_looked_at", staff_id=by.id))
        return about

    def _said(self, connection: Connection, about: Case, before: int) -> dict[str, Any]:
        """The newest messages before that one, and whether there are more."""
        found = reading.newest(connection, about.address, MESSAGES_AT_ONCE + 1, before)
        messages = found[-MESSAGES_AT_ONCE:]
        scans = scan_states(connection, messages)
        return {
            "messages": [shown_message(each, scans=scans) for each in messages],
            "has_earlier": len(found) > len(messages),
        }

    def shown(self, messages: list[Message]) -> list[dict[str, Any]]:
        """Messages that were just said, with what the virus scanner says of their files."""
        with self._database.reading() as connection:
            scans = scan_states(connection, messages)
        return [shown_message(each, scans=scans) for each in messages]

    def undelivered(self, addresses: Collection[str]) -> dict[str, str]:
        """Why what is said there does not reach the customer, by address; where it does nothing is given."""
        with self._database.reading() as connection:
            return {address: why.value for address, why in undelivered(connection, addresses).items()}

    def address_of(self, by: StaffMember, case_id: int) -> str:
        """The conversation of a case that one may see. Raises NoSuchCase."""
        with self._database.reading() as connection:
            return self._visible(connection, by, case_id).address

    def reveal(self, by: StaffMember, case_id: int, first: int = 0, before: int = reading.NO_END) -> dict[str, Any]:
        """What is masked of a case, and of its messages from `first` to `before`, in clear; it is in the audit. Raises NoSuchCase."""
        now = self._clock()
        with self._database.writing() as connection:
            about = self._visible(connection, by, case_id)
            record(connection, now, entry_of(about, "case_revealed", staff_id=by.id))
            person = person_by_id(connection, about.person_id) if about.person_id is not None else None
            written = reading.between(connection, about.address, first, before)
            return {
                "identifier": person.identifier if person else None,
                "email": about.email or (person.email if person else None),
                "phone": about.phone,
                "messages": [shown_message(each, reveals=True) for each in written if each.author is not Author.AGENT],
            }

    def suggest(self, by: StaffMember, case_id: int) -> list[dict[str, str]]:
        """What the assistant would answer to the customer's last message. Raises NoSuchCase."""
        with self._database.reading() as connection:
            about = self._visible(connection, by, case_id)
            last = reading.last_by(connection, about.address, Author.PERSON)
        return [{"title": title, "text": text} for title, text in (self._knowledge.suggest(last.text) if last else [])]

    def due(self) -> list[dict[str, Any]]:
        """The open procedures, what is due first comes first."""
        now = self._clock()
        with self._database.reading() as connection:
            found = self._procedures.due(connection, now, Page(limit=MOST_DUE))
        return [shown_procedure(each.procedure, is_late=each.is_late) for each in found]

    def bring_forward(self, by: StaffMember, procedure_id: int, state: str, note: str) -> Procedure:
        """Bring a procedure into another state, with a note that its person reads; its conversation has to be woken then.

        Raises NotFound, NotPossible as the procedures do, and ValueError for no state.
        """
        change = Change(ProcedureState(state), note=note[:LONGEST_NOTE])
        with self._database.writing() as connection:
            return self._procedures.change(connection, procedure_id, change, self._clock(), f"staff:{by.id}")

    def _visible(self, connection: Connection, by: StaffMember, case_id: int) -> Case:
        """What waits is everybody's to see, and what was one's own; a colleague's conversation is the supervisor's too."""
        found = store.by_id(connection, case_id)
        if found is None:
            raise NoSuchCase
        if found.state is State.WAITING or found.staff_id == by.id or by.is_supervisor:
            return found
        raise NoSuchCase


def wanted_of(asked: dict[str, Any]) -> Wanted:
    """The filters in what a page sent; what is none counts as absent."""
    page = asked.get("page")
    team = asked.get("team")
    return Wanted(
        view=State.AGENT if asked.get("view") == State.AGENT.value else State.WAITING,
        choice=_one_of(Choice, asked.get("choice")),
        reason=_one_of(Reason, asked.get("reason")),
        channel=str(asked.get("channel") or "")[:16],
        team=str(team)[:48] if team else None,
        search=str(asked.get("search") or "")[:14],
        is_late=asked.get("late") is True,
        order=BY_DEADLINE if asked.get("order") == BY_DEADLINE else BY_WAIT,
        page=page if type(page) is int and 0 <= page < MOST_PAGES else 0,
    )


def _one_of(kind: Any, value: object) -> Any:
    return kind(value) if value in {one.value for one in kind} else None
