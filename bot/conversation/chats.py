"""What is kept of a chat on a remote channel: the name its owner shows there, and which message still has its buttons.

The name is whatever somebody chose to be called: it is shown so that people recognise their own chat, it proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversation.model import readable
from bot.conversation.router import Also, nothing_else
from bot.database import Moment, metadata

NAME_CHARACTERS = 40
MOST_NAMES_IN_MEMORY = 10_000
KEPT_AGAIN_AFTER = timedelta(hours=1)

chat_table = Table(
    "chat",
    metadata,
    Column("address", String(200), primary_key=True),
    Column("shown_name", String(NAME_CHARACTERS), nullable=False),
    Column("buttons_on", String(100)),
    Column("seen_at", Moment, nullable=False),
)
_chat = chat_table.c


def note_chat(connection: Connection, address: str, shown_name: str, now: datetime) -> None:
    """Somebody wrote from that address and is called that there."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"shown_name": " ".join(readable(shown_name).split())[:NAME_CHARACTERS], "seen_at": now}
    added = dialect.insert(chat_table).values(values | {"address": address})
    connection.execute(added.on_conflict_do_update(index_elements=[_chat.address], set_=values))


class KnownNames:
    """The names that this process has kept already: the database is told when one is new, and each hour, as it may have erased them."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, datetime]] = {}

    @contextmanager
    def noting(self, address: str, shown_name: str | None, now: datetime) -> Iterator[Also]:
        """What keeps a chat's name in the transaction of what was said there; nothing where it was kept or is not told."""
        if shown_name is None or self._is_kept(address, shown_name, now):
            yield nothing_else
            return
        yield lambda connection: note_chat(connection, address, shown_name, now)
        if len(self._kept) >= MOST_NAMES_IN_MEMORY:
            self._kept.clear()
        self._kept[address] = shown_name, now

    def _is_kept(self, address: str, shown_name: str, now: datetime) -> bool:
        name, kept_at = self._kept.get(address, (None, now))
        return name == shown_name and now - kept_at < KEPT_AGAIN_AFTER


def shown_name_of(connection: Connection, address: str) -> str:
    """What the owner of that chat is called there; "" where it is not known."""
    query = select(_chat.shown_name).where(_chat.address == address)
    return connection.execute(query).scalar_one_or_none() or ""


def buttons_on(connection: Connection, address: str) -> str | None:
    """The channel's own id of the message whose buttons are still shown."""
    return connection.execute(select(_chat.buttons_on).where(_chat.address == address)).scalar_one_or_none()


def note_buttons_on(connection: Connection, address: str, channel_message_id: str | None) -> None:
    """Remember which message shows its buttons; None: none does."""
    connection.execute(update(chat_table).where(_chat.address == address).values(buttons_on=channel_message_id))


def forget(connection: Connection, address: str) -> None:
    """Erase what is kept of a chat."""
    connection.execute(delete(chat_table).where(_chat.address == address))


def is_known(connection: Connection, address: str) -> bool:
    """Whether anything is kept of that chat."""
    return connection.execute(select(_chat.address).where(_chat.address == address)).first() is not None
