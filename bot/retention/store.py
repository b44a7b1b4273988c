"""The statements that find and erase. Each change is small, and is asked for by ids that were read outside of any lock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, delete, func, select, update

from bot.assistant.dialogue_table import dialogue, dialogue_table
from bot.audit.store import audit_table
from bot.channels import contract as channels
from bot.chatwoot.store import talk_table
from bot.conversation import chats
from bot.conversation.outbound_store import outbound_table
from bot.conversation.queries import conversation, conversation_table, message, message_table
from bot.desk.tables import case, case_note, case_note_table, case_table
from bot.identity.codes import code_table
from bot.identity.confirmations import sign_in_code_table
from bot.identity.links import password_link_table, sign_in_link_table
from bot.identity.operations import pending_table
from bot.identity.sessions import are_over, session_table
from bot.notices.store import notice_table
from bot.retention.model import address_after
from bot.satisfaction.store import rating_table

_session, _pending, _rating = session_table.c, pending_table.c, rating_table.c
_last = message_table.alias("last")
_IS_KEPT = select(message.id).where(message.conversation_id == conversation.id).exists()
_CONVERSATIONS = select(conversation.id, conversation.address).order_by(conversation.id)


def older_than(connection: Connection, before: datetime, after_id: int, most: int) -> Sequence[int]:
    """Conversations with something kept in which the last words are older than that, by their number."""
    is_last = and_(_last.c.conversation_id == conversation.id, _last.c.sequence == conversation.last_sequence)
    said_at = func.coalesce(_last.c.sent_at, conversation.created_at)
    found = select(conversation.id).outerjoin_from(conversation_table, _last, is_last)
    found = found.where(conversation.id > after_id, said_at < before, _IS_KEPT)
    return connection.execute(found.order_by(conversation.id).limit(most)).scalars().all()


def at_addresses(connection: Connection, addresses: Collection[str]) -> Sequence[Row[Any]]:
    """The conversations at these addresses of which something is kept: id and address."""
    return connection.execute(_CONVERSATIONS.where(conversation.address.in_(addresses), _IS_KEPT)).all()


def addresses_of_person(connection: Connection, person_id: int) -> set[str]:
    """Wherever a person was signed in, also when that session is no longer kept."""
    own = select(_session.address).where(_session.person_id == person_id)
    done = audit_table.c
    noted = select(done.address).where(done.person_id == person_id, done.address != "")
    return set(connection.execute(own.union(noted)).scalars())


def lock(connection: Connection, conversation_id: int) -> str:
    """Hold a conversation until the transaction ends, as a turn does; gives its address."""
    row = select(conversation.address).where(conversation.id == conversation_id).with_for_update()
    return str(connection.execute(row).scalar_one())


def count_messages(connection: Connection, conversation_id: int) -> int:
    """How many messages of it are kept, events too."""
    own = select(func.count()).select_from(message_table).where(message.conversation_id == conversation_id)
    return connection.execute(own).scalar_one()


def erase_messages(connection: Connection, conversation_id: int, most: int) -> int:
    """Erase its oldest messages; how many went, without those that went along as their answers."""
    oldest = select(message.id).where(message.conversation_id == conversation_id).order_by(message.sequence)
    return connection.execute(delete(message_table).where(message.id.in_(oldest.limit(most)))).rowcount


def erase_the_rest(connection: Connection, conversation_id: int, address: str, now: datetime) -> None:
    """All that is kept of a conversation besides its messages; what is counted stays, without texts and without whom."""
    connection.execute(delete(outbound_table).where(outbound_table.c.conversation_id == conversation_id))
    connection.execute(delete(dialogue_table).where(dialogue.address == address))
    connection.execute(update(rating_table).where(_rating.conversation_id == conversation_id).values(comment=None))
    for table in (notice_table, code_table, sign_in_code_table):
        connection.execute(delete(table).where(table.c.address == address))
    chats.forget(connection, address)
    channels.forget(connection, address)
    _erase_links(connection, address)
    _erase_sessions(connection, address, now)
    _empty_cases(connection, conversation_id, address)
    own = update(conversation_table).where(conversation.id == conversation_id)
    connection.execute(own.values(address=address_after(address, conversation_id), quiet_until=None))


def _erase_links(connection: Connection, address: str) -> None:
    link = sign_in_link_table.c
    own = select(link.id).where(link.address == address)
    connection.execute(delete(password_link_table).where(password_link_table.c.sign_in_link_id.in_(own)))
    connection.execute(delete(sign_in_link_table).where(link.address == address))


def _erase_sessions(connection: Connection, address: str, now: datetime) -> None:
    ended = and_(_session.address == address, are_over(now))
    of_them = _pending.session_id.in_(select(_session.id).where(ended))
    connection.execute(delete(pending_table).where(of_them | (_pending.address == address)))
    connection.execute(delete(session_table).where(ended))


def _empty_cases(connection: Connection, conversation_id: int, address: str) -> None:
    own = select(case.id).where(case.address == address)
    connection.execute(delete(case_note_table).where(case_note.case_id.in_(own)))
    connection.execute(delete(talk_table).where(talk_table.c.case_id.in_(own)))
    values = {"phone": None, "email": None, "address": address_after(address, conversation_id)}
    connection.execute(update(case_table).where(case.address == address).values(values))


def delete_rows(connection: Connection, table: Table, key: str, keys: Sequence[object], condition: Any) -> int:
    """Delete those of the rows of which the condition still holds."""
    gone = delete(table).where(table.c[key].in_(keys), condition)
    return connection.execute(gone).rowcount
