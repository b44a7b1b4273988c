"""The buttons of the newest reply: what a number stands for where many are shown as text, and what was just asked."""

from __future__ import annotations

from sqlalchemy import Connection, select

from bot.conversation.model import Author, Button
from bot.conversation.queries import conversation, conversation_table, message


def title_numbered(connection: Connection, address: str, number: int, more_than: int) -> str | None:
    """The title with that number (from 1) in the newest reply, if that has so many that a channel shows them numbered."""
    offered = newest_offers(connection, address)
    return offered[number - 1].title if len(offered) > more_than and 0 < number <= len(offered) else None


def newest_offers(connection: Connection, address: str) -> tuple[Button, ...]:
    """The buttons of the assistant's newest reply in a conversation."""
    query = (
        select(message.buttons)
        .join(conversation_table)
        .where(conversation.address == address, message.author == Author.ASSISTANT.value)
        .order_by(message.sequence.desc())
        .limit(1)
    )
    return tuple(Button(**button) for button in connection.execute(query).scalar_one_or_none() or ())
