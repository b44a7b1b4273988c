"""Conversations, cases, ratings and procedures of some weeks, invented, as many as a test needs."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from bot.conversation.queries import conversation_table
from bot.desk.model import Choice, Reason, Role, State
from bot.desk.tables import case_table, staff_table
from bot.procedures.model import Kind
from bot.procedures.store import procedure_table
from bot.satisfaction.store import rating_table
from bot.topics.store import answered_turn_table
from tests.conftest import DEMO_DAY

CHANNELS = ("web", "web", "web", "rest", "telegram", "whatsapp")
TOPICS = (
    "access_how",
    "invoices_view",
    "password_forgotten",
    "nlu_fallback",
    "greet",
    "contacts_add",
    "documents_which",
)
CHUNK = 5000
Rows = list[dict[str, Any]]


def put(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows with the same keys; PostgreSQL gets each chunk as one value, as a statement for each row takes minutes."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        if connection.dialect.name == "sqlite":
            connection.execute(insert(table), chunk)
            continue
        names = ", ".join(chunk[0])
        read = f"SELECT {names} FROM json_populate_recordset(NULL::{table.name}, CAST(:rows AS json))"
        connection.execute(text(f"INSERT INTO {table.name} ({names}) {read}"), {"rows": json.dumps(chunk, default=str)})


def staff_row(number: int, name: str, role: Role = Role.AGENT, seen_at: datetime | None = None) -> dict[str, Any]:
    row = {"id": number, "login": f"agent{number}", "name": name, "role": role.value, "team": "", "last_step": 0}
    return row | {"created_at": DEMO_DAY, "seen_at": seen_at}


def case_row(number: int, opened_at: datetime, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": number,
        "address": f"web:{number}",
        "state": State.CLOSED.value,
        "reason": Reason.ASKED.value,
        "choice": Choice.WAIT.value,
        "asking": "",
        "procedure_id": number,
        "tracking_key": f"K{number}",
        "deadline_on": opened_at.date() + timedelta(days=21),
        "agency_id": None,
        "team": "",
        "staff_id": None,
        "opened_at": opened_at,
        "queued_at": opened_at,
        "taken_at": None,
        "first_answer_at": None,
        "ended_at": None,
        "changed_at": opened_at,
        "last_person_at": opened_at,
        "read_sequence": 0,
        "outcome": None,
    }
    return row | values


def procedure_row(number: int, opened_at: datetime, **values: Any) -> dict[str, Any]:
    row = {
        "id": number,
        "tracking_key": f"K{number}",
        "kind": Kind.HANDOFF.value,
        "state": "opened",
        "address": f"web:{number}",
    }
    return (
        row
        | {
            "opened_at": opened_at,
            "deadline_on": opened_at.date() + timedelta(days=21),
            "closed_at": None,
            "agency_id": None,
        }
        | values
    )


def turn_row(
    conversation_id: int, day: date, topic: str, channel: str = "web", agency_id: int | None = None
) -> dict[str, Any]:
    return {"conversation_id": conversation_id, "day": day, "channel": channel, "agency_id": agency_id, "topic": topic}


def conversation_row(number: int, channel: str = "web") -> dict[str, Any]:
    return {
        "id": number,
        "address": f"{channel}:{number}",
        "last_sequence": 0,
        "created_at": DEMO_DAY,
        "holder": "assistant",
    }


def rating_row(conversation_id: int, day: date, score: int | None, **values: Any) -> dict[str, Any]:
    row = {"conversation_id": conversation_id, "day": day, "about": "assistant", "channel": "web", "agency_id": None}
    return row | {"asked_at": DEMO_DAY, "asked_after": 1, "score": score, "comment": None} | values


def fill(connection: Connection, conversations: int, days: int, agencies: int = 3, until: datetime = DEMO_DAY) -> None:
    """So many conversations, three turns in each, over the days before the demo's, every tenth with a case."""
    dice = random.Random(1)
    put(connection, staff_table, [staff_row(n, f"Agente {n}", seen_at=until) for n in range(11, 16)])
    talks: Rows = []
    turns: Rows = []
    ratings: Rows = []
    procedures: Rows = []
    cases: Rows = []
    for number in range(1, conversations + 1):
        channel = dice.choice(CHANNELS)
        moment = until - timedelta(days=dice.randrange(days), minutes=dice.randrange(600))
        agency = dice.choice([None, *range(1, agencies + 1)])
        talks.append(conversation_row(number, channel))
        turns += [turn_row(number, moment.date(), dice.choice(TOPICS), channel, agency) for _ in range(3)]
        if number % 4 == 0:
            score = dice.choice([None, 1, 3, 4, 5, 5])
            comment = "muy claro" if score == 5 and number % 8 == 0 else None
            ratings.append(rating_row(number, moment.date(), score, channel=channel, agency_id=agency, comment=comment))
        if number % 10 == 0:
            closed = number % 50 != 0
            ended = moment + timedelta(minutes=15) if closed else None
            procedures.append(procedure_row(number, moment, closed_at=ended, agency_id=agency))
            taken = moment + timedelta(seconds=dice.randrange(10, 260)) if number % 70 else None
            cases.append(
                case_row(
                    number,
                    moment,
                    address=f"{channel}:{number}",
                    agency_id=agency,
                    reason=dice.choice([*Reason]).value,
                    taken_at=taken,
                    first_answer_at=taken + timedelta(seconds=dice.randrange(5, 90)) if taken else None,
                    ended_at=ended or moment,
                    staff_id=dice.randrange(11, 16) if taken else None,
                )
            )
    for table, rows in (
        (conversation_table, talks),
        (answered_turn_table, turns),
        (rating_table, ratings),
        (procedure_table, procedures),
        (case_table, cases),
    ):
        put(connection, table, rows)
