"""What somebody said in a conversation, to go on with it in another one of theirs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.conversation.model import Author
from bot.conversation.queries import conversation, conversation_table, message

MOST = 3
SHORTEST, LONGEST = 8, 200


def last_said(connection: Connection, address: str, since: datetime) -> list[str]:
    """The last things that a person asked there after `since`, the oldest of them first; codes and nods are left out."""
    query = (
        select(message.text)
        .join(conversation_table)
        .where(conversation.address == address, message.author == Author.PERSON.value, message.sent_at >= since)
        .where(func.length(message.text).between(SHORTEST, LONGEST))
        .order_by(message.sequence.desc())
        .limit(MOST)
    )
    return list(reversed(connection.execute(query).scalars().all()))
