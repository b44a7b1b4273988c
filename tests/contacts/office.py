"""Two small agencies for the tests of contacts, what can be done in them, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from bot.accounts.model import Role, Viewer
from bot.accounts.service import viewer_of
from bot.accounts.store import access_table, agency_table, assignment_table, client_table, representative_table
from bot.area import Area
from bot.audit.model import Recorded, Search
from bot.audit.service import everything
from bot.contacts import service
from bot.contacts.model import Contact, NewContact, Problem, Refused
from bot.database import Database, metadata
from bot.identity.identifier_checks import Kind
from bot.identity.operations import pending_table
from bot.identity.passwords import credential_table
from bot.identity.persons import person_table
from bot.identity.sessions import Session, choose_agency, open_session
from bot.notifications.store import mail_table

AREA = Area("https://area.example", b"a secret of thirty-two characters")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOL, LUNA = 1, 2
ANA, LUIS, EVA, PEDRO, RITA, MAX, OTTO, NOBODY = range(1, 9)
NAMES = {
    ANA: ("Ana", "Núñez Gil"),
    LUIS: ("Luis", "Otero Paz"),
    EVA: ("Eva", "Roca Sanz"),
    PEDRO: ("Pedro", "Echevarría Sáez"),
    RITA: ("Rita", "Mora Lis"),
    MAX: ("Max", "Vidal Ros"),
    OTTO: ("Otto", "Feliu Mas"),
    NOBODY: ("Nuria", "Ibáñez Cano"),
}
SOL_CLIENTS, LUNA_CLIENTS = (1, 2, 3, 4, 5, 6), (7, 8, 9)
CHAT, OTHER_CHAT = "web:one", "telegram:two"
CHANGERS, OTHERS = (ANA, LUIS, MAX), (PEDRO, RITA, EVA, OTTO, NOBODY)


def nif(number: int) -> str:
    """A valid one."""
    return f"{number:08}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def email(person: int) -> str:
    return f"{NAMES[person][0].lower()}@people.example"


PAULA = NewContact(Kind.NIF, nif(12_121_212), "Paula", "Sáenz de Miera", "paula@new.example", Role.READ_ONLY)


def fill(database: Database) -> None:
    since = NOW - timedelta(days=100)
    rights = ((PEDRO, SOL, Role.FULL, False), (RITA, SOL, Role.READ_ONLY, False), (MAX, SOL, Role.FULL, True))
    with database.writing() as connection:
        for person, (first_name, surnames) in NAMES.items():
            values = {"identifier_kind": "nif", "identifier": nif(11_111_111 * person), "created_at": since}
            values |= {"id": person, "first_name": first_name, "surnames": surnames, "email": email(person)}
            connection.execute(insert(person_table), values)
            credential = {"person_id": person, "password_hash": "x", "changed_at": since}
            connection.execute(insert(credential_table), credential)
        for agency, name in ((SOL, "Gestoría Sol"), (LUNA, "Fincas Luna")):
            row = {"id": agency, "name": name, "registered_with": "cif", "identifier": f"B{agency}"}
            connection.execute(insert(agency_table), row)
        for person, agency in ((ANA, SOL), (LUIS, SOL), (EVA, LUNA)):
            holds = {"person_id": person, "agency_id": agency, "valid_from": since}
            connection.execute(insert(representative_table), holds)
        for person, agency, role, may_authorize in (*rights, (OTTO, LUNA, Role.FULL, False)):
            holds = {"person_id": person, "agency_id": agency, "valid_from": since}
            connection.execute(insert(access_table), holds | {"role": role.value, "may_authorize": may_authorize})
        for client in (*SOL_CLIENTS, *LUNA_CLIENTS):
            values = {"identifier_kind": "cif", "identifier": f"H{client:08}", "search_text": f"finca {client}"}
            connection.execute(insert(client_table), values | {"id": client, "name": f"Finca {client}", "address": ""})
            agency = SOL if client in SOL_CLIENTS else LUNA
            assigned = {"agency_id": agency, "client_id": client, "valid_from": since}
            connection.execute(insert(assignment_table), assigned)
        if not database.is_sqlite:
            for table in ("person", "agency", "client"):
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 100)")


class Office:
    """The services on a real database; each call is a transaction of its own, a minute after the one before."""

    def __init__(self, database: Database) -> None:
        fill(database)
        self.database = database
        self.now = NOW

    def go(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now

    def clock(self) -> datetime:
        return self.now

    def viewer(self, person: int = ANA, agency: int = SOL) -> Viewer:
        with self.database.reading() as connection:
            return viewer_of(connection, person, agency, self.now)

    def stale(self, person: int, agency: int = SOL) -> Viewer:
        """What somebody may have kept who has no right, or no longer."""
        return Viewer(person, agency, Role.FULL, self.now)

    def check(self, new: NewContact, who: int = ANA, agency: int = SOL) -> Problem | None:
        with self.database.reading() as connection:
            return service.check_new(connection, self.stale(who, agency), new, self.now)

    def add(self, new: NewContact = PAULA, who: int = ANA, agency: int = SOL) -> Contact:
        self.go(minutes=1)
        with self.database.writing() as connection:
            return service.add(connection, AREA, self.stale(who, agency), new, CHAT, self.now)

    def do(self, change: Any, contact_id: int, *values: Any, who: int = ANA, agency: int = SOL, **more: Any) -> Contact:
        """`change` is one of the service's that change a contact."""
        self.go(minutes=1)
        with self.database.writing() as connection:
            contact: Contact = change(
                connection, AREA, self.stale(who, agency), contact_id, *values, CHAT, self.now, **more
            )
            return contact

    def attempt(self, change: Any, *values: Any, **more: Any) -> Problem | str | None:
        """What speaks against a change, which is not rolled back: as a turn that answers the refusal."""
        self.go(minutes=1)
        who = self.stale(more.pop("who", ANA), more.pop("agency", SOL))
        with self.database.writing() as connection:
            try:
                change(connection, AREA, who, *values, CHAT, self.now, **more)
            except Refused as refused:
                return refused.problem
            except Exception as error:  # noqa: BLE001 - its name is what the tests look at
                return type(error).__name__
        return None

    def contacts(self, who: int = ANA, agency: int = SOL) -> dict[int, Contact]:
        with self.database.reading() as connection:
            return {each.id: each for each in service.contacts_of(connection, self.viewer(who, agency))}

    def sign_in(self, person: int, agency: int = SOL, address: str = CHAT) -> Session:
        with self.database.writing() as connection:
            return choose_agency(connection, open_session(connection, address, person, None, self.now), agency)

    def rights(self, person: int, agency: int = SOL) -> list[Any]:
        """Every right that the person has or had, oldest first."""
        own = access_table.c
        query = select(access_table).where(own.person_id == person, own.agency_id == agency).order_by(own.id)
        with self.database.reading() as connection:
            return list(connection.execute(query))

    def entries(self) -> list[Recorded]:
        """The audit, oldest first."""
        with self.database.reading() as connection:
            return list(everything(connection, Search()))[::-1]

    def actions(self) -> list[tuple[str, str]]:
        return [(each.entry.action, each.entry.result.value) for each in self.entries()]

    def mails(self) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(select(mail_table).order_by(mail_table.c.id)))

    def mailed(self) -> list[tuple[str, str]]:
        return [(mail.recipient, mail.template) for mail in self.mails()]

    def token(self, template: str, recipient: str, name: str = "link") -> str:
        """That of the link in the newest such mail."""
        links = [
            mail.details[name] for mail in self.mails() if (mail.template, mail.recipient) == (template, recipient)
        ]
        return str(links[-1]).rpartition("/")[2]

    def undo_token(self, template: str = "contact_added_holder", recipient: int = ANA) -> str:
        return self.token(template, email(recipient), "undo_link")


def everything_stored(database: Database) -> dict[str, list[Any]]:
    """All rows that a change of contacts may touch."""
    rights = ("person", "representative", "access", "access_client", "invitation", "undo_link", "credential")
    names = (*rights, "session", "mail", "audit", "attempt", pending_table.name)
    with database.reading() as connection:
        return {name: sorted(map(repr, connection.execute(select(metadata.tables[name])))) for name in names}
