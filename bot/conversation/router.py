"""One way through: a message is stored, then its turn runs in one transaction, in order, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import structlog
from sqlalchemy import Connection

from bot.conversation import transcript
from bot.conversation.model import (
    Incoming,
    Message,
    MessageRefused,
    Refusal,
    Reply,
    State,
    TurnFailed,
    chosen_payload,
    has_words,
    readable,
)
from bot.database import Database

LONGEST_TITLE = 30
ATTEMPTS_AT_A_TURN = 3
NO_ANSWER = "utter_technical_problem"

log = structlog.get_logger()


class Assistant(Protocol):
    """Who answers. `understand` is costly and reads nothing of the conversation, so it runs outside the transaction."""

    def understand(self, text: str) -> Sequence[Any]:
        """What the text asks for, main need first."""

    def understand_choice(self, payload: str, text: str) -> Sequence[Any]:
        """The one need that a chosen button stands for."""

    def answer(self, connection: Connection, address: str, text: str, needs: Sequence[Any]) -> list[Reply]:
        """The replies of one turn; writes the dialogue state on `connection`. Raises TurnFailed."""

    def welcome(self, connection: Connection, address: str) -> list[Reply]:
        """What is said when a chat is opened. Raises TurnFailed."""

    def say(self, response: str, **values: object) -> Reply:
        """One response text by name, outside any dialogue."""


class Outcome(NamedTuple):
    """What a turn stored, and the message whose turn comes next."""

    replies: list[Message]
    following: Message | None


class Router:
    """Stores what arrives and has it answered. Synchronous; safe to call from several threads and processes."""

    def __init__(
        self, database: Database, assistant: Assistant, message_characters: int, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._assistant = assistant
        self._message_characters = message_characters
        self._clock = clock

    def receive(self, incoming: Incoming, acknowledged: bool = True) -> Message:
        """Store a message before anything else. Raises MessageRefused, and then nothing is stored.

        `acknowledged`: whether the sender is told before the answer; if not, the answer's transaction makes both safe.
        """
        text = self._accepted(incoming.text)
        with self._database.writing() if acknowledged else self._database.noting() as connection:
            opened = transcript.open_conversation(connection, incoming.address, self._clock())
            return transcript.add_incoming(connection, opened, text, incoming.channel_message_id, self._clock())

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
            if opened.last_sequence:
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
            return next(iter(transcript.next_waiting(connection, address)), None)

    def _understand(self, address: str, text: str) -> Sequence[Any]:
        """What a message asks for. Only a short one can be the title of a button that was offered."""
        if len(text) <= LONGEST_TITLE:
            with self._database.reading() as connection:
                payload = chosen_payload(text, transcript.recent_offers(connection, address))
            if payload:
                return self._assistant.understand_choice(payload, text)
        return self._assistant.understand(text)

    def _turn(self, address: str, waiting: Message) -> Outcome:
        try:
            needs = self._understand(address, waiting.text)
            with self._database.writing() as connection:
                opened, current, following = self._lock(connection, address)
                if current is None or current.id != waiting.id:
                    return Outcome([], current)
                replies = self._assistant.answer(connection, address, waiting.text, needs)
                return Outcome(self._settle(connection, opened, waiting.id, replies, State.ANSWERED), following)
        except TurnFailed as failure:
            log.error("turn failed", message_id=waiting.id, reason=str(failure))
            return self._apologise(address, waiting)

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
            apology = [self.apology()]
            return Outcome(self._settle(connection, opened, waiting.id, apology, State.FAILED), following)

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
            addresses = transcript.waiting_addresses(connection)
        return [address for address in addresses if self._may_try_again(address)]

    def _may_try_again(self, address: str) -> bool:
        with self._database.writing() as connection:
            opened = transcript.open_conversation(connection, address, self._clock())
            attempts = transcript.count_attempts(connection, opened)
            hopeless = [message_id for message_id, number in attempts if number > ATTEMPTS_AT_A_TURN]
            for message_id in hopeless:
                self._settle(connection, opened, message_id, [self.apology()], State.FAILED)
        return len(hopeless) < len(attempts)

    def apology(self) -> Reply:
        """What to tell a person whose message is stored but cannot be answered now."""
        return self._assistant.say(NO_ANSWER)

    def refusal(self, refused: MessageRefused) -> Reply:
        """What to tell a person whose message was not taken."""
        return self._assistant.say(refused.refusal.value, limit=self._message_characters)
