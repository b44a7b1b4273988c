"""Who may answer in a conversation, as the router sees them: the assistant, and the desk of the staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from bot.conversation.model import Message, Reply


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


class Desk(Protocol):
    """The staff's side. It gives itself a conversation, and back, with `transcript.set_holder`."""

    def receive(self, connection: Connection, address: str, message: Message) -> list[Reply]:
        """Take a message, or an event, in a conversation that the desk holds; gives what is said to it at once, mostly nothing."""

    def consider(self, connection: Connection, address: str, message: Message) -> list[Reply] | str | None:
        """Look at a message that the assistant would answer; what is said instead, None where the assistant shall answer.

        The payload of a button of ours: the assistant answers as if it had been pressed.
        """

    def failed(self, connection: Connection, address: str, message: Message) -> list[Reply]:
        """A turn of the assistant broke: what the person is told. Nothing: the plain apology."""


class NoDesk:
    """No staff: what comes in a conversation that was theirs waits for nobody."""

    def receive(self, connection: Connection, address: str, message: Message) -> list[Reply]:
        """Nothing is said."""
        return []

    def consider(self, connection: Connection, address: str, message: Message) -> list[Reply] | str | None:
        """The assistant answers everything."""
        return None

    def failed(self, connection: Connection, address: str, message: Message) -> list[Reply]:
        """There is only the apology."""
        return []
