"""The office of the contacts' tests, whose neighbours have mailboxes and contracts: what can be done about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update

from bot.accounts.store import assignment_table, client_table, contract_table, supply_point_table
from bot.assignments import in_chat, service
from bot.assignments.answers import Answers
from bot.assignments.model import Answer, Refused, Wanted
from bot.assignments.store import request_table
from bot.assignments.withdrawals import Withdrawals
from bot.database import Database, metadata
from bot.identity.links import LinkGone
from bot.identity.operations import propose, propose_here, take, take_here
from bot.identity.persons import person_table
from bot.identity.sessions import Session
from bot.procedures.model import Procedure
from bot.procedures.store import procedure_table
from tests.contacts.office import ANA, AREA, CHAT, SOL, Office, everything_stored

CIF = "A58818501"
CUPS = "ES0021000000000001JN0F"
NUMBER = "C-0007"
FINCA = 7
MAILBOX = "finca7@vecinos.example"
ASK, END, ACCEPT = "assignment_ask", "assignment_end", "assignment_accept"
CLIENT_CHAT = "whatsapp:client"


def fill(database: Database) -> None:
    """Client 7, of the other agency, gets an identifier that is valid, a mailbox, and a contract."""
    with database.writing() as connection:
        known = {"identifier": CIF, "email": MAILBOX}
        connection.execute(update(client_table).where(client_table.c.id == FINCA).values(known))
        point = {"id": 1, "cups": CUPS, "address": "", "energy": "gas"}
        connection.execute(insert(supply_point_table), point)
        contract = {"number": NUMBER, "client_id": FINCA, "supply_point_id": 1, "product": "Gas"}
        connection.execute(insert(contract_table), contract | {"starts_on": date(2024, 1, 1)})


class Street(Office):
    """The services on a real database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        fill(database)
        self.events: list[tuple[str, str]] = []
        self.answers = Answers(database, AREA, self.clock, lambda _, *event: self.events.append(event))
        self.withdrawals = Withdrawals(database, AREA, self.clock)

    def ask(self, wanted: Wanted | None = None, who: int = ANA, address: str = CHAT) -> Procedure:
        session = self.sign_in(who, SOL, address)
        with self.database.writing() as connection:
            return service.ask(connection, AREA, session, wanted or Wanted(CIF, CUPS), self.now)

    def try_to_ask(self, wanted: Wanted | None = None, who: int = ANA) -> str:
        """What became of it, committed as a turn that answers the refusal does."""
        session = self.sign_in(who)
        with self.database.writing() as connection:
            try:
                service.ask(connection, AREA, session, wanted or Wanted(CIF, CUPS), self.now)
            except Refused as refused:
                return refused.problem.value
            except Exception as error:  # noqa: BLE001 - its name is what the tests look at
                return type(error).__name__
        return "done"

    def link(self, template: str = "assignment_asked", recipient: str = MAILBOX) -> str:
        return self.token(template, recipient)

    def accept(self, token: str | None = None) -> None:
        self.go(minutes=1)
        self.answers.answer(token or self.link(), Answer.ACCEPTED)
        self.answers.announce()

    def code(self) -> str:
        """That of the newest mail to the client."""
        return str([mail.details["code"] for mail in self.mails() if mail.template == "assignment_asked"][-1])

    def type_code(self, code: str | None = None, address: str = CLIENT_CHAT) -> str:
        """What a turn does with the mail's code: gives the reference of what waits for a yes. Raises LinkGone."""
        with self.database.writing() as connection:
            asking = in_chat.by_code(connection, AREA, address, code or self.code(), self.now)
            return propose_here(connection, address, ACCEPT, {"request_id": asking.request_id}, self.now)

    def try_code(self, code: str, address: str = CLIENT_CHAT) -> str:
        """What became of a code, committed as a turn that answers the refusal does."""
        with self.database.writing() as connection:
            try:
                in_chat.by_code(connection, AREA, address, code, self.now)
            except LinkGone as gone:
                return gone.why.value
        return "shown"

    def say_yes(self, reference: str, address: str = CLIENT_CHAT) -> None:
        """What a turn does with the yes of whoever typed a code. Raises Gone or LinkGone."""
        with self.database.writing() as connection:
            pending = take_here(connection, address, reference, self.now)
            in_chat.accept(connection, AREA, pending.details["request_id"], address, None, self.now)

    def say_yes_signed_in(self, session: Session, reference: str) -> None:
        """The same for who is signed in. Raises SignInTooOld as well."""
        with self.database.writing() as connection:
            pending = take(connection, session, reference, self.now)
            request_id = pending.details["request_id"]
            in_chat.accept(connection, AREA, request_id, session.address, session, self.now)

    def make_client(self, person: int, mailbox: str) -> None:
        """The client is that person by its identifier; the mailbox on record of the client is another thing."""
        with self.database.writing() as connection:
            who = person_table.c
            identifier = select(who.identifier).where(who.id == person).scalar_subquery()
            known = {"identifier": identifier, "identifier_kind": "nif", "email": mailbox}
            connection.execute(update(client_table).where(client_table.c.id == FINCA).values(known))

    def waiting_for(self, session: Session) -> list[in_chat.Asking]:
        with self.database.reading() as connection:
            return in_chat.waiting_for(connection, session, self.now)

    def clients(self, who: int = ANA) -> list[str]:
        from bot.accounts.model import Page
        from bot.accounts.service import clients_of

        with self.database.reading() as connection:
            return [each.name for each in clients_of(connection, self.viewer(who), page=Page(0, 100))]

    def assignments(self) -> list[Any]:
        query = select(assignment_table).where(assignment_table.c.client_id == FINCA)
        with self.database.reading() as connection:
            return list(connection.execute(query.order_by(assignment_table.c.id)))

    def procedures(self) -> list[tuple[str, str | None]]:
        with self.database.reading() as connection:
            query = select(procedure_table.c.state, procedure_table.c.outcome).order_by(procedure_table.c.id)
            return [(row.state, row.outcome) for row in connection.execute(query)]

    def requests(self) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(select(request_table).order_by(request_table.c.id)))

    def propose(self, session: Session, kind: str, details: dict[str, Any]) -> str:
        with self.database.writing() as connection:
            return propose(connection, session, kind, details, self.now)

    def confirm(self, session: Session, reference: str) -> None:
        """What a turn does with a yes, all in one transaction."""
        from bot.accounts.service import viewer_here

        with self.database.writing() as connection:
            pending = take(connection, session, reference, self.now)
            if pending.kind == ASK:
                service.ask(connection, AREA, session, Wanted.of(pending.details), self.now)
            else:
                viewer = viewer_here(connection, session, self.now)
                client_id = pending.details["client_id"]
                service.end(connection, viewer, client_id, session.address, self.now)


def all_stored(database: Database) -> dict[str, list[Any]]:
    """All rows that a change of assignments may touch."""
    names = ("assignment", "assignment_request", "assignment_withdrawal", "procedure", "procedure_step")
    with database.reading() as connection:
        own = {name: sorted(map(repr, connection.execute(select(metadata.tables[name])))) for name in names}
    return own | everything_stored(database)


Run = Callable[[], object]
