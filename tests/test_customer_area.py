"""The customer area over the REST channel of real servers, on SQLite and PostgreSQL, with real sign-ins."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator

import pytest
from openpyxl import load_workbook

from tests.open_house import GROUNDS, OpenHouse, house_on
from tests.talk import plain
from tests.visitor import BEATRIZ, IGNACIO, MARCOS, PAULA, Visitor

SIGN_IN, DOWNLOAD = "/entrar/", "/descargas/"
NUMBER = re.compile(r"FE\d{4}-\d{6}")


@pytest.fixture(scope="module", params=GROUNDS)
def area_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server with the invented world, over each channel and on each kind of database."""
    server = house_on(request, tmp_path_factory.mktemp("area"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def visitor(area_server: OpenHouse) -> Visitor:
    return area_server.visitor()


def signed_in(server: OpenHouse, nif: str) -> Visitor:
    visitor = server.visitor()
    assert visitor.sign_in(nif) == 200
    visitor.ask("¿quién soy?")
    return visitor


def test_a_request_waits_for_the_sign_in_and_goes_on_by_itself(visitor: Visitor) -> None:
    asked = visitor.say("mis facturas pendientes de octubre")
    assert "FE2609" not in plain(str(asked)).upper()
    link = visitor.link(asked, SIGN_IN)
    assert visitor.enter(link, IGNACIO) == 200
    announced = visitor.ask("gracias")
    assert "¡hola, ignacio!" in announced
    assert "pendientes de pago emitidas en octubre de 2026" in announced


def test_each_bad_entry_has_its_own_message_and_costs_nothing(visitor: Visitor) -> None:
    link = visitor.link(visitor.say("quiero identificarme"), SIGN_IN)
    for identifier, password, told in (
        ("", "x", "nif"),
        (IGNACIO, "", "contrasena"),
        ("11501449A", "x" * 12, "no es un nif, nie o pasaporte valido"),
        ("B57337925", "x" * 12, "cif"),
        (IGNACIO, "no-es-esta-clave", "no son correctos"),
    ):
        status, page = visitor.fill_in(link, identifier, password)
        assert status == 422
        assert "no-es-esta-clave" not in page
        assert told in plain(page), (identifier, told)
    assert visitor.enter(link, IGNACIO) == 200
    assert visitor.enter(link, IGNACIO) == 410


def test_the_list_can_be_narrowed_paged_and_opened(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    first = visitor.ask("facturas pendientes de este año")
    assert "te enseno de la 1 a la 6" in first
    assert "te enseno de la 7 a la 12" in visitor.ask("más")
    number = NUMBER.findall(visitor.ask("¿y las vencidas?").upper())[1]
    assert number in visitor.ask("la segunda").upper()
    assert "vencidas emitidas entre" in visitor.ask("de más de 300 euros")
    assert "suman" in visitor.ask("¿cuánto suman?")


def test_a_misspelt_client_is_found_and_several_are_offered(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    assert "mediodia 10" in visitor.ask("cuánto debe la comunidá medodia 10")
    assert "dime el numero" in visitor.ask("facturas de la comunidad sol")
    assert "sol 2" in visitor.ask("la segunda")


def test_nothing_found_says_what_was_searched_and_offers_the_nearest(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    answer = visitor.ask("facturas de marzo de 2019")
    assert "no encuentro facturas emitidas en marzo de 2019" in answer
    assert "lo mas parecido" in answer
    assert "zzyzx" in visitor.ask("facturas de Zzyzx Wololo")


def test_files_open_only_in_the_browser_that_signed_in_and_only_while_the_session_lives(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    number = NUMBER.findall(visitor.ask("facturas vencidas").upper())[0]
    pdf = visitor.link(visitor.say("descarga la 1"), DOWNLOAD)
    status, body, headers = visitor.open(pdf)
    assert (status, body[:5]) == (200, b"%PDF-")
    assert number in headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(visitor.open(visitor.link(visitor.say("en excel"), DOWNLOAD))[1]))
    assert number in {cell.value for row in sheet.active.iter_rows() for cell in row}
    archive = visitor.link(visitor.say("descárgalas todas"), DOWNLOAD)
    assert f"{number}.pdf" in zipfile.ZipFile(io.BytesIO(visitor.open(archive)[1])).namelist()
    assert area_server.visitor().open(pdf)[0] == 403
    assert signed_in(area_server, PAULA).open(pdf)[0] == 403, "same agency, another session"
    assert "he cerrado tu sesion" in visitor.ask("cierra mi sesión")
    assert visitor.open(pdf)[0] == 403


def test_after_signing_out_nothing_is_shown(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    visitor.ask("mis facturas")
    visitor.ask("cerrar sesión")
    for text in ("la primera", "mis facturas", "sus contratos", "¿quién soy?"):
        assert not NUMBER.search(visitor.ask(text).upper())


def test_another_agency_s_invoice_client_and_contract_are_as_those_that_do_not_exist(area_server: OpenHouse) -> None:
    ignacio, beatriz = signed_in(area_server, IGNACIO), signed_in(area_server, BEATRIZ)
    number = NUMBER.findall(ignacio.ask("facturas vencidas").upper())[0]
    missing = number[:-6] + "999999"
    assert beatriz.ask(f"ábreme la factura {number}").replace(number.casefold(), "") == beatriz.ask(
        f"ábreme la factura {missing}"
    ).replace(missing.casefold(), "")


def test_a_person_s_list_is_not_the_next_person_s_in_the_same_chat(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    visitor.ask("facturas vencidas")
    visitor.ask("cerrar sesión")
    assert visitor.sign_in(BEATRIZ) == 200
    assert "beatriz" in visitor.ask("hola")
    assert not NUMBER.search(visitor.ask("la segunda").upper())


def test_a_read_only_person_sees_everything_and_changes_nothing(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, MARCOS)
    assert "solo lectura" in visitor.ask("¿quién soy?")
    assert NUMBER.search(visitor.ask("facturas vencidas").upper())
    visitor.ask("mis clientes")
    visitor.ask("la 1")
    answer = visitor.ask("pon su día de pago al 5")
    assert "solo lectura" in answer or "de solo lectura" in visitor.ask("el 5")


def test_the_payment_day_is_changed_by_the_yes_that_follows_the_question_and_once(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, PAULA)
    assert "¿lo confirmo?" in visitor.ask("pon el día de pago de la comunidad mediodía 10 al 7")
    assert "no cambio nada" in visitor.ask("no")
    assert "dia 7" not in visitor.ask("qué día paga la comunidad mediodía 10")
    visitor.ask("pon el día de pago de la comunidad mediodía 10 al 7")
    visitor.ask("¿qué documentos hacen falta?")
    assert "¿lo confirmo?" in visitor.ask("sí"), "a yes to something else is no yes"
    assert "pagara sus facturas el dia 7" in visitor.ask("sí")
    assert "pagara" not in visitor.ask("sí")
    assert "dia 7" in visitor.ask("qué día paga la comunidad mediodía 10")


def test_what_the_account_was_registered_with_is_told_after_the_mailed_code_and_looks_alike_before(
    area_server: OpenHouse,
) -> None:
    answers = []
    for identifier in (IGNACIO, "12345678Z"):
        visitor = area_server.visitor()
        visitor.ask(f"me di de alta con {identifier}, ¿qué hago?")
        answers.append(visitor.ask("Comprobar mi cuenta"))
        assert "ese codigo no es correcto" in visitor.ask("000000")
    assert answers[0] == answers[1]
    visitor = area_server.visitor()
    visitor.ask(f"me di de alta con {BEATRIZ}, ¿qué hago?")
    visitor.ask("Comprobar mi cuenta")
    assert "se dio de alta con el nif" in visitor.ask(f"el código es {newest_code(visitor)}")


def newest_code(visitor: Visitor) -> str:
    """The code of the newest mail of the demo's mailbox."""
    mailbox = visitor.open(f"{visitor.url}/demo/correo")[1].decode()
    for path in re.findall(r'href="(/demo/correo/\d+)"', mailbox):
        found = re.search(r"\b(\d{6})\b", visitor.open(visitor.url + path)[1].decode())
        if found:
            return found[1]
    raise AssertionError("no mail with a code")


def test_a_forgotten_password_is_chosen_again_by_mail(area_server: OpenHouse) -> None:
    visitor = area_server.visitor()
    link = visitor.link(visitor.say("quiero identificarme"), SIGN_IN)
    token = link.rpartition("/")[2]
    assert visitor.open(f"{visitor.url}/clave", {"identifier": MARCOS, "sign_in": token})[0] == 200
    mails = visitor.open(f"{visitor.url}/demo/correo")[1].decode()
    mail = visitor.open(visitor.url + re.findall(r'href="(/demo/correo/\d+)"', mails)[0])[1].decode()
    choose = re.search(rf"{visitor.url}/clave/[\w-]+", mail)
    assert choose
    new = f"otra-clave-larga-{time.time_ns()}"
    assert visitor.open(choose[0], {"password": new, "repeated": new})[0] == 200
    assert visitor.open(choose[0], {"password": new, "repeated": new})[0] == 410
    assert visitor.enter(link, MARCOS) == 422
    assert visitor.enter(link, MARCOS, new) == 200
