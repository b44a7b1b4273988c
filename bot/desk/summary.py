"""What an agent gets to know of a case before the first word: who, how proved, for whom, what is under way. Masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Connection, or_, select

from bot.accounts.model import Page
from bot.accounts.store import agency_table, client_table
from bot.area import SPAIN
from bot.desk.model import Case, with_mailboxes
from bot.documents import store as documents
from bot.documents.model import Document
from bot.identity.email_addresses import is_email
from bot.identity.identifiers import find_identifiers
from bot.identity.masking import masked_email, masked_identifier
from bot.identity.persons import Person, person_by_id
from bot.identity.sessions import session_table
from bot.procedures.model import Procedure
from bot.procedures.store import find, procedure

MOST_PROCEDURES = 20


@runtime_checkable
class Knowledge(Protocol):
    """What the assistant knows: of a dialogue, and what it would answer."""

    def known(self, connection: Connection, address: str) -> dict[str, Any]:
        """The form under way, the slots with a value, the last messages not understood."""

    def suggest(self, text: str) -> list[tuple[str, str]]:
        """(title, text) of the answers that fit best."""


class NoKnowledge:
    """An assistant that tells nothing."""

    def known(self, connection: Connection, address: str) -> dict[str, Any]:
        """Nothing."""
        return {"form": None, "slots": {}, "misunderstood": []}

    def suggest(self, text: str) -> list[tuple[str, str]]:
        """Nothing."""
        return []


@dataclass(frozen=True, slots=True)
class Summary:
    """`is_email_on_record`: nobody only typed it. `verified_at`: when the person signed in at this conversation; None who did not. Identifiers are masked."""

    person: str | None
    identifier: str | None
    email: str | None
    is_email_on_record: bool
    verified_at: datetime | None
    agency: str | None
    clients: list[str]
    procedures: list[tuple[Procedure, bool]]
    documents: list[Document]
    form: str | None
    collected: dict[str, str]
    misunderstood: list[str]


def summary_of(connection: Connection, about: Case, knowledge: Knowledge, now: datetime) -> Summary:
    """All of it. Whether the one who asks may see it is the caller's to check, and to put into the audit."""
    person = person_by_id(connection, about.person_id) if about.person_id is not None else None
    known = knowledge.known(connection, about.address)
    found = _procedures(connection, about)
    return Summary(
        person=person.name if person else None,
        identifier=masked_identifier(person.identifier) if person else None,
        email=_masked_mailbox(person, about),
        is_email_on_record=person is not None and (about.email or person.email).lower() == person.email.lower(),
        verified_at=_signed_in_at(connection, about),
        agency=_agency(connection, about),
        clients=_clients(connection, found),
        procedures=[(each, each.is_late(now.astimezone(SPAIN).date())) for each in found],
        documents=_documents(connection, about, found),
        form=known["form"],
        collected=_collected(known["slots"]),
        misunderstood=[masked(text) for text in known["misunderstood"]],
    )


def masked(text: str, sign: str = "*") -> str:
    """The text with every NIF, CIF, account or mailbox in it masked; stars would be markup in what the assistant says."""

    def hidden(value: str) -> str:
        return value.replace("*", sign)

    for found in reversed(find_identifiers(text)):
        identifier = hidden(masked_identifier(text[found.start : found.end]))
        text = text[: found.start] + identifier + text[found.end :]
    return with_mailboxes(text, lambda mailbox: hidden(masked_email(mailbox)))


def _collected(slots: dict[str, Any]) -> dict[str, str]:
    """What the slots hold, masked; what a slot holds in parts stands as `slot.part`."""
    found: dict[str, object] = {}
    for name, value in slots.items():
        found |= {f"{name}.{part}": one for part, one in value.items()} if isinstance(value, dict) else {name: value}
    return {name: _said(value) for name, value in found.items() if value not in (None, "", [])}


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    said = str(value)
    return masked_email(said) if is_email(said) else masked(said)


def _masked_mailbox(person: Person | None, about: Case) -> str | None:
    mailbox = about.email or (person.email if person else None)
    return masked_email(mailbox) if mailbox else None


def _signed_in_at(connection: Connection, about: Case) -> datetime | None:
    wanted = select(session_table.c.signed_in_at).where(
        session_table.c.address == about.address, session_table.c.person_id == about.person_id
    )
    moment: datetime | None = connection.execute(
        wanted.order_by(session_table.c.id.desc()).limit(1)
    ).scalar_one_or_none()
    return moment


def _agency(connection: Connection, about: Case) -> str | None:
    named = select(agency_table.c.name).where(agency_table.c.id == about.agency_id)
    name: str | None = connection.execute(named).scalar_one_or_none()
    return name


def _procedures(connection: Connection, about: Case) -> list[Procedure]:
    """What is open in this conversation, of this person, and of the agency: due first comes first."""
    own = [procedure.address == about.address]
    if about.person_id is not None:
        own.append(procedure.person_id == about.person_id)
    if about.agency_id is not None:
        own.append(procedure.agency_id == about.agency_id)
    found = find(connection, Page(limit=MOST_PROCEDURES), or_(*own), procedure.closed_at.is_(None))
    return sorted(found, key=lambda each: (each.deadline_on, each.id))


def _clients(connection: Connection, found: list[Procedure]) -> list[str]:
    ids = {each.client_id for each in found if each.client_id is not None}
    if not ids:
        return []
    named = select(client_table.c.name).where(client_table.c.id.in_(ids)).order_by(client_table.c.name)
    return list(connection.execute(named).scalars())


def _documents(connection: Connection, about: Case, found: list[Procedure]) -> list[Document]:
    table = documents.document_table.c
    ids = [each.id for each in found]
    return documents.documents(connection, or_(table.address == about.address, table.procedure_id.in_(ids)))
