"""WhatsApp over the wire: a running server, the emulated platform, and a person's phone."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.request import urlopen

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy import update as update_rows

from bot.channels.whatsapp.store import number_table
from bot.conversation import transcript
from bot.conversation.model import Button, Reply
from bot.conversation.outbound_store import outbound_table
from bot.database import Database, utc_now
from tests.browser.server import Server, free_port
from tests.talk import plain
from tests.visitor import IGNACIO, Visitor
from tests.whatsapp_phone import (
    ACCOUNT,
    TEMPLATE,
    URL,
    WEBHOOK,
    Emulator,
    WhatsAppPhone,
    choices,
    new_number,
    post,
    read,
    sign,
    text_of,
    update,
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def emulator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A server with WhatsApp, on each kind of database, and the platform that it talks to."""
    folder = tmp_path_factory.mktemp("whatsapp")
    server = Server(folder, free_port(), "")
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("fresh_postgresql_url"))
        server.set(DEMO_DATA="True")
    emulator = Emulator(server, folder)
    emulator.start()
    server.start()
    yield emulator
    server.stop()
    emulator.stop()


@pytest.fixture
def phone(emulator: Emulator) -> Iterator[WhatsAppPhone]:
    yield WhatsAppPhone(emulator)
    emulator.trouble()


def figure(server: Server, name: str) -> float:
    """The sum of a counter's figures whose line begins with `name`."""
    with urlopen(f"{server.url}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def rows(server: Server, query: str) -> list[Any]:
    engine = create_engine(server.database_url)
    with engine.connect() as connection:
        found = list(connection.execute(text(query)))
    engine.dispose()
    return found


def spoken(server: Server, sentence: str) -> int:
    """How many messages of the transcript hold a sentence."""
    return int(rows(server, f"SELECT count(*) FROM message WHERE text LIKE '%{sentence}%'")[0][0])


def test_the_platform_can_verify_us_and_nobody_else(emulator: Emulator) -> None:
    assert emulator.ask("verify", {}) == {"status": 200, "verified": True}
    wrong = f"{emulator.server.url}{WEBHOOK}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=otro"
    with pytest.raises(Exception, match="403"):
        urlopen(wrong, timeout=10)


def test_a_question_is_answered_is_read_and_shows_buttons(phone: WhatsAppPhone) -> None:
    answers = phone.say("¿Puedo entrar con el CIF de la gestoría?")
    written = plain(" ".join(map(read, answers)))
    assert "nif personal del representante" in written
    assert "**" not in " ".join(map(text_of, answers))
    assert any(message["type"] == "interactive" for message in answers)
    screen = phone.screen()
    assert (len(screen["read"]), screen["typing_shown"]) == (1, 1)


def test_a_pressed_button_is_the_title_that_was_offered(phone: WhatsAppPhone) -> None:
    offer = next(message for message in phone.say("¿qué sabes hacer?") if choices(message))
    title = choices(offer)[0]["title"]
    assert phone.press(offer, title)
    assert said_by(phone)[-1] == title


def said_by(phone: WhatsAppPhone) -> list[str]:
    query = f"""SELECT text FROM message JOIN conversation ON conversation.id = conversation_id
        JOIN whatsapp_number USING (address) WHERE number = '{phone.number}' AND author = 'person' ORDER BY sequence"""
    return [row[0] for row in rows(phone.emulator.server, query)]


def test_a_title_that_was_shortened_comes_back_whole(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    sequence = offer_long_titles(phone)
    answer = {"id": f"{sequence}.1", "title": "Un título larguísimo…"}
    assert phone.send(press=answer)["status"] == 200
    phone.new()
    assert said_by(phone)[-1] == "Contactos autorizados de la gestoría"


LONG_TITLES = ("Documentos de la gestoría", "Contactos autorizados de la gestoría")


def offer_long_titles(phone: WhatsAppPhone, *titles: str) -> int:
    database = Database(phone.emulator.server.database_url)
    with database.writing() as connection:
        row = connection.execute(text(f"SELECT address FROM whatsapp_number WHERE number = '{phone.number}'"))
        opened = transcript.open_conversation(connection, row.scalar_one(), utc_now())
        reply = Reply("¿Qué prefieres?", tuple(Button(title, "/greet") for title in titles or LONG_TITLES))
        (stored,) = transcript.add_replies(connection, opened, [reply], None, utc_now())
    database.close()
    return stored.sequence


def test_a_choice_of_another_conversation_brings_only_its_own_title(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    offer_long_titles(phone)
    other = WhatsAppPhone(phone.emulator)
    assert other.send(press={"id": "999.0", "title": "hola"})["status"] == 200
    assert other.new()
    assert said_by(other) == ["hola"]


def test_a_chosen_row_of_a_list_is_the_title_that_was_offered(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    offer_long_titles(phone, *(f"Opción número {number} de las seis" for number in range(6)))
    ask_to_send(phone)
    (offer,) = phone.new()
    assert offer["content"]["type"] == "list"
    phone.press(offer, choices(offer)[3]["title"])
    assert said_by(phone)[-1] == "Opción número 3 de las seis"


def test_more_than_ten_choices_come_numbered_and_the_number_chooses(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    offer_long_titles(phone, *(f"Opción número {number} de las doce" for number in range(12)))
    ask_to_send(phone)
    assert "12. Opción número 11 de las doce" in text_of(phone.new()[0])
    phone.say("12")
    assert said_by(phone)[-1] == "Opción número 11 de las doce"


def test_the_same_message_delivered_three_times_is_answered_once(phone: WhatsAppPhone) -> None:
    phone.emulator.trouble(deliveries=3)
    first = phone.say("¿cuál es el teléfono de las gestorías?")
    phone.emulator.trouble()
    assert phone.send(text="otra cosa", id="wamid.doble")["status"] == 200
    phone.new()
    before = len(phone.screen()["shown"])
    assert phone.send(text="otra cosa", id="wamid.doble")["status"] == 200
    time.sleep(1)
    assert len(phone.screen()["shown"]) == before
    assert len(first) <= 3


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "ñ"])
def test_a_forged_webhook_is_refused_counted_and_never_heard(emulator: Emulator, header: str | None) -> None:
    server, number = emulator.server, new_number()
    said = f"esto es falso {number}"
    body = update(number, {"from": number, "id": "wamid.f", "timestamp": now(), "type": "text", "text": {"body": said}})
    before = figure(server, 'ventanilla_whatsapp_webhooks_total{outcome="forged"}')
    assert post(server.url, body, header.encode().decode("latin-1") if header else header) == 403
    assert figure(server, 'ventanilla_whatsapp_webhooks_total{outcome="forged"}') == before + 1
    assert spoken(server, said) == 0


def test_a_webhook_changed_by_one_byte_is_refused(emulator: Emulator) -> None:
    body = update("34600000001", {"from": "34600000001", "id": "wamid.t", "timestamp": now(), "type": "text"})
    assert post(emulator.server.url, body.replace(b"34600000001", b"34600000002", 1), sign(body)) == 403
    assert post(emulator.server.url, body, sign(body).upper().replace("SHA256", "sha256")) == 200


def now() -> str:
    return str(int(time.time()))


def test_an_old_message_is_refused_counted_and_the_person_asked_to_write_again(phone: WhatsAppPhone) -> None:
    server = phone.emulator.server
    before = figure(server, 'ventanilla_whatsapp_left_out_total{reason="old"}')
    assert phone.send(text="esto salió hace media hora", age_seconds=1800)["status"] == 200
    assert "mucho retraso" in text_of(phone.new()[0])
    assert figure(server, 'ventanilla_whatsapp_left_out_total{reason="old"}') == before + 1
    assert spoken(server, "hace media hora") == 0


def test_a_recorded_webhook_that_is_sent_again_later_says_nothing(phone: WhatsAppPhone) -> None:
    phone.send(text="una pregunta sobre documentos", id="wamid.grabado", age_seconds=1)
    phone.new()
    before = len(phone.screen()["shown"])
    phone.send(text="una pregunta sobre documentos", id="wamid.grabado", age_seconds=1800)
    time.sleep(1)
    assert len(phone.screen()["shown"]) == before


def test_numbers_and_ids_are_kept_in_one_table_only(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    server = phone.emulator.server
    assert len(rows(server, f"SELECT 1 FROM whatsapp_number WHERE number = '{phone.number}'")) == 1
    for table, column in (("conversation", "address"), ("message", "channel_message_id"), ("dialogue", "address")):
        held = [str(row[0]) for row in rows(server, f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")]
        assert held
        assert not [value for value in held if phone.number in value or value.startswith("wamid.")]


@pytest.mark.parametrize(
    ("message", "answered"),
    [
        ({"type": "audio", "audio": {"id": "1", "voice": True}}, "mensajes de voz"),
        ({"type": "video", "video": {"id": "1"}}, "vídeos"),
        ({"type": "sticker", "sticker": {"id": "1"}}, "en qué te ayudo"),
        ({"type": "location", "location": {"latitude": 40.4, "longitude": -3.7}}, "ubicación"),
        ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}}]}, "No guardo contactos"),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, "no lo sé leer"),
        ({"type": "image", "image": {"id": "123", "mime_type": "image/jpeg"}}, "No he podido recoger el archivo"),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_what_holds_no_words_is_answered_politely(phone: WhatsAppPhone, message: dict[str, Any], answered: str) -> None:
    phone.send(message=message)
    welcome, answer = map(text_of, phone.new(at_least=2))
    assert "No soy una persona" in welcome
    assert answered in answer


def test_a_reaction_wants_no_answer(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    phone.send(message={"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}})
    time.sleep(0.7)
    assert len(phone.screen()["shown"]) == phone.seen


def test_signing_in_from_the_link_names_whatsapp_and_the_chat_goes_on_by_itself(phone: WhatsAppPhone) -> None:
    asked = " ".join(map(text_of, phone.say("mis facturas pendientes")))
    link = next(found for found in URL.findall(asked) if "/entrar/" in found)
    browser = Visitor(phone.emulator.server.url)
    assert "WhatsApp" in browser.open(link)[1].decode()
    sign_in(phone, browser, link)
    said = plain(" ".join(map(read, phone.new(at_least=2))))
    assert "¡hola, ignacio!" in said
    assert re.search(r"fe\d{4}-\d{6}", said)


def code_of(browser: Visitor, link: str) -> str:
    """Sign in on the page; the code that it shows to be written in the chat."""
    form = {"identifier": IGNACIO, "password": "cielo-de-prueba-26", "proof": ""}
    status, page, _ = browser.open(link, form)
    assert status == 200
    way_back = re.search(rf"https://wa\.me/{ACCOUNT.display_number}\?text=(\d{{6}})", page.decode())
    assert way_back
    return way_back.group(1)


def sign_in(phone: WhatsAppPhone, browser: Visitor, link: str) -> None:
    assert phone.send(text=code_of(browser, link))["status"] == 200


def test_somebody_else_s_number_is_not_signed_in(phone: WhatsAppPhone) -> None:
    other = WhatsAppPhone(phone.emulator)
    link = next(found for found in URL.findall(text_of(phone.say("quiero identificarme")[-1])) if "/entrar/" in found)
    code = code_of(Visitor(phone.emulator.server.url), link)
    assert "ignacio" not in other.ask(code)
    assert "fe26" not in phone.ask("mis facturas pendientes")
    assert "fe26" not in other.ask("mis facturas pendientes")


def test_what_the_staff_write_reaches_the_phone_with_their_name(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    write_as_staff(phone, "Te llamo mañana a las **diez**.")
    ask_to_send(phone)
    assert [text_of(message) for message in phone.new()] == ["*Lucía*\nTe llamo mañana a las *diez*."]


def write_as_staff(phone: WhatsAppPhone, words: str) -> None:
    """As the desk does it, in another process: the next reply brings it along."""
    database = Database(phone.emulator.server.database_url)
    with database.writing() as connection:
        row = connection.execute(text(f"SELECT address FROM whatsapp_number WHERE number = '{phone.number}'"))
        opened = transcript.open_conversation(connection, row.scalar_one(), utc_now())
        transcript.add_from_agent(connection, opened, words, "Lucía", utc_now())
    database.close()


def test_after_a_day_a_template_asks_once_and_what_waits_comes_when_the_person_writes(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    phone.emulator.ask(f"phones/{phone.number}", {"silent_hours": 25})
    forget_hearing(phone)
    for words in ("Tu gestión ya está resuelta.", "Y otra cosa más."):
        write_as_staff(phone, words)
    ask_to_send(phone)
    shown = phone.new()
    assert [(message["type"], message["content"]["name"]) for message in shown] == [("template", TEMPLATE)]
    assert phone.send(text="gracias, dime")["status"] == 200
    came = [text_of(message) for message in phone.new(at_least=3)]
    assert came[:2] == ["*Lucía*\nTu gestión ya está resuelta.", "*Lucía*\nY otra cosa más."]


def forget_hearing(phone: WhatsAppPhone) -> None:
    """A day passes."""
    day_ago = utc_now() - timedelta(hours=25)
    write(phone, update_rows(number_table).where(number_table.c.number == phone.number).values(heard_at=day_ago))


def ask_to_send(phone: WhatsAppPhone) -> None:
    """What was put off, or was being sent by a process that is no more, is due now; the server's rounds find it."""
    write(phone, update_rows(outbound_table).values(due_at=utc_now() - timedelta(minutes=1)))


def write(phone: WhatsAppPhone, statement: Any) -> None:
    database = Database(phone.emulator.server.database_url)
    with database.writing() as connection:
        connection.execute(statement)
    database.close()


def test_a_window_that_the_platform_closed_is_told_by_status_and_nothing_is_lost(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    phone.emulator.ask(f"phones/{phone.number}", {"silent_hours": 25})
    write_as_staff(phone, "Ya tenemos tu escritura.")
    ask_to_send(phone)
    assert phone.new()[0]["type"] == "template"
    phone.send(text="¿qué pasa?")
    assert "*Lucía*\nYa tenemos tu escritura." in [text_of(message) for message in phone.new(at_least=2)]


def test_busy_limited_and_refused_calls_are_tried_again_in_order(phone: WhatsAppPhone) -> None:
    errors = [{"kind": "500"}, {"kind": "429"}, {"kind": "drop"}, {"code": 131056, "status": 400, "retry_after": 1}]
    phone.say("hola")
    phone.emulator.trouble(next=[{"kind": "503"}, *errors])
    phone.send(text="¿qué documentos hacen falta?")
    assert phone.new(within=40)
    assert not problems(phone)[0]


def test_who_cannot_be_reached_is_noted_for_the_staff(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    phone.emulator.ask(f"phones/{phone.number}", {"reachable": False})
    phone.send(text="¿qué documentos hacen falta?")
    until(lambda: "whatsapp 131026: not delivered" in problems(phone))
    phone.emulator.ask(f"phones/{phone.number}", {"reachable": True})


def problems(phone: WhatsAppPhone) -> list[str]:
    query = f"""SELECT problem FROM outbound JOIN conversation ON conversation.id = conversation_id
        JOIN whatsapp_number USING (address) WHERE number = '{phone.number}'"""
    return [row[0] for row in rows(phone.emulator.server, query)]


def until(condition: Any, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_delivered_and_read_are_kept_and_nothing_goes_backwards(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    query = f"""SELECT progress FROM whatsapp_sent JOIN message ON message.id = message_id
        JOIN conversation ON conversation.id = conversation_id
        JOIN whatsapp_number USING (address) WHERE number = '{phone.number}'"""
    until(lambda: {row[0] for row in rows(phone.emulator.server, query)} == {"delivered"})
    phone.emulator.ask(f"phones/{phone.number}/read", {})
    until(lambda: {row[0] for row in rows(phone.emulator.server, query)} == {"read"})


def test_a_message_that_is_too_long_is_told_so_once(phone: WhatsAppPhone) -> None:
    phone.send(text="ñ" * 3000)
    phone.send(text="ñ" * 3000)
    assert ["demasiado largo" in text_of(message) for message in phone.new()] == [True]


def test_nothing_that_was_acknowledged_is_lost_when_the_server_is_killed(emulator: Emulator) -> None:
    phones = [WhatsAppPhone(emulator) for _ in range(5)]
    emulator.trouble(percent=100, kinds=["503"])
    for one in phones:
        assert one.send(text="¿qué documentos hacen falta?")["status"] == 200
    emulator.server.kill()
    emulator.trouble()
    emulator.server.start()
    ask_to_send(phones[0])
    for one in phones:
        assert "document" in plain(" ".join(map(read, one.new(within=60))))


def test_the_phone_number_is_not_in_the_log(phone: WhatsAppPhone) -> None:
    phone.say("hola")
    assert phone.number not in phone.emulator.server._log.read_text()
    assert base64.b64encode(phone.number.encode()).decode()[:12] not in phone.emulator.server._log.read_text()
    assert ACCOUNT.token not in phone.emulator.server._log.read_text()
