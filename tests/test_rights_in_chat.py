"""External managers, a new representative, and clients that an agency asks for, in the chat of real servers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pytest
from sqlalchemy import select
from stdnum.es import dni

from bot.accounts.store import client_table, contract_table, supply_point_table
from bot.area import Area
from bot.customer_area import EFFECTS
from bot.database import Database, utc_now
from bot.procedures.effects import set_effects
from bot.procedures.model import Actor, Change, State
from bot.procedures.rights import Doer
from bot.procedures.service import change_state, find_by_key, receive_item
from tests.open_house import GROUNDS, OpenHouse, house_on
from tests.talk import plain
from tests.test_contacts_in_chat import mailed, registered, signed_in
from tests.visitor import BEATRIZ, IGNACIO, MARCOS, PAULA, ROSA, Visitor

KEY = re.compile(r"clave identificativa es \*?\*?([A-Z0-9-]{8,})")
CONFIRM = "¿lo confirmo?"
STAFF = Doer(Actor.STAFF)
SECRET = "a secret of thirty-two characters"
_numbers = count(50_000_000 + time.time_ns() % 900_000)


@pytest.fixture(scope="module", params=GROUNDS)
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server with the invented world, over each channel and on each kind of database."""
    server = house_on(request, tmp_path_factory.mktemp("rights"))
    server.set(SECRET_KEY=SECRET)
    server.start()
    set_effects(EFFECTS)
    yield server
    set_effects({})
    server.stop()


def new_nif() -> str:
    """One that nobody has."""
    number = f"{next(_numbers)}"
    return f"{number}{dni.calc_check_digit(number)}"


def resolve(server: OpenHouse, key: str, paper: str) -> None:
    """What staff do: the paper has come, and it serves."""
    area = Area(server.url, SECRET.encode())
    with closing(Database(server.database_url)) as database:
        with database.writing() as connection:
            found = find_by_key(connection, key)
            assert found is not None
            receive_item(connection, area, found.id, paper, None, STAFF, utc_now())
        with database.writing() as connection:
            change_state(connection, area, found.id, Change(State.RESOLVED), STAFF, utc_now())


def key_of(visitor: Visitor, text: str = "sí") -> str:
    answers = " ".join(answer["text"] for answer in visitor.say(text))
    found = KEY.search(answers)
    assert found, answers
    return found[1]


def somebody_s_client(server: OpenHouse, agency: int) -> tuple[str, str, str, str]:
    """(identifier, CUPS, mailbox, name) of a client of an agency, a fresh one at each call."""
    from bot.accounts.store import assignment_table

    query = (
        select(client_table.c.identifier, supply_point_table.c.cups, client_table.c.email, client_table.c.name)
        .join_from(client_table, assignment_table)
        .join(contract_table, contract_table.c.client_id == client_table.c.id)
        .join(supply_point_table)
        .where(assignment_table.c.agency_id == agency)
        .order_by(client_table.c.id)
    )
    with closing(Database(server.database_url)) as database, database.reading() as connection:
        rows = list(connection.execute(query))
    row = rows[next(_numbers) % len(rows)]
    return row[0], row[1], row[2], row[3]


def test_a_manager_is_registered_authorizes_its_people_and_takes_them_along(office: OpenHouse) -> None:
    holder, nif = signed_in(office, IGNACIO), new_nif()
    summary = holder.ask(
        f"quiero dar de alta a mi gestor energético, Olga Prado Sanz, {nif}, olga{nif}@energia.example"
    )
    for part in ("olga prado sanz", "gestor energetico", "autorizar a sus colaboradores", "todos", CONFIRM):
        assert part in summary
    key = key_of(holder)
    assert "olga" not in holder.ask("mis contactos")
    resolve(office, key, "mandate")
    assert "olga prado sanz · gestor energetico" in holder.ask("mis contactos")

    password = f"clave-larga-{time.time_ns()}"
    registered(office.visitor(), "Olga", nif, password)
    manager = signed_in(office, nif, password)
    own = new_nif()
    assert CONFIRM in manager.ask(f"autoriza a Iván Polo, {own}, ivan{own}@energia.example, total")
    assert "ya esta entre tus contactos" in manager.ask("sí")
    listed = manager.ask("mis contactos")
    assert "ivan polo" in listed
    assert "paula" not in listed, "the agency's own colleagues are not the manager's business"
    assert "no puedes cambiar quien actua" in manager.ask("quiero dar de alta a un gestor externo")

    assert "ivan polo · total · de olga prueba" in holder.ask("mis contactos")
    asked = holder.ask("quítale el acceso a Olga Prueba")
    assert "tambien lo perdera la persona" in asked
    assert "ya no tiene acceso" in holder.ask("sí")
    assert "entra con tu nif" in manager.ask("facturas vencidas")
    ended = holder.ask("mis contactos")
    assert ended.count("sin acceso") >= 2
    assert "gestor externo que ya no tiene acceso" in holder.ask("reactiva a Iván Polo")


def test_a_manager_is_named_step_by_step(office: OpenHouse) -> None:
    holder, nif = signed_in(office, IGNACIO), new_nif()
    assert "¿quien es el gestor?" in holder.ask("quiero dar de alta un gestor externo")
    assert "¿cual es el nif de tomas rey gil?" in holder.ask("Tomás Rey Gil")
    assert "¿a que correo" in holder.ask(nif)
    assert "¿tomas es gestor energetico o administrador" in holder.ask("tomas@fincas.example")
    assert "como administrador de fincas" in holder.ask("Administrador de fincas")
    assert "solo comunidad de propietarios sol 2" in holder.ask("que solo vea la comunidad Sol 2")
    assert "de acuerdo, no cambio nada" in holder.ask("no")
    assert "tomas" not in holder.ask("mis contactos")


def test_who_may_not_registers_no_manager_and_a_question_is_explained(office: OpenHouse) -> None:
    for nif in (MARCOS, PAULA):
        assert "no puedes cambiar quien actua" in signed_in(office, nif).ask("quiero dar de alta a mi gestor externo")
    answer = signed_in(office, IGNACIO).ask("¿cómo doy de alta a un gestor externo?")
    assert "gestor externo" in answer
    assert CONFIRM not in answer


def test_the_representative_is_changed_with_papers(office: OpenHouse) -> None:
    holder, nif = signed_in(office, ROSA), new_nif()
    text = f"quiero cambiar el representante, el nuevo es Luis Prado Gil, {nif}, luis{nif}@ribera.example"
    summary = holder.ask(text)
    for part in ("luis prado gil", "en tu lugar", "tu acceso como representante terminara", CONFIRM):
        assert part in summary
    key = key_of(holder)
    assert "ya esta pedido" in holder.ask(text)
    resolve(office, key, "authority")
    assert "entra con tu nif" in holder.ask("mis contactos"), "the very next message"
    password = f"clave-larga-{time.time_ns()}"
    registered(office.visitor(), "Luis", nif, password)
    begun = signed_in(office, nif, password)
    assert "luis prado · representante" in begun.ask("mis contactos").replace("prueba", "prado")
    # back again, so that the world stays as the other tests know it
    assert CONFIRM in begun.ask(f"cambia el representante por Rosa Ribera Ortiz, {ROSA}, rosa@ribera-alta.example")
    resolve(office, key_of(begun), "authority")
    assert "representante" in signed_in(office, ROSA).ask("mis contactos")


def test_a_contact_of_the_list_becomes_representative_by_name_alone(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    summary = holder.ask("quiero cambiar el representante, el nuevo es Paula Vega Rubio")
    assert "paula vega rubio" in summary
    assert "paula@fincas" not in summary, "the mailbox of a known contact stays masked"
    assert CONFIRM in summary
    holder.ask("no")


def test_who_is_no_representative_is_told_the_phones_and_what_to_prepare(office: OpenHouse) -> None:
    answer = signed_in(office, PAULA).ask("quiero cambiar el representante")
    for part in ("912 100 100", "900 385 425", "escritura"):
        assert part in answer
    stranger = office.visitor().ask("quiero cambiar de representante")
    assert "912 100 100" in stranger


def test_a_contact_is_let_authorize_others_and_that_is_taken_back(office: OpenHouse) -> None:
    holder, nif = signed_in(office, IGNACIO), new_nif()
    summary = holder.ask(f"autoriza a Elena Prado, {nif}, elena{nif}@x.example, total y que pueda autorizar a otros")
    assert "tambien podra autorizar a otras personas" in summary
    assert "ya esta entre tus contactos" in holder.ask("sí")
    assert "puede autorizar" in holder.ask("mis contactos")
    assert "ya no podra autorizar" in holder.ask("quítale a Elena el permiso para autorizar")
    assert "ya no puede autorizar" in holder.ask("sí")
    assert "autorice a otras personas" in holder.ask("que Elena pueda autorizar a otros")
    assert "ya puede autorizar" in holder.ask("sí")
    lower = holder.ask(
        f"autoriza a Sonia Prado, {new_nif()}, sonia{nif}@x.example, lectura, y que pueda autorizar a otros"
    )
    assert "hace falta el permiso total" in lower
    assert CONFIRM in lower
    holder.ask("no")


def test_a_client_is_asked_for_accepts_is_told_and_withdraws(office: OpenHouse) -> None:
    holder = signed_in(office, BEATRIZ)
    identifier, cups, _, name = somebody_s_client(office, 2)
    assert "no hay ningun" in holder.ask(f"cliente {identifier}") or name.casefold() not in holder.ask(
        f"busca {identifier}"
    )
    assert "¿que cliente quieres llevar?" in holder.ask("quiero asignarme un cliente")
    assert "ahora dime un cups" in holder.ask(identifier)
    assert CONFIRM in holder.ask(cups)
    told = holder.ask("sí")
    assert "si los datos coinciden" in told
    link = mailed(holder, "/asignacion", "Aranda")
    page = plain(holder.open(link)[1].decode())
    assert "¿aceptas que gestoria beatriz aranda vea y gestione tus contratos?" in page
    assert holder.open(link)[0] == 200, "a scanner's look changes nothing"
    client = office.visitor()
    assert "permiso dado" in plain(client.open(link, {"answer": "yes"})[1].decode())
    assert client.open(link, {"answer": "yes"})[0] == 410
    assert holder.hears("ha aceptado")
    assert plain(name) in holder.ask(f"cliente {identifier}")
    withdraw = mailed(holder, "/retirar", "Aranda")
    assert client.open(withdraw)[0] == 200
    assert "permiso retirado" in plain(client.open(withdraw, {})[1].decode())
    assert client.open(withdraw, {})[0] == 410
    assert plain(name) not in holder.ask(f"cliente {identifier}")


def test_one_sentence_and_a_yes_ask_for_a_client_and_a_stranger_s_answer_is_the_same(office: OpenHouse) -> None:
    holder = signed_in(office, BEATRIZ)
    identifier, cups, _, _ = somebody_s_client(office, 2)
    answers = []
    for code, point in ((identifier, cups), ("B57337925", cups)):
        assert CONFIRM in holder.ask(f"quiero asignarme el cliente {code}, CUPS {point}")
        answers.append(re.sub(r"clave identificativa es \S+", "", holder.ask("sí")))
    assert answers[0] == answers[1]


def test_a_refusal_is_told_and_a_read_only_colleague_asks_for_nothing(office: OpenHouse) -> None:
    holder = signed_in(office, BEATRIZ)
    identifier, cups, _, _ = somebody_s_client(office, 3)
    holder.ask(f"quiero asignarme el cliente {identifier}, CUPS {cups}")
    holder.ask("sí")
    link = mailed(holder, "/asignacion", "Aranda")
    assert "permiso no dado" in plain(office.visitor().open(link, {"answer": "no"})[1].decode())
    assert holder.hears("ha preferido que no")
    reader = signed_in(office, MARCOS)
    assert "no puedes cambiar que clientes" in reader.ask("quiero asignarme un cliente")
    assert "no puedes cambiar que clientes" in reader.ask("quítame de la comunidad Sol")


def test_an_agency_gives_a_client_up_after_a_yes(office: OpenHouse) -> None:
    holder = signed_in(office, BEATRIZ)
    shown = holder.say("mis clientes")[0]["text"]
    name = re.search(r"1\. \*{0,2}([^*·]+?)\*{0,2} ·", shown)
    assert name
    asked = holder.ask(f"quítame de {name[1]}")
    if CONFIRM not in asked:
        asked = holder.ask("la primera")
    assert CONFIRM in asked
    assert "ya no esta entre tus clientes" in holder.ask("sí")
    assert "dejar de llevar un cliente" in office.visitor().ask("quiero dejar de llevar un cliente")
