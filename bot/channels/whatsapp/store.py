"""Who writes from which number, what became of what was sent to them, and files that wait to be fetched.

A conversation's address is a keyed digest: the number itself stands in one table, from which it can be erased. Ids of messages
hold the number too (in base 64), so of them too only a digest is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.area import Area
from bot.channels.whatsapp.transport import CHANNEL, Arrived, Progress
from bot.conversation import outbound_store
from bot.conversation.queries import conversation, conversation_table, message_table
from bot.conversation.queries import message as _message
from bot.conversation.router import Also, nothing_else
from bot.database import Moment, identity, metadata

ADDRESS_CHARACTERS = 40
OUTSIDE_WINDOW_CODE = 131047
ORDER = (Progress.SENT, Progress.DELIVERED, Progress.READ)

number_table = Table(
    "whatsapp_number",
    metadata,
    Column("address", String(200), primary_key=True),
    Column("number", String(150), nullable=False),
    Column("heard_at", Moment),
    Column("knocked_at", Moment),
)
"""`heard_at`: when the person last wrote, by the platform's time; empty when the service said that its window is closed.
`knocked_at`: when a template last asked the person to write."""

sent_table = Table(
    "whatsapp_sent",
    metadata,
    Column("id", identity, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("message_id", identity, ForeignKey("message.id", ondelete="CASCADE"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("progress", String(16), nullable=False),
    Column("code", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
    UniqueConstraint("message_id", "part"),
)

file_table = Table(
    "whatsapp_file",
    metadata,
    Column("id", identity, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("address", String(200), nullable=False),
    Column("media_id", String(200), nullable=False),
    Column("name", String(300), nullable=False),
    Column("claimed_until", Moment),
    Column("arrived_at", Moment, nullable=False),
    Column("ended_at", Moment),
)
"""A file of a person; one without `ended_at` still has to be fetched. Ended ones are kept for a day against repetitions."""

_number, _sent, _file = number_table.c, sent_table.c, file_table.c

# Built once: these go along with what is acknowledged.
_HEARD_AGAIN = (
    update(number_table)
    .where(
        _number.address == bindparam("at_address"),
        or_(_number.heard_at.is_(None), _number.heard_at < bindparam("newly")),
    )
    .values(heard_at=bindparam("newly"))
)
_IS_HELD = and_(_sent.progress == Progress.FAILED.value, _sent.code == OUTSIDE_WINDOW_CODE)
_FIRST_HELD = (
    select(func.min(_message.sequence))
    .join_from(sent_table, message_table)
    .join(conversation_table)
    .where(conversation.address == bindparam("address"), _IS_HELD)
)


@dataclass(frozen=True, slots=True)
class Reachable:
    """A person's number, and when they last wrote; None: the service said that it is too long ago."""

    number: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that has to be fetched."""

    id: int
    address: str
    media_id: str
    name: str


def address_of(area: Area, number: str) -> str:
    """The address of the conversation with a number. Nobody can turn it back without the secret."""
    return f"{CHANNEL}:{area.digest('whatsapp number', number)[:ADDRESS_CHARACTERS]}"


def of_typed(area: Area, typed: str) -> str:
    """The address that "whatsapp:+34 600 000 000" stands for; what is of another channel stays as it is."""
    channel, _, number = typed.partition(":")
    return address_of(area, re.sub(r"[\s().+-]", "", number)) if channel == CHANNEL else typed


def digest_of(area: Area, message_id: str) -> str:
    """How the service's id of a message is kept."""
    return area.digest("whatsapp message", message_id)


def note_heard(connection: Connection, address: str, message: Arrived, now: datetime) -> None:
    """The person wrote: their window is open, and what did not arrive because it was closed is due again."""
    again = connection.execute(_HEARD_AGAIN, {"at_address": address, "newly": message.sent_at})
    if again.rowcount == 0:  # it is new, or the platform brings an older message after a newer one
        row = {"address": address, "number": message.number, "heard_at": message.sent_at}
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(number_table).on_conflict_do_nothing(), row)
    first_held = connection.execute(_FIRST_HELD, {"address": address}).scalar_one_or_none()
    if first_held is not None:
        of_this = select(_message.id).join(conversation_table).where(conversation.address == address)
        connection.execute(delete(sent_table).where(_IS_HELD, _sent.message_id.in_(of_this)))
        outbound_store.send_again_from(connection, address, first_held, now)


def reachable(connection: Connection, address: str) -> Reachable | None:
    """Where to send for an address; None when the number was erased."""
    row = connection.execute(select(number_table).where(_number.address == address)).first()
    return Reachable(row.number, row.heard_at) if row else None


def close_window(connection: Connection, address: str) -> None:
    """The service says that the person last wrote too long ago."""
    connection.execute(update(number_table).where(_number.address == address).values(heard_at=None))


def may_knock(connection: Connection, address: str, now: datetime) -> bool:
    """Whether the person has not been asked to write since they last did; from now on they have."""
    unasked = or_(_number.knocked_at.is_(None), _number.knocked_at < _number.heard_at)
    asked = update(number_table).where(_number.address == address, unasked).values(knocked_at=now)
    return connection.execute(asked).rowcount == 1


def forget_knock(connection: Connection, address: str) -> None:
    """Asking failed."""
    connection.execute(update(number_table).where(_number.address == address).values(knocked_at=None))


def sent_parts(connection: Connection, message_id: int) -> set[int]:
    """The parts of a message of ours that the service has taken."""
    return set(connection.execute(select(_sent.part).where(_sent.message_id == message_id)).scalars())


def add_sent(connection: Connection, message_id: int, part: int, digest: str, now: datetime) -> None:
    """The service took one part of a message."""
    row = {"message_id": message_id, "part": part, "digest": digest, "changed_at": now}
    values = row | {"progress": Progress.SENT.value, "code": 0}
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(sent_table).on_conflict_do_nothing(), values)


def sent_to(connection: Connection, digest: str) -> tuple[str, int] | None:
    """The address that a part of ours with that digest went to, and the number of its message; None where there is none."""
    query = (
        select(conversation.address, _message.sequence).join_from(sent_table, message_table).join(conversation_table)
    )
    row = connection.execute(query.where(_sent.digest == digest)).first()
    return (row.address, row.sequence) if row else None


def note_progress(connection: Connection, digest: str, progress: Progress, code: int, now: datetime) -> None:
    """What became of a part; only forwards."""
    before = connection.execute(select(_sent.progress).where(_sent.digest == digest)).scalar_one_or_none()
    if before is not None and _is_forwards(Progress(before), progress):
        values = {"progress": progress.value, "code": code, "changed_at": now}
        connection.execute(update(sent_table).where(_sent.digest == digest).values(values))


def _is_forwards(before: Progress, after: Progress) -> bool:
    """A message that arrived cannot fail any more, whatever order the platform's words come in."""
    if Progress.FAILED in (before, after):
        return before is Progress.SENT
    return ORDER.index(after) > ORDER.index(before)


def add_file(connection: Connection, row: dict[str, object], also: Also = nothing_else) -> bool:
    """Note a file to be fetched, and `also`; False where the file is known already."""
    also(connection)
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return connection.execute(dialect.insert(file_table).on_conflict_do_nothing(), row).rowcount == 1


def claim_files(connection: Connection, now: datetime, until: datetime) -> list[Waiting]:
    """The files that still have to be fetched and that nobody is fetching, the oldest first: ours alone until then."""
    is_free = and_(_file.ended_at.is_(None), or_(_file.claimed_until.is_(None), _file.claimed_until <= now))
    claimed = []
    for row in connection.execute(select(file_table).where(is_free).order_by(_file.id)).all():
        taken = update(file_table).where(_file.id == row.id, is_free).values(claimed_until=until)
        if connection.execute(taken).rowcount == 1:
            claimed.append(Waiting(row.id, row.address, row.media_id, row.name))
    return claimed


def end_file(connection: Connection, file_id: int, now: datetime, older: datetime) -> None:
    """A file needs no more care; those that ended before `older` are forgotten."""
    connection.execute(update(file_table).where(_file.id == file_id).values(ended_at=now))
    connection.execute(delete(file_table).where(_file.ended_at < older))


def erase(connection: Connection, address: str) -> None:
    """Forget the number of a conversation; nothing can be sent there any more until the person writes again."""
    connection.execute(delete(number_table).where(_number.address == address))
    connection.execute(delete(file_table).where(_file.address == address))
