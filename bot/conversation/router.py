"""One way through: a message is stored, then its turn runs in one transaction, in order, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from bot.conversation import transcript
from bot.conversation.answering import Assistant, Desk, NoDesk
from bot.conversation.events import EventNotes, QuietUntil
from bot.conversation.model import (
    Attachment,
    Author,
    Holder,
    Incoming,
    Message,
    MessageRefused,
    Refusal,
    Reply,
    State,
    TurnFailed,
    channel_of,
    chosen_payload,
    has_words,
    readable,
)
from bot.database import Database

LONGEST_TITLE = 30
ATTEMPTS_AT_A_TURN = 3
NO_ANSWER = "utter_technical_problem"

REPEATED = Counter(
    "ventanilla_messages_repeated_total", "Messages that came before and were not taken again, by channel.", ["channel"]
)

log = structlog.get_logger()


Also = Callable[[Connection], object]
"""What else is stored in the transaction of a message, after it: what a channel keeps of who wrote it."""


def nothing_else(_connection: Connection) -> None:
    """The `Also` of who keeps nothing."""


class Outcome(NamedTuple):
    """What a turn stored, and the message whose turn comes next."""

    replies: list[Message]
    following: Message | None


class Router(EventNotes):
    """Stores what arrives and has it answered. Synchronous; safe to call from several threads and processes."""

    def __init__(
        self,
        database: Database,
        assistant: Assistant,
        message_characters: int,
        clock: Callable[[], datetime],
        desk: Desk | None = None,
        quiet_until: QuietUntil = lambda _address, _now: None,
    ) -> None:
        super().__init__(database, clock, quiet_until)
        self._assistant = assistant
        self._desk = desk or NoDesk()
        self._message_characters = message_characters

    def receive(self, incoming: Incoming, acknowledged: bool = True, also: Also = nothing_else) -> Message:
        """Store a message before anything else, and `also` in the same transaction. Raises MessageRefused, and then nothing is stored.

        `acknowledged`: whether the sender is told before the answer; if not, the answer's transaction makes both safe.
        """
        text = self._accepted(incoming.text)
        with self._database.writing() if acknowledged else self._database.noting() as connection:
            _, stored, is_new = transcript.add_incoming(
                connection, incoming.address, text, incoming.channel_message_id, self._clock()
            )
            also(connection)
        self._count(incoming.address, is_new)
        return stored

    def _count(self, address: str, is_new: bool) -> None:
        if not is_new:
            REPEATED.labels(channel_of(address)).inc()

    def remark(
        self, incoming: Incoming, response: str, also: Also = nothing_else
    ) -> tuple[Message, list[Message], bool]:
        """Store something that is no text (a voice message, a sticker), described in words, with the one response to it; whether it is new.

        Delivered again, it is not answered again. In a conversation of the desk it waits for the staff like any message.
        The first thing of a conversation is welcomed. `also` is as in `receive`. Raises MessageRefused and TurnFailed.
        """
        text = self._accepted(incoming.text)
        with self._database.writing() as connection:
            opened, stored, is_new = transcript.add_incoming(
                connection, incoming.address, text, incoming.channel_message_id, self._clock()
            )
            also(connection)
            self._count(incoming.address, is_new)
            if not is_new or opened.holder is Holder.DESK:
                return stored, [], is_new
            welcome = [] if stored.sequence > 1 else self._assistant.welcome(connection, incoming.address)
            replies = [*welcome[:1], self._assistant.say(response)]
            return stored, self._settle(connection, opened, stored.id, replies, State.ANSWERED), True

    def say(self, response: str, **values: object) -> Reply:
        """One response by name, outside any conversation."""
        return self._assistant.say(response, **values)

    def announce(self, connection: Connection, address: str, response: str, **values: object) -> list[Message]:
        """Say something by itself within the caller's transaction; nothing where the desk has the conversation."""
        opened = transcript.open_conversation(connection, address, self._clock())
        if opened.holder is Holder.DESK:
            return []
        return transcript.add_replies(
            connection, opened, [self._assistant.say(response, **values)], None, self._clock()
        )

    def announce_now(self, address: str, response: str, **values: object) -> list[Message]:
        """As `announce`, in a transaction of its own."""
        with self._database.writing() as connection:
            return self.announce(connection, address, response, **values)

    def title_of(self, address: str, sequence: int, index: int) -> str | None:
        """The title of a button that our message `sequence` of that conversation offered; None where there is none."""
        with self._database.reading() as connection:
            offered = transcript.offered_at(connection, address, sequence)
        return offered[index].title if index < len(offered) else None

    def _accepted(self, text: str) -> str:
        if len(text) > self._message_characters:
            raise MessageRefused(Refusal.TOO_LONG)
        cleaned = readable(text)
        if not has_words(cleaned):
            raise MessageRefused(Refusal.EMPTY)
        return cleaned

    def open(self, address: str) -> list[Message]:
        """Welcome a person who opened a chat and has not said anything yet. An open conversation stays as it is."""
        with self._database.writing() as connection:
            opened = transcript.open_conversation(connection, address, self._clock())
            if not transcript.is_empty(connection, opened):
                return []
            replies = self._assistant.welcome(connection, address)
            return transcript.add_replies(connection, opened, replies, None, self._clock())

    def answer_waiting(self, address: str, arrived: Message | None = None) -> list[Message]:
        """Run the turns of every waiting message of one conversation, oldest first; returns the new replies.

        `arrived` is the message just stored, where there is one: it is most often the one whose turn it is.
        """
        replies: list[Message] = []
        waiting = arrived or self._oldest_waiting(address)
        while waiting is not None:
            outcome = self._turn(address, waiting)
            replies += outcome.replies
            waiting = outcome.following
        return replies

    def _oldest_waiting(self, address: str) -> Message | None:
        with self._database.reading() as connection:
            if transcript.is_quiet(connection, address, self._clock()):
                return None
            return next(iter(transcript.next_waiting(connection, address)), None)

    def _understand(self, address: str, waiting: Message) -> Sequence[Any]:
        """What a message asks for. Only a short one can be the title of a button that was offered."""
        text = waiting.text
        if waiting.attachment is not None:
            return ()
        if waiting.author is Author.EVENT:
            return self._assistant.understand_choice(text, text)
        if len(text) <= LONGEST_TITLE:
            with self._database.reading() as connection:
                payload = chosen_payload(text, transcript.recent_offers(connection, address))
            if payload:
                return self._assistant.understand_choice(payload, text)
        return self._assistant.understand(text)

    def _turn(self, address: str, waiting: Message) -> Outcome:
        try:
            needs = None if self._is_with_desk(address) else self._understand(address, waiting)
            with self._database.writing() as connection:
                opened, current, following = self._lock(connection, address)
                if current is None or current.id != waiting.id:
                    return Outcome([], current)
                if needs is None and opened.holder is not Holder.DESK:
                    return Outcome([], current)  # it came back to the assistant meanwhile: the same turn again
                replies = self._replies(connection, opened, waiting, needs or ())
                settled = self._settle(connection, opened, waiting.id, replies, State.ANSWERED)
                return Outcome([*_not_shown_yet(waiting), *settled], self._following(connection, opened, following))
        except TurnFailed as failure:
            log.error("turn failed", message_id=waiting.id, reason=str(failure))
            return self._apologise(address, waiting)

    def _is_with_desk(self, address: str) -> bool:
        """Whether people answer there just now: what they read need not be understood, which takes most of a turn's time."""
        with self._database.reading() as connection:
            return transcript.holder_of(connection, address) is Holder.DESK

    def _following(
        self, connection: Connection, opened: transcript.OpenConversation, following: Message | None
    ) -> Message | None:
        """The next turn; the desk may have left an event to be spoken about."""
        if opened.holder is not Holder.DESK:
            return following
        return next(iter(transcript.next_waiting(connection, opened.address)), None)

    def _replies(
        self, connection: Connection, opened: transcript.OpenConversation, waiting: Message, needs: Sequence[Any]
    ) -> list[Reply]:
        """Whoever has the conversation answers; only under its lock is it sure who that is."""
        if opened.holder is Holder.DESK:
            return self._desk.receive(connection, opened.address, waiting)
        if waiting.attachment is not None:  # it was for the staff; the assistant hears of files by an event
            return []
        said = self._desk.consider(connection, opened.address, waiting)
        if isinstance(said, str):
            needs, said = self._assistant.understand_choice(said, waiting.text), None
        return self._assistant.answer(connection, opened.address, waiting.text, needs) if said is None else said

    def _lock(
        self, connection: Connection, address: str
    ) -> tuple[transcript.OpenConversation, Message | None, Message | None]:
        """Lock the conversation and look whose turn it is now, and whose after that.

        Another worker may have answered between our look and our lock.
        """
        opened = transcript.open_conversation(connection, address, self._clock())
        current, following, *_ = [*transcript.next_waiting(connection, address), None, None]
        return opened, current, following

    def _settle(
        self,
        connection: Connection,
        opened: transcript.OpenConversation,
        message_id: int,
        replies: list[Reply],
        state: State,
    ) -> list[Message]:
        transcript.set_state(connection, message_id, state)
        return transcript.add_replies(connection, opened, replies, message_id, self._clock())

    def _apologise(self, address: str, waiting: Message) -> Outcome:
        with self._database.writing() as connection:
            opened, current, following = self._lock(connection, address)
            if current is None or current.id != waiting.id:
                return Outcome([], current)
            if opened.holder is Holder.DESK:
                settled = self._settle(
                    connection, opened, waiting.id, self._desk.receive(connection, address, waiting), State.ANSWERED
                )
                return Outcome(settled, self._following(connection, opened, following))
            told = self._desk.failed(connection, address, waiting) or [self.apology()]
            return Outcome(self._settle(connection, opened, waiting.id, told, State.FAILED), following)

    def attachment_at(self, address: str, sequence: int) -> Attachment | None:
        """The file of one message of a conversation; None where it has none."""
        with self._database.reading() as connection:
            return transcript.attachment_at(connection, address, sequence)

    def announced_before(self, address: str, said: Message, answer: Message | None) -> list[Message]:
        """What was said by itself (because of events, or by the staff) since the person's message before `said` was answered.

        `answer` is the first answer to `said`, None where there is none. Each such reply stands in one window exactly, also
        when it came between a message and its answer.
        """
        with self._database.reading() as connection:
            return transcript.announced_before(connection, address, said, answer or said)

    def replies_to(self, message_id: int) -> list[Message]:
        """Every stored answer to one message."""
        with self._database.reading() as connection:
            return transcript.replies_to(connection, message_id)

    def since(self, address: str, after: int) -> list[Message]:
        """Everything said in a conversation after sequence number `after`."""
        with self._database.reading() as connection:
            return transcript.since(connection, address, after)

    def unanswered(self) -> list[str]:
        """At a start: the conversations whose turn was cut off. A message that cut off three starts gets an apology."""
        with self._database.reading() as connection:
            waiting = transcript.waiting_addresses(connection)
            addresses = [each for each in waiting if not transcript.is_quiet(connection, each, self._clock())]
        return [address for address in addresses if self._may_try_again(address)]

    def _may_try_again(self, address: str) -> bool:
        with self._database.writing() as connection:
            opened = transcript.open_conversation(connection, address, self._clock())
            attempts = transcript.count_attempts(connection, opened)
            hopeless = [message_id for message_id, number in attempts if number > ATTEMPTS_AT_A_TURN]
            for message_id in hopeless:
                apology = [] if opened.holder is Holder.DESK else [self.apology()]
                self._settle(connection, opened, message_id, apology, State.FAILED)
        return len(hopeless) < len(attempts)

    def apology(self) -> Reply:
        """What to tell a person whose message is stored but cannot be answered now."""
        return self._assistant.say(NO_ANSWER)

    def refusal(self, refused: MessageRefused) -> Reply:
        """What to tell a person whose message was not taken."""
        return self._assistant.say(refused.refusal.value, limit=self._message_characters)


def _not_shown_yet(waiting: Message) -> list[Message]:
    """A file of a person becomes a message when it has been checked: no channel has shown that to either side."""
    return [waiting] if waiting.attachment is not None else []
