"""What a person takes over by rule, and what the end of that talk leaves alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.company import read_company
from bot.database import Database
from bot.desk.model import Case, Outcome, Reason
from bot.desk.rules import handed_over
from bot.desk.service import open_case
from bot.notifications.store import mail_table
from bot.procedures.model import Kind
from bot.procedures.service import Opening, open_procedure
from bot.procedures.store import procedure, procedure_step_table
from bot.settings import PROJECT, BadSetting
from tests.conftest import DEMO_DAY
from tests.desk.house import AREA, Clock, House
from tests.procedures.world import HERE, IGNACIO, LLORENTE, signed_in


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("representative_change", {Kind.REPRESENTATIVE_CHANGE}),
        ("external_manager, complaint", {Kind.EXTERNAL_MANAGER, Kind.COMPLAINT}),
        ("", set()),
        (" , ", set()),
    ],
)
def test_the_company_says_which(said: str, kinds: set[Kind]) -> None:
    assert handed_over({"hand_over_after": said}) == kinds
    assert handed_over({}) == set()


@pytest.mark.parametrize("said", ["cambio", "handoff", "representative_change; complaint"])
def test_a_word_that_is_no_request_stops_the_start(said: str) -> None:
    with pytest.raises(BadSetting, match="COMPANY_FILE: hand_over_after"):
        handed_over({"hand_over_after": said})


def test_the_company_file_that_comes_along_hands_over_the_change_of_representative() -> None:
    assert handed_over(read_company(PROJECT / "company.yml")) == {Kind.REPRESENTATIVE_CHANGE}


@pytest.fixture
def world(demo: Database) -> House:
    return House(demo, Clock(DEMO_DAY))


@pytest.fixture
def handed(world: House) -> Case:
    """A change of representative that its rule has put into the queue."""
    with world.database.writing() as connection:
        session = signed_in(connection, IGNACIO, LLORENTE, HERE)
        opening = Opening(Kind.REPRESENTATIVE_CHANGE, HERE, session, needed=["authority"])
        sent = open_procedure(connection, AREA, opening, DEMO_DAY)
        opened, is_new = open_case(connection, AREA, HERE, Reason.RULE, DEMO_DAY, sent)
    assert is_new
    assert (opened.procedure_id, opened.tracking_key, opened.deadline_on) == (
        sent.id,
        sent.tracking_key,
        sent.deadline_on,
    )
    return opened


def state_of(world: House, case: Case) -> str:
    with world.database.reading() as connection:
        state: str = connection.execute(select(procedure.state).where(procedure.id == case.procedure_id)).scalar_one()
        return state


@pytest.mark.parametrize("outcome", [Outcome.SOLVED, Outcome.NOT_SOLVED, Outcome.WRONG_PLACE])
def test_no_end_of_the_talk_decides_the_request(world: House, handed: Case, outcome: Outcome) -> None:
    laura = world.staff("laura")
    world.agents.take(laura, handed.id)
    world.agents.close(laura, handed.id, outcome)
    assert state_of(world, handed) == "waiting_documents"


def test_what_is_said_at_the_end_is_mailed_and_stands_in_the_request(world: House, handed: Case) -> None:
    laura = world.staff("laura")
    world.agents.take(laura, handed.id)
    world.agents.close(laura, handed.id, Outcome.SOLVED, "Falta la escritura")
    with world.database.reading() as connection:
        newest = select(mail_table.c.template, mail_table.c.details).order_by(mail_table.c.id.desc()).limit(1)
        template, details = connection.execute(newest).one()
        notes = select(procedure_step_table.c.note).where(procedure_step_table.c.procedure_id == handed.procedure_id)
        assert "Falta la escritura" in list(connection.execute(notes).scalars())
    assert (template, details["note"]) == ("procedure_changed", "Falta la escritura")


def test_who_waits_already_keeps_that_case(world: House) -> None:
    waiting = world.wait(HERE)
    with world.database.writing() as connection:
        session = signed_in(connection, IGNACIO, LLORENTE, HERE)
        sent = open_procedure(connection, AREA, Opening(Kind.REPRESENTATIVE_CHANGE, HERE, session), DEMO_DAY)
        assert open_case(connection, AREA, HERE, Reason.RULE, DEMO_DAY, sent) == (waiting, False)
