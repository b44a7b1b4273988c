"""The tables of the support desk."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text, text

from bot.accounts.store import agency_table  # noqa: F401  # the table that is referred to
from bot.database import Moment, identity, metadata
from bot.desk.model import LONGEST_CODE, LONGEST_NAME, LONGEST_SUBJECT
from bot.identity.persons import person_table  # noqa: F401
from bot.procedures.store import procedure_table  # noqa: F401

staff_table = Table(
    "staff",
    metadata,
    Column("id", identity, primary_key=True),
    Column("login", String(100), nullable=False, unique=True),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("role", String(16), nullable=False),
    Column("team", String(LONGEST_CODE), nullable=False),
    Column("password_hash", String(200)),
    Column("sealed_secret", String(300)),
    Column("secret_confirmed_at", Moment),
    Column("last_step", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment),
    Column("disabled_at", Moment),
    Column("subject", String(LONGEST_SUBJECT)),
    Index("ix_staff_subject", "subject", unique=True),
)

staff_session_table = Table(
    "staff_session",
    metadata,
    Column("id", identity, primary_key=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    Column("signed_in_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

case_table = Table(
    "support_case",
    metadata,
    Column("id", identity, primary_key=True),
    Column("address", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(24), nullable=False),
    Column("choice", String(8), nullable=False),
    Column("asking", String(8), nullable=False),
    Column("phone", String(20)),
    Column("email", String(254)),
    Column("procedure_id", ForeignKey("procedure.id"), nullable=False, index=True),
    Column("tracking_key", String(14), nullable=False),
    Column("deadline_on", Date, nullable=False),
    Column("person_id", identity, ForeignKey("person.id"), index=True),
    Column("agency_id", identity, ForeignKey("agency.id"), index=True),
    Column("team", String(LONGEST_CODE), nullable=False),
    Column("staff_id", identity, ForeignKey("staff.id")),
    Column("opened_at", Moment, nullable=False),
    Column("queued_at", Moment, nullable=False),
    Column("taken_at", Moment),
    Column("first_answer_at", Moment),
    Column("ended_at", Moment),
    Column("changed_at", Moment, nullable=False),
    Column("last_person_at", Moment, nullable=False),
    Column("read_sequence", Integer, nullable=False),
    Column("outcome", String(LONGEST_CODE)),
    Index("ix_support_case_state_opened_at", "state", "opened_at", "id"),
    Index("ix_support_case_state_deadline_on", "state", "deadline_on", "id"),
    Index("ix_support_case_staff_id_state", "staff_id", "state"),
    Index("ix_support_case_changed_at", "changed_at"),
    Index("ix_support_case_address", "address"),
    Index("ix_support_case_taken_at", "taken_at"),
    Index("ix_support_case_opened_at", "opened_at"),
    Index(
        "uq_support_case_address_live",
        "address",
        unique=True,
        sqlite_where=text("state IN ('waiting', 'agent')"),
        postgresql_where=text("state IN ('waiting', 'agent')"),
    ),
)
"""One live case for each conversation."""

case_step_table = Table(
    "support_case_step",
    metadata,
    Column("id", identity, primary_key=True),
    Column("case_id", ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("what", String(16), nullable=False),
    Column("staff_id", identity, ForeignKey("staff.id")),
    Column("to_staff_id", identity, ForeignKey("staff.id")),
    Column("to_team", String(LONGEST_CODE), nullable=False),
)

case_note_table = Table(
    "support_case_note",
    metadata,
    Column("id", identity, primary_key=True),
    Column("case_id", ForeignKey("support_case.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("text", Text, nullable=False),
)

case, staff, staff_session = case_table.c, staff_table.c, staff_session_table.c
case_step, case_note = case_step_table.c, case_note_table.c
