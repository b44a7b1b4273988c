"""Parts of a transcript, for who reads a long one."""

from __future__ import annotations

from sqlalchemy import Connection

from bot.conversation import queries
from bot.conversation.model import Author, Message
from bot.conversation.transcript import message_of

NO_END = 2**31 - 1
"""A sequence number that no message reaches."""


def newest(connection: Connection, address: str, most: int, before: int = NO_END) -> list[Message]:
    """What was said last in a conversation before sequence number `before`, at most so many messages, in their order."""
    values = {"address": address, "before": before, "most": most}
    return [message_of(row) for row in connection.execute(queries.NEWEST_BEFORE, values)][::-1]


def between(connection: Connection, address: str, first: int, before: int) -> list[Message]:
    """What was said in a conversation from sequence number `first` on, and before `before`."""
    values = {"address": address, "first": first, "before": before}
    return [message_of(row) for row in connection.execute(queries.BETWEEN, values)]


def last_by(connection: Connection, address: str, author: Author) -> Message | None:
    """The last message that is of that author."""
    row = connection.execute(queries.LAST_BY, {"address": address, "author": author.value}).first()
    return None if row is None else message_of(row)
