"""Rows that belong to no conversation any more and are old: ended sessions, links, codes, notices, watches without a chat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Table, and_, select

from bot.assistant.dialogue_table import dialogue, dialogue_table
from bot.contacts.store import undo_link_table
from bot.conversation.queries import conversation
from bot.identity.codes import code_table
from bot.identity.confirmations import sign_in_code_table
from bot.identity.links import password_link_table, sign_in_link_table
from bot.identity.operations import pending_table
from bot.identity.sessions import are_over, session_table
from bot.invoices.overdue import told_table, watch_table
from bot.notices.store import notice_table


class Leftover(NamedTuple):
    """Rows of a table that may go, known by a column."""

    table: Table
    key: Column[Any]
    condition: ColumnElement[bool]


def leftovers(before: datetime, now: datetime) -> Iterator[Leftover]:
    """Each kind, those first that others point to last."""
    for table in (pending_table, password_link_table, sign_in_code_table, code_table, undo_link_table):
        yield Leftover(table, table.c.id, table.c.expires_at < before)
    link = sign_in_link_table.c
    is_free = ~_exists(password_link_table.c.sign_in_link_id == link.id)
    yield Leftover(sign_in_link_table, link.id, and_(link.expires_at < before, is_free))
    session = session_table.c
    is_free = ~_exists(pending_table.c.session_id == session.id)
    yield Leftover(session_table, session.id, and_(are_over(now), session.seen_at < before, is_free))
    yield Leftover(notice_table, notice_table.c.id, notice_table.c.settled_at < before)
    is_alone = ~_exists(conversation.address == dialogue.address)
    yield Leftover(dialogue_table, dialogue.address, and_(dialogue.changed_at < before, is_alone))
    yield from watches()


def watches() -> Iterator[Leftover]:
    """Overdue invoices are told in a chat: of who has none left nothing is watched."""
    for table in (told_table, watch_table):
        person = table.c.person_id
        yield Leftover(table, person, ~_exists(session_table.c.person_id == person))


def _exists(condition: ColumnElement[bool]) -> Any:
    return select(1).where(condition).exists()
