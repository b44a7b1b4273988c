"""Asking for a person and calling them off, over every channel of real servers, with the desk at work beside it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from sqlalchemy import select, update

from bot.area import Area
from bot.assistant.dialogue_table import dialogue, dialogue_table
from bot.conversation.model import Reply
from bot.database import Database, utc_now
from bot.desk.agents import Agents
from bot.desk.model import Case, Outcome, StaffMember
from bot.desk.staff import member_by_login
from bot.desk.store import cases_of
from bot.desk.tables import case, case_step, case_table
from bot.notifications.store import mail_table
from bot.procedures.store import procedure
from tests.open_house import GROUNDS, OpenHouse, house_on
from tests.visitor import IGNACIO, ROSA, Visitor

SECRET = "s" * 40
_numbers = count(time.time_ns() // 1000 % 10**8)
STOPPED, CANCELLED_NOTHING = "ya no esperas a nadie", "no hay nada a medias"


@pytest.fixture(scope="module", params=GROUNDS)
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server with the invented world, over each channel and on each kind of database."""
    server = house_on(request, tmp_path_factory.mktemp("hand_off"))
    server.set(SECRET_KEY=SECRET)
    server.start()
    yield server
    server.stop()


by_callers = pytest.mark.parametrize("office", ["rest-sqlite", "rest-postgresql"], indirect=True)
"""For what the desk does in another process than the server: callers hear it with the next answer."""


@pytest.fixture
def talk(office: OpenHouse) -> Visitor:
    return office.visitor()


@contextmanager
def database_of(server: OpenHouse) -> Iterator[Database]:
    database = Database(server.database_url)
    yield database
    database.close()


def cases(server: OpenHouse, talk: Visitor) -> list[Case]:
    """The cases of a conversation, oldest first."""
    wanted = select(case_table).where(case.address == talk.address).order_by(case.id)
    with database_of(server) as database, database.reading() as connection:
        return cases_of(list(connection.execute(wanted)))


def ended(server: OpenHouse, talk: Visitor) -> tuple[str, str | None, str, list[str]]:
    """State, outcome, state of the procedure, and the steps of the only case of a conversation."""
    (found,) = cases(server, talk)
    with database_of(server) as database, database.reading() as connection:
        state = connection.execute(select(procedure.state).where(procedure.id == found.procedure_id)).scalar_one()
        steps = select(case_step.what).where(case_step.case_id == found.id).order_by(case_step.id)
        return found.state.value, found.outcome, state, list(connection.execute(steps).scalars())


def at_the_desk(server: OpenHouse, do: Callable[[Agents, StaffMember], object]) -> None:
    """What somebody of the staff does, in another process than the server's."""
    with database_of(server) as database:
        with database.reading() as connection:
            laura = member_by_login(connection, "laura")
        assert laura is not None
        do(Agents(database, Area(server.url, SECRET.encode()), _say, utc_now, 2000), laura)


def _say(response: str, **values: object) -> Reply:
    return Reply(" ".join([response, *map(str, values.values())]))


@pytest.mark.parametrize(
    "words",
    [
        "déjalo",
        "Ya no hace falta, gracias",
        "ya está, gracias, no hace falta que me atienda nadie",
        "cancela lo de la persona",
        "no hace falta, ya lo he encontrado yo",
        "me lo he pensado mejor, no sigo",
    ],
)
def test_right_after_the_hand_off_it_is_called_off(office: OpenHouse, talk: Visitor, words: str) -> None:
    assert "tu clave es" in talk.ask("quiero hablar con una persona")
    assert STOPPED in talk.ask(words)
    assert ended(office, talk) == ("closed", "left", "cancelled", ["queued", "left"])
    assert "nif" in talk.ask("¿Puedo entrar con el CIF de la gestoría?")


@pytest.mark.parametrize("chosen", ["Espero aquí", "Respuesta por correo", "Que me llamen"])
def test_after_choosing_how_it_is_still_called_off(office: OpenHouse, talk: Visitor, chosen: str) -> None:
    talk.ask("quiero hablar con una persona")
    assert "ya no hace falta" in talk.ask(chosen)
    assert STOPPED in talk.ask("pues déjalo")
    assert ended(office, talk)[0] == "closed"


@pytest.mark.parametrize(
    ("words", "asked"),
    [("mejor por correo, gracias", "correo"), ("que me llamen", "telefono"), ("vale, espero aquí", "te avisamos")],
)
def test_how_to_be_answered_may_be_said_in_any_words(talk: Visitor, words: str, asked: str) -> None:
    talk.ask("quiero hablar con una persona")
    answer = talk.ask(words)
    assert asked in answer
    assert "900 100 270" not in answer


def test_after_a_number_was_given_too(office: OpenHouse, talk: Visitor) -> None:
    talk.ask("quiero hablar con una persona")
    talk.ask("Que me llamen")
    assert "600123123" in talk.ask("al 600 123 123")
    assert STOPPED in talk.ask("olvídalo")
    assert ended(office, talk)[:2] == ("closed", "left")


def test_later_on_only_words_about_the_person_call_it_off(office: OpenHouse, talk: Visitor) -> None:
    talk.ask("quiero hablar con una persona")
    talk.ask("¿Puedo entrar con el CIF de la gestoría?")
    assert STOPPED not in talk.ask("déjalo")
    assert ended(office, talk)[0] == "waiting"
    assert STOPPED in talk.ask("ya no necesito hablar con nadie")
    assert ended(office, talk)[0] == "closed"


@pytest.mark.parametrize("words", ["¿cuánto tardáis?", "cuanto tiempo hay que esperar", "¿cómo va eso?"])
def test_who_waits_for_a_person_and_asks_how_long_hears_of_the_queue(talk: Visitor, words: str) -> None:
    talk.ask("quiero hablar con una persona")
    answer = talk.ask(words)
    assert "en la cola" in answer
    assert "15 dias" not in answer
    assert "codigo" not in answer


def test_a_hand_off_without_a_mailbox_promises_no_code(talk: Visitor) -> None:
    talk.ask("quiero hablar con una persona")
    answer = talk.ask("¿cómo va lo mío?")
    assert "he mandado" not in answer
    assert "codigo de seis cifras" not in answer


def test_who_insists_on_a_person_stays_in_the_queue(office: OpenHouse, talk: Visitor) -> None:
    talk.ask("quiero hablar con una persona")
    assert STOPPED not in talk.ask("no quiero un robot, quiero una persona")
    assert STOPPED not in talk.ask("gracias")
    assert ended(office, talk)[0] == "waiting"


def test_the_form_that_the_hand_off_took_out_of_the_way_goes_on(office: OpenHouse, talk: Visitor) -> None:
    talk.ask("no recuerdo si me di de alta con NIF o CIF")
    talk.ask("quiero hablar con una persona")
    answer = talk.ask("ya no hace falta")
    assert STOPPED in answer
    assert "seguimos donde lo habiamos dejado" in answer
    assert "sigue" in talk.ask("12345678Z")


def test_a_new_wish_for_a_person_is_a_new_case(office: OpenHouse, talk: Visitor) -> None:
    talk.ask("quiero hablar con una persona")
    talk.ask("déjalo")
    assert "tu clave es" in talk.ask("mejor sí, pásame con una persona")
    assert [one.state.value for one in cases(office, talk)] == ["closed", "waiting"]


@by_callers
def test_while_a_person_has_it_nothing_is_called_off_but_the_talk_can_be_ended(
    office: OpenHouse, talk: Visitor
) -> None:
    talk.ask("quiero hablar con una persona")
    (waiting,) = cases(office, talk)
    at_the_desk(office, lambda agents, laura: agents.take(laura, waiting.id))
    assert "utter_desk_joined" in talk.say("hola")[0]["text"]
    assert talk.say("déjalo") == []
    assert talk.say("ya no hace falta") == []
    assert ended(office, talk)[0] == "agent"
    answer = talk.ask("gracias, prefiero seguir con el asistente")
    assert "has terminado la conversacion" in answer
    assert "vuelvo a ser yo" in talk.ask("hola")
    assert ended(office, talk) == ("assistant", "left", "resolved", ["queued", "taken", "left"])


def test_without_a_case_there_is_nothing_to_call_off(talk: Visitor) -> None:
    talk.ask("hola")
    assert CANCELLED_NOTHING in talk.ask("déjalo")


def letters(server: OpenHouse, recipient: str) -> list[tuple[str, list[str] | None]]:
    """(template, lines) of what was mailed to somebody, oldest first."""
    mail = mail_table.c
    wanted = select(mail.template, mail.details).where(mail.recipient == recipient).order_by(mail.id)
    with database_of(server) as database, database.reading() as connection:
        return [(row.template, row.details.get("text")) for row in connection.execute(wanted)]


@by_callers
def test_an_answer_by_mail_is_mailed_and_heard_in_the_chat_too(office: OpenHouse, talk: Visitor) -> None:
    mailbox = f"{talk.sender[:12]}@correo.example"
    talk.ask("quiero hablar con una persona")
    assert "¿a que direccion" in talk.ask("Respuesta por correo")
    assert mailbox in talk.ask(f"a {mailbox}, gracias")
    (waiting,) = cases(office, talk)

    def answer(agents: Agents, laura: StaffMember) -> None:
        agents.take(laura, waiting.id)
        agents.say(laura, waiting.id, "Ya está anulada.")
        agents.close(laura, waiting.id, Outcome.SOLVED)

    at_the_desk(office, answer)
    heard = " ".join(said["text"] for said in talk.say("hola"))
    assert "Ya está anulada." in heard
    assert letters(office, mailbox) == [
        ("procedure_opened", []),
        ("desk_answer", ["Ya está anulada."]),
        ("procedure_changed", None),
    ]


def test_the_mailbox_on_record_is_not_told_in_full(office: OpenHouse) -> None:
    visitor = office.visitor()
    assert visitor.sign_in(ROSA) == 200
    visitor.ask("quiero hablar con una persona")
    told = visitor.ask("Respuesta por correo")
    assert re.search(r"por correo a \w•••@[\w.-]+\.", told)


def change_of_representative(server: OpenHouse) -> tuple[Visitor, str]:
    """Somebody who has just sent one, and what was answered."""
    visitor = server.visitor()
    assert visitor.sign_in(IGNACIO) == 200
    nif = complete(f"{next(_numbers):08d}")
    visitor.ask(f"quiero cambiar el representante, la nueva es Nora Gil Sanz, {nif}, nora{nif}@correo.example")
    return visitor, visitor.ask("sí")


def complete(digits: str) -> str:
    """A NIF that nobody has."""
    return digits + "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23]


def test_a_change_of_representative_is_handed_to_a_person_under_its_own_key(office: OpenHouse) -> None:
    visitor, answer = change_of_representative(office)
    assert "de esta gestion se ocupa una persona" in answer
    (waiting,) = cases(office, visitor)
    assert (waiting.state.value, waiting.reason.value) == ("waiting", "rule")
    assert answer.count(waiting.tracking_key.lower()) >= 2, "one key for both"
    assert "nombramiento o poder" in answer


def test_calling_the_person_off_leaves_the_request_as_it_is(office: OpenHouse) -> None:
    visitor, _ = change_of_representative(office)
    answer = visitor.ask("ya no hace falta que me atienda nadie")
    assert STOPPED in answer
    assert "sigue en marcha" in answer
    assert "anular esta gestion" in answer
    assert ended(office, visitor)[:3] == ("closed", "left", "waiting_documents")


def test_other_requests_are_not_handed_over(office: OpenHouse, talk: Visitor) -> None:
    talk.ask("quiero poner una reclamación: me han cobrado dos veces la factura de enero")
    talk.ask(f"{talk.sender[:12]}@correo.example")
    assert "ya esta registrada" in talk.ask("sí")
    assert cases(office, talk) == []


def test_who_is_not_understood_twice_is_offered_a_person_who_knows_it(office: OpenHouse, talk: Visitor) -> None:
    assert "algo de esto" in talk.ask("¿con qué documento entro?")
    assert "sigo sin entenderte" in talk.ask("¿con qué documento entro?")
    assert "tu clave es" in talk.ask("Hablar con alguien")
    (waiting,) = cases(office, talk)
    assert waiting.reason.value == "misunderstood"


def spoil_the_count_of_failures(server: OpenHouse, talk: Visitor) -> None:
    """A dialogue with a value in it that breaks the form's validation: no component is replaced, and every turn of the form fails."""
    of_talk = dialogue.address == talk.address
    with database_of(server) as database, database.writing() as connection:
        state = json.loads(connection.execute(select(dialogue.state).where(of_talk)).scalar_one())
        state["events"].append({"event": "slot", "name": "form_failures", "value": "x", "timestamp": time.time()})
        connection.execute(update(dialogue_table).where(of_talk).values(state=json.dumps(state)))


@by_callers
def test_a_turn_that_breaks_puts_a_person_on_it_once(office: OpenHouse, talk: Visitor) -> None:
    talk.ask("no recuerdo si me di de alta con NIF o CIF")
    spoil_the_count_of_failures(office, talk)
    answer = talk.ask("no lo tengo a mano, es el 1234")
    (waiting,) = cases(office, talk)
    assert "problema tecnico" in answer
    assert waiting.tracking_key.lower() in answer
    assert (waiting.state.value, waiting.reason.value) == ("waiting", "technical")
    again = talk.ask("es el 5678")
    assert "problema tecnico" in again
    assert waiting.tracking_key.lower() not in again
    assert len(cases(office, talk)) == 1

    def answer_it(agents: Agents, laura: StaffMember) -> None:
        agents.take(laura, waiting.id)
        agents.say(laura, waiting.id, "Te ayudo yo.")

    at_the_desk(office, answer_it)
    assert "te ayudo yo" in talk.ask("¿hay alguien?")
    assert STOPPED not in talk.ask("ya no hace falta")
