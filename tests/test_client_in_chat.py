"""A client answers an agency's request in the chat of a real server, over every channel."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import func, select, update

from bot.accounts.store import client_table
from bot.database import Database
from bot.identity.persons import person_table
from tests.open_house import CHANNELS, OpenHouse
from tests.talk import plain
from tests.test_contacts_in_chat import signed_in
from tests.test_rights_in_chat import CONFIRM, somebody_s_client
from tests.visitor import BEATRIZ, PAULA, Visitor

CODE = re.compile(
    r"te la ense(?:ñ|&ntilde;|&#241;)a all(?:í|&#237;): *(?:<[^>]+>)?([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})"
)
ASKS, WAIT_SECONDS = "¿aceptas?", 60
_had: set[str] = set()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server with the invented world that people write to from anywhere."""
    house = OpenHouse(tmp_path_factory.mktemp("client"), *CHANNELS)
    house.start()
    yield house
    house.stop()


def new_client(server: OpenHouse, agency: int) -> tuple[str, str, str]:
    """(identifier, CUPS, name) of a client of another agency that no test here has had."""
    while True:
        identifier, cups, _, name = somebody_s_client(server, agency)
        if identifier not in _had:
            _had.add(identifier)
            return identifier, cups, name


def asked_for(server: OpenHouse, identifier: str, cups: str) -> tuple[Visitor, str]:
    """The agency's representative, who has asked for that client, and the code of the client's mail."""
    holder = signed_in(server, BEATRIZ)
    assert CONFIRM in holder.ask(f"quiero asignarme el cliente {identifier}, CUPS {cups}")
    assert "si los datos coinciden" in holder.ask("sí")
    mailbox = holder.open(f"{server.url}/demo/correo")[1].decode()
    texts = (holder.open(server.url + mail)[1].decode() for mail in re.findall(r'href="(/demo/correo/\d+)"', mailbox))
    return holder, next(found[1] for found in map(CODE.search, texts) if found)


def hear(holder: Visitor, what: str) -> None:
    """The one who asked is told by itself; a caller hears it with the next answer."""
    until = time.monotonic() + WAIT_SECONDS
    while what not in holder.ask("gracias"):
        assert time.monotonic() < until, what


def make_client(server: OpenHouse, identifier: str, nif: str) -> str:
    """That client of the invented world is that person; gives the identifier it has now."""
    with closing(Database(server.database_url)) as database, database.writing() as connection:
        email = select(func.upper(person_table.c.email)).where(person_table.c.identifier == nif).scalar_subquery()
        changed = {"identifier": nif, "identifier_kind": "nif", "email": email}
        connection.execute(update(client_table).where(client_table.c.identifier == identifier).values(changed))
    _had.add(nif)
    return nif


@pytest.mark.parametrize("channel", CHANNELS)
def test_whoever_types_the_code_sees_who_asks_and_accepts_once(office: OpenHouse, channel: str) -> None:
    identifier, cups, name = new_client(office, 2)
    holder, code = asked_for(office, identifier, cups)
    client = office.visitor(channel)
    shown = client.ask(f"me ha llegado este código: {code.lower()}")
    for part in (ASKS, "beatriz aranda", plain(name), "si, acepto"):
        assert part in shown
    assert "no cambio nada" in client.ask("no")
    assert ASKS in client.ask(code.replace("-", " "))
    assert "ya puede ver y gestionar" in client.ask("sí")
    assert "ya puede ver y gestionar" not in client.ask("sí"), "nothing waits any more"
    assert "ya esta contestada" in client.ask(code)
    hear(holder, "ha aceptado")
    assert plain(name) in holder.ask(f"cliente {identifier}")


def test_a_question_between_does_not_accept_and_the_yes_is_asked_for_again(office: OpenHouse) -> None:
    identifier, cups, name = new_client(office, 2)
    holder, code = asked_for(office, identifier, cups)
    client = office.visitor()
    assert ASKS in client.ask(code)
    client.ask("¿qué diferencia hay entre total y solo lectura?")
    assert ASKS in client.ask("sí"), "it is shown again"
    other = office.visitor()
    assert "ya puede ver" not in other.ask("sí"), "another conversation"
    assert plain(name) not in holder.ask(f"cliente {identifier}")
    assert "ya puede ver y gestionar" in client.ask("sí")


def test_a_client_who_signs_in_is_shown_what_waits_and_accepts(office: OpenHouse) -> None:
    identifier, cups, name = new_client(office, 3)
    holder, _ = asked_for(office, make_client(office, identifier, PAULA), cups)
    client = office.visitor()
    assert client.sign_in(PAULA, asking="una gestoría me ha pedido permiso para llevar mis contratos") == 200
    shown = client.ask("gracias")  # a caller reads with the next answer what was said by itself
    assert ASKS in shown
    assert plain(name) in shown
    assert ASKS in client.ask("sí"), "what was not read yet is not confirmed"
    assert "ya puede ver y gestionar" in client.ask("sí")
    assert "no veo ninguna peticion" in client.ask("quiero aceptar la petición de mi gestoría")
    hear(holder, "ha aceptado")


def test_who_is_no_client_is_told_nothing_of_requests(office: OpenHouse) -> None:
    identifier, cups, _ = new_client(office, 3)
    asked_for(office, identifier, cups)
    assert "no veo ninguna peticion" in signed_in(office, BEATRIZ).ask("quiero aceptar la petición de mi gestoría")
