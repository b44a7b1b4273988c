"""Authorized contacts in the chat of real servers: added, changed and ended by who may, after a yes, and undone by mail."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pytest
from sqlalchemy import update
from stdnum.es import dni

from bot.database import Database, utc_now
from bot.identity.sessions import session_table
from tests.open_house import GROUNDS, OpenHouse, house_on
from tests.talk import plain
from tests.visitor import BEATRIZ, IGNACIO, MARCOS, PAULA, ROSA, Visitor

NUMBER = re.compile(r"FE\d{4}-\d{6}")
CONFIRM, DONE = "¿lo confirmo?", "ya esta entre tus contactos"
_numbers = count(70_000_000 + time.time_ns() % 900_000)


@pytest.fixture(scope="module", params=GROUNDS)
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server with the invented world, over each channel and on each kind of database."""
    server = house_on(request, tmp_path_factory.mktemp("office"))
    server.start()
    yield server
    server.stop()


def signed_in(server: OpenHouse, nif: str, password: str | None = None) -> Visitor:
    visitor = server.visitor()
    assert visitor.sign_in(nif, password=password) == 200
    assert "actuas por" in visitor.ask("¿quién soy?")
    return visitor


def new_nif() -> str:
    """One that nobody has."""
    number = f"{next(_numbers)}"
    return f"{number}{dni.calc_check_digit(number)}"


def mailed(visitor: Visitor, path: str, about: str) -> str:
    """The link of the newest mail that leads to such a page and names somebody."""
    mailbox = visitor.open(f"{visitor.url}/demo/correo")[1].decode()
    for mail in re.findall(r'href="(/demo/correo/\d+)"', mailbox):
        text = visitor.open(visitor.url + mail)[1].decode()
        found = re.search(rf"{visitor.url}{path}/[\w-]+", text)
        if found and about in text:
            return found[0]
    raise AssertionError(f"no mail with {path}")


def registered(visitor: Visitor, first_name: str, nif: str, password: str) -> None:
    """The invited person chooses a password on the page of the mail."""
    link = mailed(visitor, "/invitacion", first_name)
    form = {
        "identifier": nif,
        "first_name": first_name,
        "surnames": "Prueba",
        "password": password,
        "repeated": password,
    }
    assert visitor.open(link, form)[0] == 200


def test_a_first_name_alone_is_not_taken_for_the_surnames_too(office: OpenHouse) -> None:
    assert "apellidos de laura" in signed_in(office, BEATRIZ).ask("quiero que mi hija Laura pueda verlo")


def test_two_messages_add_a_contact_who_registers_and_sees_but_authorizes_nobody(office: OpenHouse) -> None:
    holder, nif, password = signed_in(office, IGNACIO), new_nif(), f"clave-larga-{time.time_ns()}"
    summary = holder.ask(f"autoriza a Berta Prueba, {nif}, berta@colega.example, solo lectura hasta junio")
    for part in (
        "berta prueba",
        "berta@colega.example",
        "solo lectura",
        "todos",
        "30 de junio",
        "fincas llorente",
        CONFIRM,
    ):
        assert part in summary
    assert nif.casefold() not in summary, "the identifier is masked"
    assert DONE in holder.ask("sí")

    registered(office.visitor(), "Berta", nif, password)
    colleague = signed_in(office, nif, password)
    assert NUMBER.search(colleague.ask("facturas vencidas").upper())
    assert "no puedes cambiar quien actua" in colleague.ask(f"autoriza a Ana Sol, {new_nif()}, ana@x.example, total")
    assert "no puedes cambiar quien actua" in colleague.ask("quítale el acceso a Paula")

    assert "permiso total" in holder.ask("pasa a Berta a total")
    assert "tiene ahora permiso total" in holder.ask("sí")
    assert "autorizacion total" in colleague.ask("¿quién soy?")
    assert "quitarle el acceso a berta prueba" in holder.ask("quítale el acceso a Verta")
    assert "ya no tiene acceso" in holder.ask("sí")
    refused = colleague.ask("facturas vencidas")
    assert not NUMBER.search(refused.upper()), "the very next message"
    assert "entra con tu nif" in refused


def test_step_by_step_takes_six_messages(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    assert "¿a quien quieres autorizar?" in holder.ask("quiero autorizar a alguien")
    assert "¿cual es el nif de luis perez gil?" in holder.ask("Luis Pérez Gil")
    assert "¿a que correo" in holder.ask(new_nif())
    assert "¿que permiso le das?" in holder.ask("luis@colega.example")
    assert CONFIRM in holder.ask("Total")
    assert DONE in holder.ask("sí")
    assert "luis perez gil" in holder.ask("mis contactos")


def test_a_question_in_the_middle_is_answered_and_the_draft_goes_on(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    holder.ask(f"autoriza a Olga Prado Sanz, {new_nif()}, olga@colega.example")
    answer = holder.ask("¿qué diferencia hay entre total y solo lectura?")
    assert "hay dos tipos de autorizacion" in answer
    assert "¿que permiso le das?" in answer
    answer = holder.ask("mis facturas vencidas")
    assert NUMBER.search(answer.upper())
    assert "¿que permiso le das?" in answer
    summary = holder.ask("solo lectura")
    assert "olga prado sanz" in summary
    assert CONFIRM in summary
    assert "de acuerdo, no cambio nada" in holder.ask("no")
    assert "olga" not in holder.ask("mis contactos")


def test_anything_is_corrected_also_after_the_summary(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    holder.ask(f"autoriza a Nora Prado, {new_nif()}, nora@colega.example, total")
    assert "nora.prado@colega.example" in holder.ask("no, el correo es nora.prado@colega.example")
    assert "de solo lectura" in holder.ask("mejor solo lectura")
    assert "nora pardo" in holder.ask("no, se llama Nora Pardo")
    assert "31 de marzo" in holder.ask("hasta el 31 de marzo")
    assert "solo comunidad de propietarios sol 2" in holder.ask("que solo vea la comunidad Sol 2")
    assert "sin fecha de fin" in holder.ask("sin fecha de fin")
    assert "lo dejamos aqui" in holder.ask("cancelar")
    assert "nora" not in holder.ask("sí"), "nothing waits any more"


@pytest.mark.parametrize(
    ("identifier", "email", "rest", "told"),
    [
        ("12345678A", "a@colega.example", "total", "su letra no es la que le toca"),
        ("B57337925", "a@colega.example", "total", "eso es un cif"),
        ("", "a@colega", "total", "ese correo no esta completo"),
        ("", "a@colega.example", "total, hasta el 1 de enero de 2020", "esa fecha ya ha pasado"),
        ("", "a@colega.example", "total, hasta el 31 de diciembre de 2080", "mas de diez anos"),
        ("", "a@colega.example", "total, hasta que vuelva Paula", "¿hasta que dia?"),
        (IGNACIO, "a@colega.example", "total", "es representante de la gestoria"),
        (PAULA, "a@colega.example", "total", "ya esta entre tus contactos"),
        (BEATRIZ, "a@colega.example", "total", "no coincide con los datos"),
        ("", "a@colega.example", "total, solo para la comunidad Zzyzx", "entre tus clientes no encuentro"),
    ],
)
def test_each_problem_is_told_and_nothing_is_added(
    office: OpenHouse, identifier: str, email: str, rest: str, told: str
) -> None:
    holder = signed_in(office, IGNACIO)
    answer = holder.ask(f"autoriza a Alba Prueba Gil, {identifier or new_nif()}, {email}, {rest}")
    assert told in answer
    assert CONFIRM not in answer
    holder.ask("cancelar")
    assert "alba" not in holder.ask("mis contactos")


def test_what_was_wrong_is_said_again_and_the_draft_goes_on(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    assert "su letra" in holder.ask("autoriza a Irene Prado Sol, 12345678A, irene@colega.example, lectura")
    assert CONFIRM in holder.ask(new_nif())
    assert "ya ha pasado" in holder.ask("hasta el 1 de enero de 2020")
    assert "¿lo confirmo?" in holder.ask("sin fecha de fin")
    holder.ask("no")


def test_a_mailbox_that_is_known_for_somebody_else_gets_no_right(office: OpenHouse) -> None:
    holder, nif = signed_in(office, IGNACIO), new_nif()
    holder.ask(f"autoriza a Vera Prado, {nif}, vera@colega.example, total")
    assert DONE in holder.ask("sí")
    other = signed_in(office, BEATRIZ)
    assert "no coincide con los datos" in other.ask(f"autoriza a Vera Prado, {nif}, vera@intruso.example, total")
    assert CONFIRM in other.ask("vera@colega.example"), "the right mailbox may be said at once"
    other.ask("no")


def test_who_may_not_is_told_so_before_anything_is_asked(office: OpenHouse) -> None:
    for nif in (MARCOS, PAULA):
        visitor = signed_in(office, nif)
        for text in ("quiero autorizar a alguien", "autoriza a Ana Sol", "quítale el acceso a alguien"):
            assert "no puedes cambiar quien actua" in visitor.ask(text)
        assert "representante" in visitor.ask("mis contactos"), "looking is allowed"


def test_a_question_is_only_explained_and_a_stranger_who_asks_for_it_signs_in_and_goes_on(office: OpenHouse) -> None:
    visitor = office.visitor()
    answer = visitor.ask("¿cómo autorizo a un compañero?")
    assert "anadir nuevo contacto" in answer
    assert "autorizar ahora" in answer
    link = visitor.link(visitor.say(f"autoriza a Sara Prado, {new_nif()}, sara@colega.example, lectura"))
    assert visitor.enter(link, IGNACIO) == 200
    went_on = visitor.ask("hola")
    assert "sara prado" in went_on
    assert CONFIRM in went_on
    visitor.ask("no")


def test_the_button_of_the_explanation_begins(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    assert "autorizar ahora" in holder.ask("¿cómo autorizo a un compañero?")
    assert "¿a quien quieres autorizar?" in holder.ask("Autorizar ahora")
    holder.ask("cancelar")


def test_one_of_the_list_is_opened_changed_ended_and_given_back(office: OpenHouse) -> None:
    holder = signed_in(office, ROSA)
    shown = holder.ask("quién puede ver mis facturas")
    assert "1. rosa ribera ortiz · representante" in shown
    assert "2. marcos peral gil · solo lectura" in shown
    card = holder.ask("la 2")
    assert "marcos peral gil" in card
    assert MARCOS.casefold() not in card
    assert "permiso total" in holder.ask("pásalo a total")
    assert "tiene ahora permiso total" in holder.ask("sí")
    assert "dejara de ver" in holder.ask("quítale el acceso")
    assert "ya no tiene acceso" in holder.ask("sí")
    assert "sin acceso" in holder.ask("mis contactos")
    assert "devolverle el acceso" in holder.ask("reactiva a Marcos")
    assert "vuelve a tener acceso" in holder.ask("sí")
    assert "dejar a marcos" in holder.ask("pon a Marcos en solo lectura")
    holder.ask("sí")


def test_an_invitation_is_mailed_again_to_who_has_not_entered(office: OpenHouse) -> None:
    holder, nif = signed_in(office, IGNACIO), new_nif()
    holder.ask(f"autoriza a Carla Prado, {nif}, carla@colega.example, total")
    assert DONE in holder.ask("sí")
    first = mailed(holder, "/invitacion", "Carla")
    assert "todavia no ha entrado" in holder.ask("¿sigue autorizada Carla?")
    assert "otra invitacion" in holder.ask("mándale otra vez la invitación")
    assert "le hemos mandado otra invitacion" in holder.ask("sí")
    assert mailed(holder, "/invitacion", "Carla") != first
    assert holder.open(first)[0] == 410


def test_nobody_changes_a_representative_or_somebody_unknown(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    assert "es representante de la gestoria" in holder.ask("quítale el acceso a Ignacio")
    answer = holder.ask("quítale el acceso a Perico Palotes")
    assert "no encuentro a esa persona" in answer
    assert CONFIRM not in answer


def test_the_link_of_the_mail_undoes_the_change_once(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    holder.ask(f"autoriza a Tania Prado, {new_nif()}, tania@colega.example, total")
    assert DONE in holder.ask("sí")
    undo = mailed(holder, "/deshacer", "Tania")
    assert "tania" in plain(holder.open(undo)[1].decode())
    assert "tania prado · total" in holder.ask("mis contactos"), "looking undoes nothing"
    assert holder.open(undo, {})[0] == 200
    assert "sin acceso" in holder.ask("mis contactos").partition("tania prado")[2]
    assert holder.open(undo, {})[0] == 410


def test_a_yes_of_somewhere_or_somebody_else_or_to_something_else_applies_nothing(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    assert DONE not in holder.ask("sí")
    holder.ask(f"autoriza a Diana Prado, {new_nif()}, diana@colega.example, total")
    for other in (signed_in(office, IGNACIO), signed_in(office, PAULA), office.visitor()):
        assert DONE not in other.ask("sí")
    answer = holder.ask("pon el día de pago de la comunidad mediodía 10 al 9")
    assert "dia 9" in answer
    assert "diana" not in answer, "another change waits now, and the draft is over"
    assert "pagara sus facturas el dia 9" in holder.ask("sí")
    assert DONE not in holder.ask("sí")
    assert "diana" not in holder.ask("mis contactos")


def end_sessions(server: OpenHouse) -> None:
    """As if everybody had been idle for too long."""
    with closing(Database(server.database_url)) as database, database.writing() as connection:
        connection.execute(update(session_table).where(session_table.c.ended_at.is_(None)).values(ended_at=utc_now()))


@pytest.mark.parametrize(("nif", "goes_on"), [(IGNACIO, True), (BEATRIZ, False)])
def test_a_draft_outlives_a_session_that_ended_by_itself_but_only_for_the_same_person(
    office: OpenHouse, nif: str, goes_on: bool
) -> None:
    visitor = signed_in(office, IGNACIO)
    visitor.ask(f"autoriza a Rocío Prado, {new_nif()}, total")
    end_sessions(office)
    link = visitor.link(visitor.say("rocio@colega.example"))
    assert visitor.enter(link, nif) == 200
    answer = visitor.ask("hola")
    assert ("rocio@colega.example" in answer) is goes_on
    assert (CONFIRM in answer) is goes_on
    visitor.ask("cancelar")


def test_the_yes_of_a_session_that_ended_applies_nothing_before_the_next_sign_in(office: OpenHouse) -> None:
    visitor = signed_in(office, IGNACIO)
    visitor.ask(f"autoriza a Silvia Prado, {new_nif()}, silvia@colega.example, total")
    end_sessions(office)
    asked = visitor.say("sí")
    assert DONE not in plain(str(asked))
    other = signed_in(office, IGNACIO)
    assert "silvia" not in other.ask("mis contactos")
    assert visitor.enter(visitor.link(asked), IGNACIO) == 200
    visitor.ask("hola")
    assert "silvia" in other.ask("mis contactos")


def test_a_draft_is_nobody_elses_and_ends_with_the_session(office: OpenHouse) -> None:
    visitor = signed_in(office, IGNACIO)
    visitor.ask(f"autoriza a Elsa Prado, {new_nif()}, elsa@colega.example")
    assert "elsa" not in visitor.ask("cerrar sesión")
    assert visitor.sign_in(BEATRIZ) == 200
    assert "elsa" not in visitor.ask("hola")
    assert "elsa" not in visitor.ask("solo lectura")
    assert "¿a quien quieres autorizar?" in visitor.ask("quiero autorizar a alguien")
