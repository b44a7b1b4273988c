"""A right over some clients shows those and nothing else, whatever is asked."""

from __future__ import annotations

import os
from random import Random

from sqlalchemy import Connection, insert, select, update

from bot.accounts.model import Viewer
from bot.accounts.service import clients_of, viewer_of
from bot.accounts.store import access_client_table, access_table
from bot.contacts import service
from bot.database import Database
from tests.conftest import DEMO_DAY
from tests.invoices.test_isolation import Asker, Truth, mix_up

QUESTIONS = {"sqlite": 2_000, "postgresql": 500}
IGNACIO, LLORENTE = 2, 2


class LimitedTruth(Truth):
    """What is so where the rights that were given are limited."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        named = select(access_table.c.person_id, access_table.c.agency_id, access_client_table.c.client_id)
        limited = connection.execute(
            named.outerjoin(access_client_table, access_client_table.c.access_id == access_table.c.id).where(
                access_table.c.is_limited
            )
        )
        self.limits: dict[tuple[int, int], set[int]] = {}
        for person_id, agency_id, client_id in limited:
            self.limits.setdefault((person_id, agency_id), set()).add(client_id)

    def clients_of(self, viewer: Viewer) -> set[int]:
        mine = super().clients_of(viewer)
        return mine & self.limits.get((viewer.person_id, viewer.agency_id), mine)


def limit_rights(connection: Connection, random: Random) -> None:
    """Over some clients, of which some are another agency's, and of one right none at all."""
    rights = list(connection.execute(select(access_table.c.id).order_by(access_table.c.id)).scalars())
    connection.execute(update(access_table).values(is_limited=True))
    for access_id in rights[:-1]:
        for client_id in random.sample(range(1, 201), random.randrange(10, 90)):
            connection.execute(insert(access_client_table), {"access_id": access_id, "client_id": client_id})


def test_a_limited_contact_never_sees_a_row_outside_of_the_list(demo: Database) -> None:
    random = Random(4)
    with demo.writing() as connection:
        mix_up(connection, random)
        limit_rights(connection, random)
    with demo.reading() as connection:
        truth = LimitedTruth(connection)
        asker = Asker(connection, truth, random)
        for _ in range(int(os.environ.get("RANDOM_QUESTIONS", QUESTIONS[connection.dialect.name]))):
            asker.ask()
    assert len(truth.limits) >= 4
    assert asker.rows > asker.answered


def test_who_sees_a_client_is_who_finds_it(demo: Database) -> None:
    random = Random(5)
    with demo.writing() as connection:
        limit_rights(connection, random)
        viewer = viewer_of(connection, IGNACIO, LLORENTE, DEMO_DAY)
        people = [contact.id for contact in service.contacts_of(connection, viewer)]
        for client in random.sample(clients_of(connection, viewer), 8):
            told = {contact.id for contact in service.who_sees(connection, viewer, client.id)}
            own = {person: viewer_of(connection, person, LLORENTE, DEMO_DAY) for person in people}
            finding = {person for person in people if clients_of(connection, own[person], client.identifier)}
            assert told == finding
