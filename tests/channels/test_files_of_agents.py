"""An agent's file on its way to the customer's phone and to REST: running servers, emulators, both databases."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.agent import Agent, until
from tests.browser.server import Server, open_desk
from tests.documents.files import encrypted_pdf, photograph_of_a_telephone, printed_pdf
from tests.emulators.telegram import TelegramEmulator, TelegramPerson
from tests.talk import Talk
from tests.visitor import BEATRIZ, IGNACIO, Visitor
from tests.whatsapp_phone import ACCOUNT, Emulator, WhatsAppPhone

PDF = printed_pdf(2)
PHOTOGRAPH = photograph_of_a_telephone()
PERSON = "quiero hablar con una persona"


@pytest.fixture(scope="module")
def telegram() -> Iterator[TelegramEmulator]:
    emulator = TelegramEmulator()
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def whatsapp(
    request: pytest.FixtureRequest, telegram: TelegramEmulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """WhatsApp, and a server that talks there and on Telegram."""
    folder = tmp_path_factory.mktemp("files")
    server = open_desk(folder)
    server.set(**telegram.settings(), TELEGRAM_MODE="polling")
    emulator = Emulator(server, folder)
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("fresh_postgresql_url"))
    emulator.start()
    server.start()
    yield emulator
    server.stop()
    emulator.stop()


@pytest.fixture
def server(whatsapp: Emulator) -> Server:
    return whatsapp.server


@pytest.fixture
def laura(server: Server) -> Iterator[Agent]:
    agent = Agent(server.url)
    yield agent
    agent.close()
    agent.leave()


_chats = iter(range(8_000_000, 9_000_000))


@pytest.fixture
def ana(server: Server, telegram: TelegramEmulator, laura: Agent) -> TelegramPerson:
    """Somebody on Telegram who talks with Laura."""
    person = TelegramPerson(telegram, next(_chats))
    person.ask("hola")
    person.ask(PERSON)
    laura.take()
    person.wait()
    return person


@pytest.fixture
def phone(whatsapp: Emulator, laura: Agent) -> WhatsAppPhone:
    """Somebody on WhatsApp who talks with Laura."""
    phone = WhatsAppPhone(whatsapp)
    phone.say("hola")
    phone.say(PERSON)
    laura.take()
    phone.new()
    return phone


def bytes_of(person: TelegramPerson, document: dict[str, Any]) -> bytes:
    with urlopen(f"{person.emulator.url}/control/files/{document['file_id']}", timeout=10) as answer:
        content: bytes = answer.read()
    return content


def test_on_telegram_it_is_a_document_in_its_place_among_the_texts(ana: TelegramPerson, laura: Agent) -> None:
    laura.say("Te mando el contrato")
    assert laura.send_file("Contrato ñ.pdf", PDF) == (204, "")
    laura.say("¿Lo ves?")
    until(lambda: len(ana.seen()) >= ana.read + 3)
    first, file, last = ana.wait()
    assert ("contrato" in first["text"], "¿Lo ves?" in last["text"]) == (True, True)
    assert file["document"]["file_name"] == "Contrato ñ.pdf"
    assert file["document"]["mime_type"] == "application/pdf"
    assert (file["caption"], file["caption_entities"][0]["type"]) == ("Laura Gil", "bold")
    assert bytes_of(ana, file["document"]) == PDF


def test_on_telegram_it_arrives_once_and_in_order_through_failures(ana: TelegramPerson, laura: Agent) -> None:
    ana.emulator.control("faults", percent_429=15, percent_500=15)
    try:
        for number in range(4):
            laura.say(f"texto {number}")
            assert laura.send_file(f"{number}.pdf", PDF)[0] == 204
        until(lambda: len(ana.seen()) >= ana.read + 8, 90)
    finally:
        ana.emulator.control("faults", percent_429=0, percent_500=0)
    time.sleep(1)
    came = [message.get("document", {}).get("file_name") or message["text"][-7:] for message in ana.seen()[ana.read :]]
    assert came == [name for number in range(4) for name in (f"texto {number}", f"{number}.pdf")]


def test_who_blocked_the_bot_is_told_of_to_the_agent_and_gets_it_when_they_are_back(
    ana: TelegramPerson, laura: Agent
) -> None:
    ana.emulator.control("block", chat=ana.chat, blocked=True)
    assert laura.send_file("contrato.pdf", PDF)[0] == 204
    until(lambda: laura.undelivered[-1:] == ["unreachable"])
    assert laura.ask("look", case_id=laura.case)["undelivered"] == "unreachable"
    ana.emulator.control("block", chat=ana.chat, blocked=False)
    ana.say("ya estoy")
    assert ana.wait()[0]["document"]["file_name"] == "contrato.pdf"
    until(lambda: laura.undelivered[-1:] == [None])


def test_what_a_person_sends_on_telegram_is_a_file_at_the_desk(ana: TelegramPerson, laura: Agent) -> None:
    ana.send_file("poder.pdf", PDF)
    until(laura.files)
    (file,) = laura.files()
    assert (file["name"], file["scan"]) == ("poder.pdf", "Sin analizar")
    path = f"{laura.url}/desk/caso/{laura.case}/documento/{file['reference']}"
    with urlopen(Request(path, headers={"Cookie": laura.cookie}), timeout=20) as answer:
        assert answer.read() == PDF
    andres = Agent(laura.url, "andres")
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(path, headers={"Cookie": andres.cookie}), timeout=20)
    andres.leave()
    assert refused.value.code == 404


def test_a_person_hears_of_a_refused_file_while_an_agent_has_the_conversation(
    ana: TelegramPerson, laura: Agent
) -> None:
    ana.send_file("nota.pdf", b"%PDF-1.4")
    assert "No se ha podido guardar «nota.pdf»" in ana.wait()[0]["text"]
    assert laura.files() == []


def test_on_whatsapp_a_pdf_is_a_document_and_a_photograph_an_image(phone: WhatsAppPhone, laura: Agent) -> None:
    laura.say("Te mando dos cosas")
    assert laura.send_file("Contrato.pdf", PDF)[0] == 204
    assert laura.send_file("contador.jpg", PHOTOGRAPH)[0] == 204
    text, document, image = phone.new(at_least=3)
    assert [text["type"], document["type"], image["type"]] == ["text", "document", "image"]
    assert (document["content"]["filename"], document["content"]["caption"]) == ("Contrato.pdf", "*Laura Gil*")
    at = f"{phone.emulator.url}/v23.0/files/{document['content']['id']}"
    with urlopen(Request(at, headers={"Authorization": f"Bearer {ACCOUNT.token}"}), timeout=20) as answer:
        assert answer.read() == PDF


def test_on_whatsapp_failures_of_the_upload_and_of_the_message_repeat_nothing(
    phone: WhatsAppPhone, laura: Agent
) -> None:
    phone.emulator.trouble(next=[{"kind": "500"}, {"kind": "429"}, {"kind": "503"}])
    assert laura.send_file("contrato.pdf", PDF)[0] == 204
    laura.say("¿Lo ves?")
    file, text = phone.new(at_least=2, within=60)
    assert (file["type"], text["type"]) == ("document", "text")
    time.sleep(1)
    assert len(phone.screen()["shown"]) == phone.seen


def test_after_24_hours_the_agent_hears_that_nothing_goes_and_it_waits(phone: WhatsAppPhone, laura: Agent) -> None:
    phone.emulator.ask(f"phones/{phone.number}", {"silent_hours": 25})
    phone.emulator.trouble(window="answer")
    try:
        assert laura.send_file("contrato.pdf", PDF)[0] == 204
        until(lambda: laura.undelivered[-1:] == ["window"])
        assert [message["type"] for message in phone.new()] == ["template"]
        phone.send(text="dime")
        assert [message["type"] for message in phone.new()] == ["document"]
        until(lambda: laura.undelivered[-1:] == [None])
    finally:
        phone.emulator.trouble()


def test_a_file_that_whatsapp_does_not_take_is_left_out_and_told(phone: WhatsAppPhone, laura: Agent) -> None:
    phone.emulator.trouble(next=[{"status": 400, "code": 131053}])
    assert laura.send_file("contrato.pdf", PDF)[0] == 204
    until(lambda: laura.undelivered[-1:] == ["not_taken"])
    laura.say("Te lo mando por correo")
    assert [message["type"] for message in phone.new()] == ["text"]


def test_over_rest_it_is_an_attachment_whose_link_is_asked_for(server: Server, laura: Agent) -> None:
    talk = Visitor(server.url)
    talk.say("hola")
    talk.say(PERSON)
    laura.take()
    assert laura.send_file("contrato.pdf", PDF)[0] == 204
    until(lambda: laura.files())
    *_, answer = talk.say("¿lo has mandado?")
    about = answer["attachment"]["payload"]
    assert (answer["text"], about["name"], about["size"]) == ("contrato.pdf", "contrato.pdf", len(PDF))
    wanted = {"sender": talk.sender, "sequence": about["sequence"]}
    links = [file_of(server, wanted)[1]["url"] for _ in range(2)]
    with urlopen(links[0], timeout=20) as download:
        assert download.read() == PDF
    assert file_of(server, wanted | {"sender": Talk(server.url).sender})[0] == 404
    assert file_of(server, wanted | {"sequence": about["sequence"] - 1})[0] == 404
    assert file_of(server, wanted | {"sequence": "1"})[0] == 400


def test_sent_to_who_is_signed_in_it_opens_in_that_browser_and_session_only(server: Server, laura: Agent) -> None:
    talk, other = Visitor(server.url), Visitor(server.url)
    talk.sign_in(BEATRIZ)
    other.sign_in(IGNACIO)
    talk.say(PERSON)
    laura.take()
    assert laura.send_file("contrato.pdf", PDF)[0] == 204
    *_, answer = talk.say("¿lo has mandado?")
    wanted = {"sender": talk.sender, "sequence": answer["attachment"]["payload"]["sequence"]}
    link = file_of(server, wanted)[1]["url"]
    assert talk.open(link)[:2] == (200, PDF)
    signed, _, signature = link.rpartition(".")
    assert (
        other.open(link)[0]
        == Visitor(server.url).open(link)[0]
        == talk.open(f"{signed}.{signature.swapcase()}")[0]
        == 403
    )
    laura.close()
    talk.say("cerrar sesión")
    assert talk.open(link)[0] == 403
    assert file_of(server, wanted)[0] == 404


def file_of(server: Server, wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = Request(f"{server.url}/webhooks/rest/file", json.dumps(wanted).encode())
    try:
        with urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_only_the_agent_who_has_the_case_sends_and_hears_why_a_file_is_refused(
    ana: TelegramPerson, laura: Agent
) -> None:
    assert laura.send_file("clave.pdf", encrypted_pdf("x", "AES-256")) == (422, "encrypted")
    andres = Agent(laura.url, "andres")
    assert andres.send_file("contrato.pdf", PDF, case=laura.case) == (403, "not_yours")
    andres.leave()
    assert laura.send_file("contrato.pdf", PDF, case=999_999) == (403, "not_yours")
    assert laura.send_file("contrato.pdf", PDF, cookie="") == (401, "signed_out")
    assert len(ana.seen()) == ana.read
