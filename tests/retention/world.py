"""Conversations with something in every table that is erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, Date, Integer, String, Table, insert, select

from bot.channels.whatsapp.store import sent_table
from bot.conversation import transcript
from bot.conversation.model import Author, Reply, State
from bot.conversation.queries import message_table
from bot.database import Moment, metadata
from bot.desk.model import State as CaseState
from bot.identity.persons import person_table
from bot.retention import service, tables  # noqa: F401  # service: the tables
from bot.topics.store import answered_turn_table
from tests.conftest import DEMO_DAY

NOW = DEMO_DAY
DAYS = 365
OLD = NOW - timedelta(days=DAYS, hours=1)
YOUNG = NOW - timedelta(days=DAYS) + timedelta(hours=1)
SAMPLES = ((JSON, {}), (Moment, OLD), (Date, OLD.date()), (Boolean, False), (String, "x"), (Integer, 0))


def add(connection: Connection, name: str, **values: Any) -> int:
    """A row of a table; what it needs besides `values` is made up. Gives its first key."""
    table = metadata.tables[name]
    needed = {column.name: sample(column) for column in table.columns if is_needed(column)}
    key = connection.execute(insert(table).values(needed | values)).inserted_primary_key
    assert key is not None
    return int(key[0]) if isinstance(key[0], int) else 0


def is_needed(column: Any) -> bool:
    is_counted = column.primary_key and column.name == "id"
    return not column.nullable and column.server_default is None and not is_counted


def sample(column: Any) -> Any:
    return next(value for kind, value in SAMPLES if isinstance(column.type, kind))


def talk(connection: Connection, address: str, at: datetime = OLD, turns: int = 1) -> int:
    """A conversation that ended at that moment; gives its number."""
    for _ in range(turns):
        opened, said, _is_new = transcript.add_incoming(connection, address, "mi NIF es 12345678Z", None, at)
        transcript.set_state(connection, said.id, State.ANSWERED)
        transcript.add_replies(connection, opened, [Reply("gracias")], said.id, at)
    return opened.id


def first_person(connection: Connection) -> int:
    return connection.execute(select(person_table.c.id).order_by(person_table.c.id).limit(1)).scalar_one()


def fill(connection: Connection, address: str, at: datetime = OLD) -> int:
    """A conversation with a row in every table of `ERASED` and `EMPTIED`, as in the demo's world; gives its number."""
    number, person = talk(connection, address, at), first_person(connection)
    said = select(message_table.c.id).where(message_table.c.conversation_id == number)
    message_id = connection.execute(said.order_by(message_table.c.id.desc()).limit(1)).scalar_one()
    add(connection, "dialogue", address=address)
    add(connection, "outbound", conversation_id=number, sent_sequence=2)
    add(connection, sent_table.name, digest=address, message_id=message_id)
    add(connection, "whatsapp_number", address=address, number="34600000000")
    add(connection, "whatsapp_file", address=address, digest=address)
    add(connection, "chat", address=address, shown_name="Ana")
    add(connection, "notice", person_id=person, state="told", settled_at=at, address=address, sequence=2)
    session = add(connection, "session", address=address, person_id=person, ended_at=at)
    add(connection, "pending_operation", reference=address, session_id=session, expires_at=at)
    link = add(connection, "sign_in_link", token_digest=address, address=address, expires_at=at)
    add(connection, "password_link", token_digest=address, sign_in_link_id=link, expires_at=at)
    add(connection, "sign_in_code", address=address, person_id=person, expires_at=at)
    add(connection, "mailed_code", address=address, expires_at=at)
    add(connection, "undo_link", token_digest=address, agency_id=1, person_id=person, expires_at=at)
    _watch(connection, person)
    _case(connection, address, at)
    add(connection, "rating", conversation_id=number, day=at.date(), score=5, comment="soy Ana y muy bien")
    add(connection, answered_turn_table.name, conversation_id=number, day=at.date(), channel="web", topic="access_how")
    return number


def _watch(connection: Connection, person: int) -> None:
    invoice = connection.execute(select(metadata.tables["invoice"].c.id).limit(1)).scalar_one()
    if connection.execute(select(metadata.tables["overdue_watch"])).first() is None:
        add(connection, "overdue_watch", person_id=person)
        add(connection, "overdue_told", person_id=person, invoice_id=invoice)


def procedure(connection: Connection, address: str, closed_at: datetime | None) -> int:
    return add(
        connection, "procedure", address=address, tracking_key=f"K{count(connection, 'procedure')}", closed_at=closed_at
    )


def _case(connection: Connection, address: str, at: datetime) -> None:
    staff = add(connection, "staff", login=address, subject=None)
    values = {"state": CaseState.CLOSED.value, "phone": "600000000", "email": "ana@example.com", "opened_at": at}
    number = procedure(connection, address, at)
    case = add(connection, "support_case", address=address, procedure_id=number, ended_at=at, staff_id=staff, **values)
    add(connection, "support_case_note", case_id=case, staff_id=staff, text="llama por lo de Ana")
    add(connection, "chatwoot_talk", case_id=case, remote_id=case, customer="Ana")


def count(connection: Connection, name: str) -> int:
    return len(connection.execute(select(metadata.tables[name])).all())


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has that is erased."""
    return {name: count(connection, name) for name in tables.ERASED}


def texts(connection: Connection, number: int) -> list[str]:
    """What was said in a conversation and is kept."""
    own = select(message_table.c.text).where(message_table.c.conversation_id == number)
    said = own.where(message_table.c.author != Author.EVENT.value)
    return list(connection.execute(said.order_by(message_table.c.sequence)).scalars())


def table(name: str) -> Table:
    return metadata.tables[name]
