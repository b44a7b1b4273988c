"""The desk's part in a conversation: what a customer writes while a person has it, or while it waits for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from bot.area import Area
from bot.conversation import choices, transcript
from bot.conversation.model import Author, Holder, Message, Reply
from bot.conversation.transcript import OpenConversation
from bot.desk import store
from bot.desk.model import Case, Choice, NotYours, Outcome, Reason, State, email_in, phone_in
from bot.desk.service import MAIL, PHONE, choose, end, open_case
from bot.desk.tables import case
from bot.desk.wishes import calls_it_off, choice_in, leaves_the_talk, wants_nobody
from bot.documents.model import shown_name
from bot.documents.news import tell_news
from bot.identity.sessions import session_of
from bot.procedures.arrivals import DOCUMENTS_ARRIVED
from bot.procedures.desk import PROCEDURE_CHANGED

HANDED_BACK = "/handed_back"
"""The event after which the assistant goes on where it stopped."""
NEWS = frozenset({PROCEDURE_CHANGED, "/assignment_answered"})
"""Events whose answer tells what was not told yet; the agent does not read them."""
STOP_WAITING = "/handoff_stop"
_OFFERS = "/handoff_"
"""What the buttons of the hand-off begin with."""


class Say(Protocol):
    """One text of domain.yml by name."""

    def __call__(self, response: str, **values: object) -> Reply:
        """The reply, filled with the values."""


class DeskChat:
    """What the router asks in the turn's transaction."""

    def __init__(self, area: Area, say: Say, clock: Callable[[], datetime]) -> None:
        self._area = area
        self._say = say
        self._clock = clock

    def receive(self, connection: Connection, address: str, message: Message) -> list[Reply]:
        """A message while a person has the conversation: nothing is said, unless the customer ends the talk."""
        now, held = self._clock(), store.live_at(connection, address)
        if held is None or held.state is not State.AGENT:  # nobody has it: the assistant must not stay silent for ever
            return self._leave(connection, address, None, now)
        if message.author is Author.EVENT:
            _note_who(connection, held, now)
            return self._not_kept(connection, address, now) if message.text == DOCUMENTS_ARRIVED else []
        if leaves_the_talk(message.text):
            return self._leave(connection, address, held, now)
        store.note_person_wrote(connection, address, now)
        return []

    def _not_kept(self, connection: Connection, address: str, now: datetime) -> list[Reply]:
        """What came of the customer's files: both sides see what was kept, so only what was refused is said."""
        refused = [each.upload.name for each in tell_news(connection, address, now) if each.reason is not None]
        return [replace(self._say("utter_desk_file_refused", file=shown_name(name)), by_staff=True) for name in refused]

    def _leave(self, connection: Connection, address: str, held: Case | None, now: datetime) -> list[Reply]:
        if held is not None:
            end(
                connection,
                self._area,
                held,
                State.ASSISTANT,
                Outcome.LEFT,
                now,
                only=case.state == State.AGENT.value,
            )
        opened = transcript.open_conversation(connection, address, now)
        give_back(connection, opened, held, now)
        return [self._say("utter_desk_left")]

    def consider(self, connection: Connection, address: str, message: Message) -> list[Reply] | str | None:
        """A message while the case waits: a number or an address that was asked for, or the wish to wait no more.

        Such wishes, and how to be answered, are the buttons of the hand-off (their payloads are given), in whatever words.
        None: the assistant answers it, as a waiting customer may go on asking.
        """
        waiting, now = store.live_at(connection, address), self._clock()
        if waiting is None:
            return None
        if message.author is Author.EVENT:
            _note_who(connection, waiting, now)
            return None
        try:
            return self._considered(connection, waiting, message.text, now)
        except NotYours:
            return None

    def _considered(self, connection: Connection, waiting: Case, text: str, now: datetime) -> list[Reply] | str | None:
        if waiting.asking == PHONE and phone_in(text):
            chosen = choose(connection, self._area, waiting, Choice.CALL, text, now)
            return [self._say("utter_handoff_call", phone=chosen.phone, key=chosen.tracking_key)]
        if waiting.asking == MAIL and email_in(text):
            chosen = choose(connection, self._area, waiting, Choice.MAIL, text, now)
            return [self._say("utter_handoff_mail", email=chosen.email, key=chosen.tracking_key)]
        if wants_nobody(text) or (calls_it_off(text) and was_just_handed_off(connection, waiting.address)):
            return STOP_WAITING
        choice = choice_in(text)
        if choice and was_just_handed_off(connection, waiting.address):
            return _OFFERS + choice.value
        store.note_person_wrote(connection, waiting.address, now)
        return None

    def failed(self, connection: Connection, address: str, message: Message) -> list[Reply]:
        """A turn broke: besides the apology a person looks at it. Once, however often it breaks."""
        opened, is_new = open_case(connection, self._area, address, Reason.TECHNICAL, self._clock())
        if not is_new:
            return [self._say("utter_technical_problem")]
        return [self._say("utter_technical_problem_handed_off", key=opened.tracking_key)]


def give_back(connection: Connection, opened: OpenConversation, held: Case | None, now: datetime) -> None:
    """The assistant has the conversation again, and tells the news that came while it had to be silent."""
    transcript.set_holder(connection, opened.address, Holder.ASSISTANT)
    transcript.add_event(connection, opened, HANDED_BACK, now)
    missed = transcript.events_since(connection, opened, held.taken_at) if held and held.taken_at else []
    for event in missed:
        if event in NEWS and not transcript.is_event_waiting(connection, opened, event):
            transcript.add_event(connection, opened, event, now)


def _note_who(connection: Connection, held: Case, now: datetime) -> None:
    """Somebody signed in meanwhile: the case is theirs now."""
    session = session_of(connection, held.address, now)
    if session is not None:
        store.change(connection, held.id, now, person_id=session.person_id, agency_id=session.agency_id)


def was_just_handed_off(connection: Connection, address: str) -> bool:
    """Whether the newest reply is about the hand-off, so that "déjalo" means it: its buttons tell."""
    return any(button.payload.startswith(_OFFERS) for button in choices.newest_offers(connection, address))
