"""Procedures in the chat of real servers: asked for with and without a sign-in, followed, cancelled, and heard of by themselves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select, update

from bot.area import Area
from bot.conversation import transcript
from bot.database import Database, utc_now
from bot.identity.sessions import session_table
from bot.procedures.desk import ProcedureDesk
from bot.procedures.model import Change, Datum, File, State
from bot.procedures.service import find_by_key
from bot.procedures.store import procedure_table
from tests.open_house import GROUNDS, OpenHouse, house_on
from tests.test_customer_area import newest_code
from tests.visitor import BEATRIZ, IGNACIO, MARCOS, PAULA, ROSA, Visitor

Result = TypeVar("Result")
KEY = re.compile(r"[3-9a-y]{4}(?:-[3-9a-y]{4}){2}")
SEND, DONE = "¿la envio asi?", "ya esta registrada"
_numbers = count(time.time_ns() % 10**9)


@pytest.fixture(scope="module", params=GROUNDS)
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server with the invented world, over each channel and on each kind of database."""
    server = house_on(request, tmp_path_factory.mktemp("procedures"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def stranger(office: OpenHouse) -> Visitor:
    return office.visitor()


def signed_in(server: OpenHouse, nif: str) -> Visitor:
    visitor = server.visitor()
    assert visitor.sign_in(nif) == 200
    assert "actuas por" in visitor.ask("¿quién soy?")
    return visitor


def new_mailbox() -> str:
    """One that no other test fills."""
    return f"persona{next(_numbers)}@correo.example"


def key_in(answer: str) -> str:
    """The first tracking key of an answer."""
    found = KEY.search(answer)
    assert found, answer
    return found[0].upper()


def with_desk(server: OpenHouse, do: Callable[[ProcedureDesk, Connection], Result]) -> Result:
    """What staff do, in a transaction of its own, with events noted as the router notes them."""

    def note_event(connection: Connection, address: str, event: str) -> None:
        opened = transcript.open_conversation(connection, address, utc_now())
        transcript.add_event(connection, opened, event, utc_now())

    desk = ProcedureDesk(Area(server.url, b"secret"), note_event)
    with closing(Database(server.database_url)) as database, database.writing() as connection:
        return do(desk, connection)


def file_of(server: OpenHouse, key: str) -> File:
    def look(desk: ProcedureDesk, connection: Connection) -> File:
        found = find_by_key(connection, key)
        assert found
        return desk.look(connection, found.id, utc_now())

    return with_desk(server, look)


def change(server: OpenHouse, key: str, state: State, note: str = "") -> None:
    def do(desk: ProcedureDesk, connection: Connection) -> None:
        found = find_by_key(connection, key)
        assert found
        desk.change(connection, found.id, Change(state, "", note), utc_now())

    with_desk(server, do)


def count_procedures(server: OpenHouse) -> int:
    with closing(Database(server.database_url)) as database, database.reading() as connection:
        return connection.execute(select(func.count()).select_from(procedure_table)).scalar_one()


def end_sessions(server: OpenHouse) -> None:
    """As if everybody had been idle for too long."""
    with closing(Database(server.database_url)) as database, database.writing() as connection:
        connection.execute(update(session_table).where(session_table.c.ended_at.is_(None)).values(ended_at=utc_now()))


def mail_about(visitor: Visitor, key: str) -> str:
    """The newest mail of the demo's mailbox that names a key."""
    mailbox = visitor.open(f"{visitor.url}/demo/correo")[1].decode()
    for path in re.findall(r'href="(/demo/correo/\d+)"', mailbox):
        text = visitor.open(visitor.url + path)[1].decode()
        if key in text:
            return text
    raise AssertionError(f"no mail about {key}")


def complain(visitor: Visitor, words: str = "Nos cobraron dos veces la factura de enero y nadie lo arregla") -> str:
    """The key of a new complaint of a stranger."""
    visitor.ask(f"quiero reclamar: {words}")
    assert SEND in visitor.ask(new_mailbox())
    return key_in(visitor.ask("sí"))


def test_two_messages_ask_for_the_way_from_cif_to_nif_without_a_sign_in(office: OpenHouse, stranger: Visitor) -> None:
    summary = stranger.ask(
        f"me di de alta con el CIF B57337925, el representante es Ana Ruiz Gil, 12345678Z, {new_mailbox()}"
    )
    for part in ("b57337925", "ana ruiz gil", "4567", "@correo.example", "¿lo envio?"):
        assert part in summary
    assert "12345678z" not in summary
    opened = stranger.ask("sí")
    for part in (DONE, "escritura o poder", "como muy tarde", "migestor@"):
        assert part in opened
    file = file_of(office, key_in(opened))
    assert file.progress.missing == ["authority"]
    assert file.data == {
        Datum.REPRESENTATIVE_IDENTIFIER.value: "12345678Z",
        Datum.REPRESENTATIVE_NAME.value: "Ana Ruiz Gil",
        Datum.AGENCY_IDENTIFIER.value: "B57337925",
    }


def test_step_by_step_each_slip_is_told_and_anything_is_corrected(stranger: Visitor) -> None:
    assert "actualizarlo ahora" in stranger.ask("me di de alta con el CIF, ¿qué hago?")
    assert "¿cual es el nif del representante?" in stranger.ask("Actualizarlo ahora")
    assert "la letra de 12345678a" in stranger.ask("12345678A")
    assert "¿cual es el cif" in stranger.ask("12345678Z")
    assert "¿como se llama el representante?" in stranger.ask("B57337925")
    assert "¿a que correo" in stranger.ask("ana ruiz gil")
    assert "no esta completo" in stranger.ask("ana@x")
    assert "avisos a: ana@x.example" in stranger.ask("ana@x.example")
    assert "ana.ruiz@x.example" in stranger.ask("no, el correo es ana.ruiz@x.example")
    assert "luisa ruiz gil" in stranger.ask("no, se llama Luisa Ruiz Gil")
    assert DONE in stranger.ask("vale, envíalo")


def test_a_signed_in_representative_only_says_yes_and_who_is_registered_with_a_nif_has_nothing_to_do(
    office: OpenHouse,
) -> None:
    holder = signed_in(office, IGNACIO)
    assert "ignacio llorente vega" in holder.ask("actualízalo")
    assert DONE in holder.ask("sí")
    assert "con el nif de una persona" in signed_in(office, BEATRIZ).ask("actualízalo")
    assert "solo lectura" in signed_in(office, MARCOS).ask("actualízalo")


def test_a_complaint_in_several_messages_becomes_a_procedure_with_a_copy(office: OpenHouse, stranger: Visitor) -> None:
    assert "cuentame con tus palabras" in stranger.ask("ola, kiero poner una reclamasion")
    mailbox = new_mailbox()
    said = "Nos habéis cobrado dos veces la factura de enero. Llevo tres semanas llamando y nadie me contesta."
    assert "¿a que correo" in stranger.ask(said)
    stranger.ask("tambien la de febrero")
    summary = stranger.ask(mailbox)
    assert "tambien la de febrero" in summary
    assert SEND in summary
    assert "el comercial" in stranger.ask("y además el comercial me colgó")
    opened = stranger.ask("sí, enviar")
    key = key_in(opened)
    words = file_of(office, key).data[Datum.TEXT.value].splitlines()
    assert words == [said, "tambien la de febrero", "y además el comercial me colgó"]
    mail = mail_about(stranger, key)
    assert said in mail
    assert mailbox in mail


def test_one_sentence_with_the_complaint_in_it_needs_no_more_words(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    summary = holder.ask("quiero reclamar: la factura de la comunidad mediodía 10 viene duplicada desde octubre")
    assert "es sobre comunidad de propietarios mediodia 10" in summary
    assert SEND in summary
    key = key_in(holder.ask("sí"))
    procedure = file_of(office, key).progress.procedure
    assert procedure.client_id
    assert procedure.region, "the postcode of the client's address says it"
    assert key.lower() in holder.ask("¿cómo van mis gestiones?")


def test_a_question_about_complaining_is_only_answered(office: OpenHouse, stranger: Visitor) -> None:
    before = count_procedures(office)
    answer = stranger.ask("¿en cuánto tiempo contestáis una reclamación?")
    assert "15 dias habiles" in answer
    assert "reclamar ahora" in answer
    assert "siento" not in stranger.ask("Reclamar ahora"), "it has just been said"
    assert "lo dejamos aqui" in stranger.ask("cancelar")
    assert count_procedures(office) == before


def test_other_things_are_answered_in_between_and_the_text_stays(stranger: Visitor) -> None:
    stranger.ask("quiero reclamar: nos cobraron dos veces la factura de enero")
    stranger.ask(new_mailbox())
    answer = stranger.ask("¿qué documentos hacen falta para pasar de CIF a NIF?")
    assert "escritura" in answer
    assert SEND in answer
    answer = stranger.ask("enséñame mis facturas")
    assert "entra con tu nif" in answer
    assert "ensename" not in answer
    assert "no he enviado" in stranger.ask("bueno déjalo, no la mandes")
    assert DONE not in stranger.ask("sí")


@pytest.mark.parametrize("words", ["no espera, no la mandes", "mejor no", "al final no la envíes"])
def test_what_is_called_off_is_not_asked_for_again(stranger: Visitor, words: str) -> None:
    stranger.ask("quiero reclamar: nos cobraron dos veces la factura de enero")
    stranger.ask(new_mailbox())
    assert "no he enviado" in stranger.ask(words)
    assert DONE not in stranger.ask("sí")


def test_who_smells_gas_in_the_middle_hears_only_of_that(stranger: Visitor) -> None:
    stranger.ask("quiero poner una reclamación")
    answer = stranger.ask("huele a gas")
    assert "sal del edificio" in answer
    assert "cuentame" not in answer


def test_what_was_not_understood_is_left_as_a_question(office: OpenHouse, stranger: Visitor) -> None:
    asked = "¿Qué tiempo hará mañana en Lugo?"
    assert "dejar la pregunta" in stranger.ask(asked)
    assert "¿a que correo" in stranger.ask("Dejar la pregunta")
    assert "manana en lugo" in stranger.ask(new_mailbox())
    key = key_in(stranger.ask("vale"))
    assert file_of(office, key).data == {"text": asked}


def test_twice_unsure_offers_a_person_and_the_question(stranger: Visitor) -> None:
    answers = [stranger.ask(text) for text in ("xkcd brumm lapp", "zzz qqq")]
    assert any("dejar la pregunta" in answer for answer in answers)


def test_a_yes_opens_one_procedure_and_a_second_yes_none(office: OpenHouse, stranger: Visitor) -> None:
    stranger.ask("quiero reclamar: nos cobraron dos veces la factura de enero")
    stranger.ask(new_mailbox())
    before = count_procedures(office)
    assert DONE in stranger.ask("sí")
    for text in ("sí", "sí, enviar", "envíala"):
        assert DONE not in stranger.ask(text)
    assert count_procedures(office) == before + 1


def test_a_yes_of_somebody_else_opens_nothing(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    holder.ask("quiero reclamar: nos cobraron dos veces la factura de enero")
    before = count_procedures(office)
    for other in (signed_in(office, IGNACIO), signed_in(office, PAULA), office.visitor()):
        assert DONE not in other.ask("sí")
    holder.ask("cerrar sesión")
    assert DONE not in holder.ask("sí")
    assert count_procedures(office) == before


def test_what_one_person_told_is_not_the_next_one_s_to_send(office: OpenHouse) -> None:
    holder = signed_in(office, IGNACIO)
    holder.ask("quiero reclamar: nos cobraron dos veces la factura de enero")
    before = count_procedures(office)
    end_sessions(office)
    assert "¿a que correo" in holder.ask("y la de febrero también")
    assert holder.sign_in(BEATRIZ) == 200
    assert "febrero" not in holder.ask("hola")
    assert DONE not in holder.ask("sí")
    assert count_procedures(office) == before


def test_a_session_that_ended_keeps_the_words_and_asks_for_a_mailbox(office: OpenHouse) -> None:
    holder = signed_in(office, PAULA)
    assert "p•••@" in holder.ask("quiero reclamar: la factura de enero está cobrada dos veces")
    end_sessions(office)
    answer = holder.ask("y la de febrero también")
    assert "¿a que correo" in answer
    assert "cobrada dos veces" in holder.ask(new_mailbox())
    key = key_in(holder.ask("sí"))
    assert file_of(office, key).progress.procedure.person_id is None


def test_the_list_of_who_is_signed_in_opens_by_place_and_by_key(office: OpenHouse) -> None:
    holder = signed_in(office, ROSA)
    keys = [complain_signed_in(holder, number) for number in range(7)]
    first = holder.ask("¿cómo va lo mío?")
    assert keys[-1].lower() in first
    assert "respuesta hasta el" in first
    assert keys[0].lower() not in first
    assert keys[0].lower() in holder.ask("más")
    holder.ask("mis gestiones")
    assert keys[-2].lower() in holder.ask("la segunda")
    for typed in (keys[2].lower(), keys[2].replace("-", " "), f"dime algo de la {keys[2].replace('-', '').lower()}"):
        assert f"{keys[2].lower()} · reclamacion" in holder.ask(typed)


def complain_signed_in(visitor: Visitor, number: int) -> str:
    visitor.ask(f"quiero reclamar: el recibo número {number} está mal y nadie contesta")
    return key_in(visitor.ask("sí"))


def test_another_s_key_is_as_one_that_does_not_exist(office: OpenHouse) -> None:
    key = key_in(signed_in(office, ROSA).ask("mis gestiones"))
    beatriz = signed_in(office, BEATRIZ)
    theirs = beatriz.ask(key)
    assert "no encuentro ninguna" in theirs
    assert theirs == beatriz.ask("V7K3-9MCD-TCR9")
    wrong = key[:-1] + ("3" if key[-1] != "3" else "4")
    assert "algun caracter equivocado" in beatriz.ask(wrong)


def test_who_is_not_signed_in_hears_with_key_and_mailed_code_and_looks_alike_before(office: OpenHouse) -> None:
    key = complain(office.visitor())
    answers = []
    for typed in (key, "V7K3-9MCD-TCR9"):
        visitor = office.visitor()
        assert "dime su clave" in visitor.ask("¿cómo va lo mío?")
        answers.append(visitor.ask(typed))
        assert "ese codigo no es correcto" in visitor.ask("000000")
    assert answers[0] == answers[1]
    visitor = office.visitor()
    visitor.ask(key.lower().replace("-", " "))
    told = visitor.ask(f"el código es {newest_code(visitor)}")
    assert key.lower() in told
    assert "registrada" in told
    assert "no estoy esperando" in visitor.ask(newest_code(visitor)), "a code is good once"


@pytest.mark.parametrize("said", ["como va", "¿y cómo va eso?", "¿cómo va mi reclamación?", "¿cómo va lo mío?"])
def test_what_the_conversation_opened_is_told_with_the_code_and_without_typing_its_key(
    office: OpenHouse, stranger: Visitor, said: str
) -> None:
    key = complain(stranger)
    asked = stranger.ask(said)
    assert f"como va la {key.lower()}" in asked
    assert "registrada" not in asked
    assert "ese codigo no es correcto" in stranger.ask("000000")
    assert "registrada" in stranger.ask(newest_code(stranger))


def test_how_it_goes_is_about_the_newest_or_the_kind_that_is_named(office: OpenHouse, stranger: Visitor) -> None:
    complaint = complain(stranger)
    stranger.ask("dejar una consulta por escrito")
    stranger.ask("¿Se puede pagar la factura de gas con tarjeta en vuestras oficinas?")
    stranger.ask(new_mailbox())
    question = key_in(stranger.ask("sí"))
    assert question.lower() in stranger.ask("como va")
    assert complaint.lower() in stranger.ask("¿cómo va mi reclamación?")


def test_how_it_goes_is_small_talk_where_nothing_was_asked_for_and_tells_nobody_else(
    office: OpenHouse, stranger: Visitor
) -> None:
    key = complain(stranger)
    other = office.visitor()
    assert "codigo" not in other.ask("¿cómo va?")
    assert key.lower() not in other.ask("¿cómo va lo mío?")


def test_who_is_signed_in_hears_at_once_how_the_one_goes_that_was_just_sent(office: OpenHouse) -> None:
    holder = signed_in(office, ROSA)
    key = complain_signed_in(holder, 31)
    told = holder.ask("¿cómo va?")
    assert f"{key.lower()} · reclamacion" in told
    holder.ask("cerrar sesión")
    assert key.lower() not in holder.ask("¿cómo va?")


def test_how_long_it_takes_is_answered_in_the_middle_and_is_no_part_of_the_text(
    office: OpenHouse, stranger: Visitor
) -> None:
    stranger.ask("quiero poner una reclamación")
    answer = stranger.ask("¿cuánto tarda eso?")
    assert "15 dias habiles" in answer
    assert "cuentame" in answer
    words = "Nos cobraron dos veces la factura de enero y nadie lo arregla"
    stranger.ask(words)
    assert "¿a que correo" in stranger.ask("y cuanto tardais en contestar")
    stranger.ask(new_mailbox())
    answer = stranger.ask("¿cuánto tarda eso?")
    assert "15 dias habiles" in answer
    assert SEND in answer
    key = key_in(stranger.ask("sí"))
    assert file_of(office, key).data[Datum.TEXT.value] == words


def test_how_long_it_takes_is_no_name_and_no_answer_to_another_form(office: OpenHouse, stranger: Visitor) -> None:
    for step, asked in (
        ("me di de alta con el CIF, ¿qué hago?", ""),
        ("Actualizarlo ahora", "¿cual es el nif"),
        ("12345678Z", "¿cual es el cif"),
        ("B57337925", "¿como se llama"),
        ("cuanto tarda eso", "¿como se llama"),
    ):
        assert asked in stranger.ask(step)
    other = office.visitor()
    other.ask("no sé con qué me di de alta")
    assert "¿sigue siendo el representante" in other.ask("12345678Z")
    answer = other.ask("¿cuánto tarda eso?")
    assert "15 dias habiles" in answer
    assert "¿sigue siendo el representante" in answer


def test_one_code_is_not_taken_for_the_other(office: OpenHouse) -> None:
    key, visitor = complain(office.visitor()), office.visitor()
    visitor.ask(key)
    of_procedure = newest_code(visitor)
    visitor.ask(f"me di de alta con {PAULA}, ¿qué hago?")
    visitor.ask("Comprobar mi cuenta")
    assert "ese codigo no es correcto" in visitor.ask(of_procedure)
    visitor.ask(key)
    assert key.lower() in visitor.ask(newest_code(visitor))


def test_a_procedure_is_cancelled_after_a_yes_by_its_own_people_only(office: OpenHouse) -> None:
    holder = signed_in(office, ROSA)
    key = complain_signed_in(holder, 99)
    stranger = office.visitor()
    assert "no veo ninguna" in stranger.ask(f"anula la {key}")
    assert "no encuentro ninguna" in signed_in(office, BEATRIZ).ask(f"anula la {key}")
    assert "¿la anulo?" in holder.ask(f"anula la {key}")
    assert "no he enviado ni cambiado nada" in holder.ask("no")
    holder.ask(key)
    assert "¿la anulo?" in holder.ask("anúlala")
    assert "queda anulada" in holder.ask("sí")
    assert file_of(office, key).progress.procedure.state is State.CANCELLED
    assert "ya esta cerrada" in holder.ask(f"anula la {key}")


def test_what_was_just_opened_is_cancelled_by_a_pronoun_and_other_words_leave_the_question(office: OpenHouse) -> None:
    holder = signed_in(office, ROSA)
    key = complain_signed_in(holder, 17)
    assert f"{key.lower()} · reclamacion" in holder.ask("anúlala")
    answer = holder.ask("mis contactos")
    assert "rosa ribera ortiz" in answer
    assert "¿la anulo?" not in answer
    assert "queda anulada" not in holder.ask("sí")
    assert file_of(office, key).progress.procedure.state is State.OPENED


def test_going_back_forgets_what_was_said_last(stranger: Visitor) -> None:
    stranger.ask("actualízalo")
    stranger.ask("12345678Z")
    assert "¿como se llama" in stranger.ask("B57337925")
    assert "¿cual es el cif" in stranger.ask("volver atrás")
    assert "¿cual es el nif" in stranger.ask("volver atrás")
    assert "¿cual es el nif" in stranger.ask("volver atrás")


def test_a_stranger_cancels_what_this_conversation_opened(office: OpenHouse, stranger: Visitor) -> None:
    key = complain(stranger)
    assert key.lower() in stranger.ask("anula la reclamación")
    assert "queda anulada" in stranger.ask("sí")
    assert "no veo ninguna" in stranger.ask("anula la reclamación")


def test_a_read_only_person_complains_and_ends_what_is_theirs_and_nothing_of_the_agency(office: OpenHouse) -> None:
    reader = signed_in(office, MARCOS)
    theirs = key_in(signed_in(office, ROSA).ask("mis gestiones"))
    assert "no permite anularla" in reader.ask(f"anula la {theirs}")
    reader.ask("quiero quejarme del trato que nos dieron ayer por teléfono")
    key = key_in(reader.ask("sí"))
    reader.ask(f"anula la {key}")
    assert "queda anulada" in reader.ask("sí")


def test_the_assistant_tells_by_itself_what_staff_did_once(office: OpenHouse, stranger: Visitor) -> None:
    key = complain(stranger)
    change(office, key, State.IN_PROGRESS, "Estamos mirando la factura.")
    heard = stranger.ask("hola")
    assert f"tu gestion {key.lower()} (reclamacion) ha cambiado: ahora esta en curso" in heard
    assert "estamos mirando la factura" in heard
    assert "ha cambiado" not in stranger.ask("hola")
    assert "Estamos mirando la factura." in mail_about(stranger, key)


def test_news_of_somebody_who_has_left_are_not_told_in_detail(office: OpenHouse) -> None:
    holder = signed_in(office, PAULA)
    key = complain_signed_in(holder, 5)
    holder.ask("cerrar sesión")
    change(office, key, State.RESOLVED, "Te devolvemos el dinero.")
    heard = holder.ask("hola")
    assert "hay novedades en una de tus gestiones" in heard
    assert "dinero" not in heard
    assert holder.sign_in(PAULA) == 200
    assert "dinero" in holder.ask(key)
