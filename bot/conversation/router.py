"""One way through: a message is stored, then its turn runs in one transaction, in order, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

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

LONGEST_TITLE = 60
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


class Router:
    """Stores what arrives and has it answered. Synchronous; safe to call from several threads and processes."""

    def __init__(
        self, database: Database, assistant: Assistant, message_characters: int, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._assistant = assistant
        self._message_characters = message_characters
        self._clock = clock

    def receive(self, incoming: Incoming) -> Message:
        """Store a message before anything else. Raises MessageRefused, and then nothing is stored."""
        text = self._accepted(incoming.text)
        with self._database.writing() as connection:
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

    def answer_waiting(self, address: str) -> list[Message]:
        """Run the turns of every waiting message of one conversation, oldest first; returns the new replies."""
        replies: list[Message] = []
        while True:
            with self._database.reading() as connection:
                waiting = transcript.oldest_waiting(connection, address)
                offered = self._offers(connection, address, waiting)
            if waiting is None:
                return replies
            replies += self._turn(address, waiting, chosen_payload(waiting.text, offered))

    @staticmethod
    def _offers(connection: Connection, address: str, waiting: Message | None) -> tuple[Any, ...]:
        if waiting is None or len(waiting.text) > LONGEST_TITLE:
            return ()
        return transcript.recent_offers(connection, address)

    def _turn(self, address: str, waiting: Message, payload: str | None) -> list[Message]:
        try:
            needs = (
                self._assistant.understand_choice(payload, waiting.text)
                if payload
                else self._assistant.understand(waiting.text)
            )
            with self._database.writing() as connection:
                opened = self._lock_if_next(connection, address, waiting)
                if opened is None:
                    return []
                replies = self._assistant.answer(connection, address, waiting.text, needs)
                return self._settle(connection, opened, waiting.id, replies, State.ANSWERED)
        except TurnFailed as failure:
            log.error("turn failed", message_id=waiting.id, reason=str(failure))
            return self._apologise(address, waiting)

    def _lock_if_next(
        self, connection: Connection, address: str, waiting: Message
    ) -> transcript.OpenConversation | None:
        """Lock the conversation; None when another worker answered the message between our look and our lock."""
        opened = transcript.open_conversation(connection, address, self._clock())
        current = transcript.oldest_waiting(connection, address)
        return opened if current is not None and current.id == waiting.id else None

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

    def _apologise(self, address: str, waiting: Message) -> list[Message]:
        with self._database.writing() as connection:
            opened = self._lock_if_next(connection, address, waiting)
            if opened is None:
                return []
            return self._settle(connection, opened, waiting.id, [self._assistant.say(NO_ANSWER)], State.FAILED)

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
        with self._database.writing() as connection:
            waiting = transcript.count_attempts(connection)
            for address, message_id, attempts in waiting:
                if attempts > ATTEMPTS_AT_A_TURN:
                    opened = transcript.open_conversation(connection, address, self._clock())
                    self._settle(connection, opened, message_id, [self._assistant.say(NO_ANSWER)], State.FAILED)
        return list(dict.fromkeys(address for address, _, attempts in waiting if attempts <= ATTEMPTS_AT_A_TURN))

    def refusal(self, refused: MessageRefused) -> Reply:
        """What to tell a person whose message was not taken."""
        return self._assistant.say(refused.refusal.value, limit=self._message_characters)
