"""Who chose to be answered by mail gets every written answer there, and the news of the procedure too."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.database import Database
from bot.desk.counter import Counter
from bot.desk.model import Case, Choice, Outcome, Reason
from bot.desk.service import choose, open_case
from bot.desk.summary import NoKnowledge
from bot.identity.persons import person_by_id
from bot.notifications.rendering import render
from bot.notifications.store import mail_table
from bot.procedures.desk import ProcedureDesk
from tests.conftest import DEMO_DAY
from tests.desk.house import AREA, Clock, House
from tests.notifications.letters import COMPANY
from tests.procedures.world import ARANDA, BEATRIZ, HERE, signed_in

TYPED = "ana.otero@correo.example"


def mails(house: House) -> list[tuple[str, str, dict[str, Any]]]:
    """(recipient, template, details) of every mail, oldest first."""
    columns = mail_table.c
    wanted = select(columns.recipient, columns.template, columns.details).order_by(columns.id)
    with house.database.reading() as connection:
        return [(row.recipient, row.template, row.details) for row in connection.execute(wanted)]


def chosen(house: House, case: Case, text: str, choice: Choice = Choice.MAIL) -> Case:
    with house.database.writing() as connection:
        return choose(connection, AREA, case, choice, text, house.clock())


@pytest.fixture
def counter(house: House) -> Counter:
    return Counter(house.database, ProcedureDesk(AREA, house.router.note_event), NoKnowledge(), house.clock)


@pytest.fixture
def world(demo: Database) -> House:
    """A house in which people of the demo world may be signed in."""
    return House(demo, Clock(DEMO_DAY))


def test_every_answer_is_mailed_once_and_what_is_no_answer_is_not(house: House) -> None:
    laura, case = house.staff("laura"), chosen(house, house.wait(), f"a {TYPED}")
    house.agents.take(laura, case.id)
    for _ in range(2):
        house.agents.say(laura, case.id, "Ya está anulada.\n\nLa nueva llega el lunes.", "m1")
    house.agents.note(laura, case.id, "cliente amable")
    house.agents.say(laura, case.id, "Un saludo", "m2")
    answers = [(to, details["text"]) for to, template, details in mails(house) if template == "desk_answer"]
    assert answers == [(TYPED, ["Ya está anulada.", "La nueva llega el lunes."]), (TYPED, ["Un saludo"])]


def test_the_mail_says_who_answers_what_and_the_key(house: House) -> None:
    laura, case = house.staff("laura"), chosen(house, house.wait(), TYPED)
    house.agents.take(laura, case.id)
    house.agents.say(laura, case.id, "Usa <b>el NIF</b> & listo")
    letter = render(COMPANY, "desk_answer", mails(house)[-1][2])
    assert letter.subject == f"Respuesta a tu consulta {case.tracking_key}"
    assert "Laura contesta a lo que nos pediste el 25 de noviembre de 2026:" in letter.text
    assert "Usa <b>el NIF</b> & listo" in letter.text
    assert "&lt;b&gt;el NIF&lt;/b&gt; &amp; listo" in letter.html


@pytest.mark.parametrize("choice", [Choice.WAIT, Choice.CALL])
def test_who_chose_otherwise_gets_no_mail(house: House, choice: Choice) -> None:
    laura, case = house.staff("laura"), chosen(house, house.wait(), f"600123123 {TYPED}", choice)
    house.agents.take(laura, case.id)
    house.agents.say(laura, case.id, "Hola")
    assert mails(house) == []


def test_a_typed_mailbox_is_the_procedures_and_has_its_key_at_once(house: House) -> None:
    laura, case = house.staff("laura"), chosen(house, house.wait(), TYPED)
    ((recipient, template, details),) = mails(house)
    assert (recipient, template, details["tracking_key"]) == (TYPED, "procedure_opened", case.tracking_key)
    house.agents.take(laura, case.id)
    house.agents.close(laura, case.id, Outcome.SOLVED, "Anulada hoy")
    assert [(to, what) for to, what, _ in mails(house)][1:] == [(TYPED, "procedure_changed")]


def test_chosen_again_nothing_is_mailed_again(house: House) -> None:
    case = chosen(house, house.wait(), TYPED)
    chosen(house, case, "")
    assert len(mails(house)) == 1


def test_a_stranger_does_not_have_many_mailboxes_written_to(house: House) -> None:
    case = house.wait()
    for number in range(20):
        case = chosen(house, case, f"a{number}@correo.example")
    assert len(mails(house)) == 10


def test_who_is_signed_in_gets_it_at_the_mailbox_on_record(world: House) -> None:
    with world.database.writing() as connection:
        session = signed_in(connection, BEATRIZ, ARANDA, HERE)
        case, _ = open_case(connection, AREA, session.address, Reason.ASKED, world.clock())
        person = person_by_id(connection, session.person_id)
    assert person is not None
    laura = world.staff("laura")
    case = chosen(world, case, "respuesta por correo")
    before = len(mails(world))
    world.agents.take(laura, case.id)
    world.agents.say(laura, case.id, "Ya está")
    assert [(to, what) for to, what, _ in mails(world)][before:] == [(person.email, "desk_answer")]


def test_the_desk_tells_the_agent_masked_and_whether_anybody_knows_the_mailbox(house: House, counter: Counter) -> None:
    laura, case = house.staff("laura"), house.wait()
    house.say(f"contestadme a {TYPED}")
    case = chosen(house, case, TYPED)
    found = counter.look(laura, case.id)
    assert (found["case"]["is_mailed"], found["case"]["email"]) == (True, "a***@correo.example")
    assert found["summary"]["is_email_on_record"] is False
    assert TYPED not in str(found)
    revealed = counter.reveal(laura, case.id)
    assert revealed["email"] == TYPED
    assert any(TYPED in message["text"] for message in revealed["messages"])


def test_what_the_assistant_said_of_it_is_masked_too(house: House, counter: Counter) -> None:
    laura, case = house.staff("laura"), house.wait()
    with house.database.writing() as connection:
        choose(connection, AREA, case, Choice.MAIL, "por correo", house.clock())
    assert house.say(TYPED) == [f"utter_handoff_mail {TYPED} {case.tracking_key}"]
    assert "a•••@correo.example" in counter.look(laura, case.id)["messages"][-1]["text"]
