"""What the tests of procedures begin with: the demo's people, signed in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from bot.area import Area
from bot.identity.sessions import Session, choose_agency, open_session
from bot.notifications.store import mail_table
from bot.procedures.model import Actor, Kind
from bot.procedures.rights import Doer
from bot.procedures.service import Opening
from tests.conftest import DEMO_DAY

AREA = Area("https://area.example", b"secret")
HERE, ELSEWHERE = "web:here", "web:elsewhere"
BEATRIZ, IGNACIO, PAULA, ROSA, MARCOS = 1, 2, 3, 4, 5
ARANDA, LLORENTE, RIBERA = 1, 2, 3
MAILBOX = "alguien@correo.example"
STAFF = Doer(Actor.STAFF)
QUESTION = Opening(Kind.QUESTION, HERE, email=MAILBOX)


def signed_in(connection: Connection, person: int, agency: int | None, address: str = "") -> Session:
    session = open_session(connection, address or f"web:{person}", person, None, DEMO_DAY)
    return session if agency is None else choose_agency(connection, session, agency)


def by_person(session: Session) -> Doer:
    return Doer(Actor.PERSON, session.address, session)


def mails(connection: Connection) -> list[tuple[str, str, dict[str, Any]]]:
    """(recipient, template, details) of what is sent, the oldest first."""
    rows = connection.execute(select(mail_table).where(mail_table.c.recipient != "").order_by(mail_table.c.id))
    return [(row.recipient, row.template, row.details) for row in rows]
