"""Whoever is signed in gets a person also when their right for the agency has ended meanwhile, and not in the agency's name."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from bot.accounts.store import representative_table
from bot.conversation import transcript
from bot.database import Database
from bot.desk.model import Reason
from bot.desk.service import open_case
from bot.identity.sessions import choose_agency, open_session
from tests.conftest import DEMO_DAY
from tests.desk.house import ADDRESS, AREA


def test_who_may_act_for_the_agency_no_more_still_gets_a_person(demo: Database) -> None:
    right = representative_table.c
    with demo.writing() as connection:
        row = connection.execute(select(right.person_id, right.agency_id).limit(1)).one()
        transcript.open_conversation(connection, ADDRESS, DEMO_DAY)
        session = open_session(connection, ADDRESS, row.person_id, None, DEMO_DAY)
        choose_agency(connection, session, row.agency_id)
        ended = update(representative_table).where(right.person_id == row.person_id)
        connection.execute(ended.values(valid_until=DEMO_DAY - timedelta(hours=1)))
        opened, is_new = open_case(connection, AREA, ADDRESS, Reason.ASKED, DEMO_DAY)
    assert is_new
    assert (opened.person_id, opened.agency_id) == (row.person_id, None)
