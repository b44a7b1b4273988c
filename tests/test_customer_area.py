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


def amounts(answer: str) -> list[int]:
    """The cents of each row of a list of invoices."""
    return [int(found.replace(".", "").replace(",", "")) for found in re.findall(r"\d+\. ([\d.]+,\d\d) €", answer)]


def numbers_in_sheet(visitor: Visitor) -> list[str]:
    sheet = load_workbook(io.BytesIO(visitor.open(visitor.link(visitor.say("en excel"), DOWNLOAD))[1])).active
    assert sheet
    return [str(row[0]) for row in sheet.iter_rows(values_only=True) if NUMBER.fullmatch(str(row[0]))]


def test_the_same_list_is_put_in_another_order_and_stays_in_it(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    usual = visitor.ask("facturas vencidas de este año")
    which = usual.partition(":")[0]
    pages = [visitor.ask("ordénalas por importe"), visitor.ask("más")]
    assert [page.partition(":")[0] for page in pages] == [which, which]
    assert "de mayor a menor importe" in pages[0]
    costs = [cents for page in pages for cents in amounts(page)]
    assert costs == sorted(costs, reverse=True)
    shown = [number for page in pages for number in NUMBER.findall(page.upper())]
    assert shown[7] in visitor.ask("la 8").upper()
    assert numbers_in_sheet(visitor)[: len(shown)] == shown
    cheap = amounts(visitor.ask("de menor a mayor"))
    assert cheap == sorted(cheap)
    assert cheap[0] < costs[0]


def test_a_file_of_the_five_largest_has_five(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    visitor.ask("facturas vencidas")
    shown = NUMBER.findall(visitor.ask("las 5 más caras").upper())
    assert len(shown) == 5
    assert numbers_in_sheet(visitor) == shown


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("las más caras primero", "de mayor a menor importe"),
        ("por fecha", "la mas nueva primero"),
        ("por vencimiento", "la que antes vence primero"),
        ("las más antiguas primero", "la mas antigua primero"),
    ],
)
def test_orders_are_told_and_keep_what_was_asked_for(area_server: OpenHouse, said: str, told: str) -> None:
    visitor = signed_in(area_server, IGNACIO)
    which = visitor.ask("facturas pendientes").partition(":")[0]
    answer = visitor.ask(said)
    assert told in answer
    assert answer.partition(":")[0] == which
    assert told in visitor.ask("¿y las vencidas?")


def test_an_order_of_nothing_asks_what_is_meant(visitor: Visitor) -> None:
    assert "no se a que te refieres" in visitor.ask("ordénalas por importe")


def test_what_is_asked_of_the_invoice_that_was_opened_is_answered_in_a_sentence(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    visitor.ask("facturas vencidas")
    assert "¿cual de ellas?" in visitor.ask("¿está pagada?")
    opened = visitor.ask("la segunda")
    number = NUMBER.findall(opened.upper())[0].lower()
    due = re.search(r"vencimiento, (\d+ de \w+ de \d{4})", opened)
    amount = re.search(r"importe: ([\d.,]+ €)", opened)
    owner = re.search(r"factura \S+ de ([^\n]+)", opened)
    assert due
    assert amount
    assert owner
    assert f"la {number} esta sin pagar: vencio el {due[1]}." in visitor.ask("¿está pagada?")
    assert due[1] in visitor.ask("cuando vence")
    assert f"la {number} es de {amount[1]}" in visitor.ask("¿cuánto es?")
    assert f"la {number} es de {owner[1].strip()}" in visitor.ask("¿de quién es?")
    assert "se emitio el" in visitor.ask("¿de qué fecha es?")
    assert DOWNLOAD in str(visitor.say("descárgala"))


def test_a_paid_one_says_since_when_and_a_list_is_not_one(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    visitor.ask("la última factura pagada")
    assert "esta pagada desde el" in visitor.ask("¿está pagada?")
    visitor.ask("facturas vencidas")
    total = visitor.ask("¿cuánto es?")
    assert "vencidas" in total
    assert not NUMBER.search(total.upper())


def test_who_is_not_signed_in_any_more_is_told_nothing_of_it(area_server: OpenHouse) -> None:
    visitor = signed_in(area_server, IGNACIO)
    visitor.ask("la última factura pagada")
    visitor.ask("cerrar sesión")
    assert not NUMBER.search(visitor.ask("¿está pagada?").upper())
    assert visitor.sign_in(BEATRIZ) == 200
    visitor.ask("hola")
    assert not NUMBER.search(visitor.ask("¿de quién es?").upper())


def test_before_a_sign_in_it_is_said_whether_something_is_shown_or_done(area_server: OpenHouse) -> None:
    for asked in (
        "mis facturas pendientes",
        "¿qué contactos tengo autorizados?",
        "qué día paga la comunidad mediodía 10",
    ):
        assert "para ensenarte eso" in area_server.visitor().ask(asked), asked
    for asked in (
        f"autoriza a Ana Ruiz, {PAULA}, ana@correo.example",
        "pon el día de pago de la comunidad mediodía 10 al 7",
        "cierra la sesión en el móvil",
        "avísame de las facturas vencidas",
    ):
        answer = area_server.visitor().ask(asked)
        assert "para hacer eso" in answer, asked
        assert "para ensenarte" not in answer, asked


def test_an_identifier_is_answered_before_anything_else_is_offered(visitor: Visitor) -> None:
    answer = visitor.ask("dime si B12345674 está dado de alta con nif o cif")
    assert "un cif es el nif de una empresa" in answer
    assert "no pasa nada" not in answer
    assert "comprobar mi cuenta" in answer
    assert "no pasa nada" in visitor.ask("no sé si estoy dado de alta con nif o cif")


def test_the_question_for_an_identifier_ends_with_what_is_asked_instead(area_server: OpenHouse) -> None:
    visitor, question = area_server.visitor(), "escribeme el nif o el cif"
    assert question in visitor.ask("no sé con qué me di de alta")
    assert question in visitor.ask("¿qué documentos hacen falta?"), "a question in between only interrupts"
    asked = visitor.say("mis facturas vencidas")
    assert question not in plain(str(asked))
    assert visitor.enter(visitor.link(asked, SIGN_IN), IGNACIO) == 200
    assert visitor.hears("vencidas")
    assert question not in visitor.ask("la 1")


def test_who_signs_in_by_themselves_is_not_asked_for_an_identifier_any_more(area_server: OpenHouse) -> None:
    visitor = area_server.visitor()
    visitor.ask("no sé con qué me di de alta")
    assert visitor.sign_in(IGNACIO) == 200
    visitor.ask("¿quién soy?")
    assert "escribeme el nif o el cif" not in visitor.ask("facturas vencidas")


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
