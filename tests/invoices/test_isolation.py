"""Random people ask random questions: not one row of another agency, and no row of their own left out."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import Connection, insert, select, update

from bot.accounts.model import Energy, NotAllowed, NotFound, Page, Role, Viewer
from bot.accounts.service import (
    agencies_named,
    agency_of,
    client_of,
    clients_of,
    contract_of,
    contracts_of,
    count_clients_of,
    count_contracts,
    find_clients,
    nearest_clients,
    viewer_of,
)
from bot.accounts.store import (
    access_table,
    assignment_table,
    client_table,
    contract_table,
    representative_table,
    supply_point_table,
)
from bot.database import Database
from bot.invoices.model import Filters, Period, State
from bot.invoices.service import invoice_of, invoices_of, payment_day_of, totals_of
from bot.invoices.store import invoice_table
from tests.accounts.misspelt import misspelt
from tests.conftest import DEMO_DAY

QUESTIONS = {"sqlite": 20_000, "postgresql": 3_000}
COMPLETE_EVERY = 10
PEOPLE, AGENCIES = range(7), range(5)
Holding = tuple[int, datetime, datetime | None]


class Truth:
    """What is so, read from the tables as they are and judged in Python."""

    def __init__(self, connection: Connection) -> None:
        self.managed: dict[int, list[Holding]] = defaultdict(list)
        for row in connection.execute(select(assignment_table)):
            self.managed[row.agency_id].append((row.client_id, row.valid_from, row.valid_until))
        self.rights: dict[tuple[int, int], list[Holding]] = defaultdict(list)
        for table in (representative_table, access_table):
            for row in connection.execute(select(table)):
                self.rights[row.person_id, row.agency_id].append((0, row.valid_from, row.valid_until))
        self.invoices = connection.execute(select(invoice_table)).all()
        self.clients = connection.execute(select(client_table)).all()
        self.contracts = connection.execute(select(contract_table)).all()
        self.points = {row.id: row.cups for row in connection.execute(select(supply_point_table))}

    def may(self, person: int, agency: int, at: datetime) -> bool:
        return bool(_holding(self.rights.get((person, agency), []), at))

    def clients_of(self, viewer: Viewer) -> set[int]:
        return set(_holding(self.managed[viewer.agency_id], viewer.at))

    def expected(self, viewer: Viewer, asked: Filters) -> set[int]:
        mine = self.clients_of(viewer)
        points = {row.id: row.supply_point_id for row in self.contracts}
        return {
            row.id
            for row in self.invoices
            if row.client_id in mine
            and asked.client_id in (None, row.client_id)
            and asked.contract_id in (None, row.contract_id)
            and asked.supply_point_id in (None, points[row.contract_id])
            and (asked.due is None or asked.due.first <= row.due_on <= asked.due.last)
            and (asked.issued is None or asked.issued.first <= row.issued_on <= asked.issued.last)
            and (not asked.states or row.state in asked.states)
            and (asked.least_cents is None or row.amount_cents >= asked.least_cents)
            and (asked.most_cents is None or row.amount_cents <= asked.most_cents)
        }


def _holding(held: list[Holding], at: datetime) -> list[int]:
    return [what for what, first, until in held if first <= at and (until is None or until > at)]


def mix_up(connection: Connection, random: Random) -> None:
    """Clients that change agency or have two, rights that end or begin later, one person in two agencies."""
    moments = [DEMO_DAY + timedelta(days=days) for days in (-30, 0, 30)]
    for client_id in random.sample(range(1, 201), 60):
        ended = update(assignment_table).where(assignment_table.c.client_id == client_id)
        connection.execute(ended.values(valid_until=random.choice(moments)))
        taken = connection.execute(
            select(assignment_table.c.agency_id).where(assignment_table.c.client_id == client_id)
        ).scalar_one()
        row = {"agency_id": taken % 3 + 1, "client_id": client_id, "valid_from": random.choice(moments)}
        connection.execute(insert(assignment_table), row)
    for person, agency in ((1, 2), (2, 3), (5, 1)):
        right = {"person_id": person, "agency_id": agency, "role": Role.READ_ONLY, "valid_from": random.choice(moments)}
        connection.execute(insert(access_table), right)
    connection.execute(update(access_table).where(access_table.c.person_id == 3).values(valid_until=DEMO_DAY))


class Asker:
    """Asks one random question after the other and holds each answer against the truth."""

    def __init__(self, connection: Connection, truth: Truth, random: Random) -> None:
        self.connection, self.truth, self.random = connection, truth, random
        self.refused = self.answered = self.rows = 0
        self.kinds: tuple[Callable[[Viewer], None], ...] = (
            self.clients,
            self.found_clients,
            self.nearest_clients,
            self.contracts,
            self.one_contract,
            self.invoices,
            self.invoices,
            self.one_client,
            self.agencies,
            self.one_invoice,
            self.totals,
        )

    def ask(self) -> None:
        random = self.random
        person, agency = random.choice(PEOPLE), random.choice(AGENCIES)
        if random.random() < 0.7:  # most ask where they have, had or will have a right
            person, agency = random.choice(list(self.truth.rights))
        at = DEMO_DAY + timedelta(days=random.choice((-2000, -31, -1, 0, 0, 1, 31)))
        try:
            viewer = viewer_of(self.connection, person, agency, at)
        except NotAllowed:
            assert not self.truth.may(person, agency, at)
            self.refused += 1
            return
        assert self.truth.may(person, agency, at)
        self.answered += 1
        random.choice(self.kinds)(viewer)

    def check(self, viewer: Viewer, clients: set[int]) -> None:
        self.rows += len(clients)
        assert clients <= self.truth.clients_of(viewer)

    def clients(self, viewer: Viewer) -> None:
        some = self.random.choice(self.truth.clients)
        search = self.random.choice(("", some.identifier, some.name, some.name.split()[-1], "sol", "%"))
        rows = clients_of(self.connection, viewer, search, Page(0, 100))
        self.check(viewer, {row.id for row in rows})
        assert count_clients_of(self.connection, viewer, search) == len(rows)
        if some.id in self.truth.clients_of(viewer) and search == some.identifier:
            assert [row.id for row in rows] == [some.id]

    def contracts(self, viewer: Viewer) -> None:
        some = self.random.choice(self.truth.contracts)
        cups = self.random.choice((None, self.truth.points[some.supply_point_id]))
        client_id = self.random.choice((None, some.client_id))
        others = {
            "number": self.random.choice((None, None, some.number)),
            "energy": self.random.choice((None, None, *Energy)),
            "current": self.random.random() < 0.3,
        }
        rows = contracts_of(self.connection, viewer, client_id, cups, Page(0, 100), **others)
        self.check(viewer, {row.client_id for row in rows})
        count = count_contracts(self.connection, viewer, client_id, cups, **others)
        assert len(rows) == min(count, 100)
        mine = self.truth.clients_of(viewer)
        if not any([client_id, cups, *others.values()]):
            assert count == len([row for row in self.truth.contracts if row.client_id in mine])

    def found_clients(self, viewer: Viewer) -> None:
        some = self.random.choice(self.truth.clients)
        found = find_clients(self.connection, viewer, self.words_of(some.name), Page(0, 100))
        self.check(viewer, {row.id for row in found.clients})
        assert len(found.clients) == min(found.total, 100)
        again = find_clients(self.connection, viewer, some.name, Page(0, 100))
        self.check(viewer, {row.id for row in again.clients})
        if some.id in self.truth.clients_of(viewer):
            assert again.exact
            assert some.id in {row.id for row in again.clients}

    def nearest_clients(self, viewer: Viewer) -> None:
        some = self.random.choice(self.truth.clients)
        rows = nearest_clients(self.connection, viewer, self.words_of(some.name), limit=10)
        self.check(viewer, {row.id for row in rows})

    def words_of(self, name: str) -> str:
        """A name as somebody in a hurry writes it."""
        words = name.split()
        place = self.random.choice([place for place, word in enumerate(words) if len(word) > 2])
        words[place] = misspelt(self.random, words[place])
        return " ".join(words)

    def one_contract(self, viewer: Viewer) -> None:
        some = self.random.choice(self.truth.contracts)
        mine = some.client_id in self.truth.clients_of(viewer)
        try:
            assert contract_of(self.connection, viewer, some.id).client_id == some.client_id
            assert mine
        except NotFound:
            assert not mine

    def agencies(self, viewer: Viewer) -> None:
        assert agency_of(self.connection, viewer).id == viewer.agency_id
        ids = {agency.id for agency in agencies_named(self.connection, viewer.person_id, viewer.at)}
        assert ids == {agency for agency in AGENCIES if self.truth.may(viewer.person_id, agency, viewer.at)}

    def one_client(self, viewer: Viewer) -> None:
        client_id = self.random.randrange(-1, 220)
        mine = client_id in self.truth.clients_of(viewer)
        try:
            assert client_of(self.connection, viewer, client_id).id == client_id
            payment_day_of(self.connection, viewer, client_id)
            assert mine
        except NotFound:
            assert not mine
            assert payment_day_of(self.connection, viewer, client_id) is None

    def one_invoice(self, viewer: Viewer) -> None:
        some = self.random.choice(self.truth.invoices)
        try:
            found = invoice_of(self.connection, viewer, some.id)
            self.check(viewer, {found.client_id, some.client_id})
        except NotFound:
            assert some.client_id not in self.truth.clients_of(viewer)

    def invoices(self, viewer: Viewer) -> None:
        asked, page = self.filters(), Page(self.random.choice((0, 0, 10)), self.random.choice((10, 100)))
        rows = invoices_of(self.connection, viewer, asked, page)
        self.check(viewer, {row.client_id for row in rows})
        if self.answered % COMPLETE_EVERY == 0:
            expected = self.truth.expected(viewer, asked)
            assert {row.id for row in rows} <= expected
            assert len(rows) == max(0, min(page.limit, len(expected) - page.offset))

    def totals(self, viewer: Viewer) -> None:
        asked = self.filters()
        total = totals_of(self.connection, viewer, asked).all
        if self.answered % COMPLETE_EVERY == 0:
            expected = self.truth.expected(viewer, asked)
            cents = sum(row.amount_cents for row in self.truth.invoices if row.id in expected)
            assert (total.count, total.amount_cents) == (len(expected), cents)

    def filters(self) -> Filters:
        random, some = self.random, self.random.choice(self.truth.invoices)
        first = date(2025, 1, 1) + timedelta(days=random.randrange(700))
        period = Period(first, first + timedelta(days=random.choice((0, 30, 90, 365))))
        point = next(row.supply_point_id for row in self.truth.contracts if row.id == some.contract_id)
        return Filters(
            client_id=random.choice((None, None, some.client_id)),
            contract_id=random.choice((None, None, None, some.contract_id)),
            supply_point_id=random.choice((None, None, None, point)),
            issued=random.choice((None, None, period)),
            due=random.choice((None, period)),
            states=frozenset(random.sample(list(State), random.randrange(4))),
            least_cents=random.choice((None, None, 20_000)),
            most_cents=random.choice((None, None, 40_000)),
        )


def test_nobody_ever_sees_a_row_of_another_agency(demo: Database) -> None:
    random = Random(3)
    with demo.writing() as connection:
        mix_up(connection, random)
    with demo.reading() as connection:
        asker = Asker(connection, Truth(connection), random)
        for _ in range(int(os.environ.get("RANDOM_QUESTIONS", QUESTIONS[connection.dialect.name]))):
            asker.ask()
    assert asker.refused > asker.answered / 4
    assert asker.answered > asker.refused / 4
    assert asker.rows > asker.answered
