"""Papers sent over tus to real servers: asked for in the chat, sent from the page, told by itself, refused with the reason."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.browser.server import Server, free_port
from tests.documents.files import encrypted_pdf, pdf, photograph_of_a_telephone, printed_pdf
from tests.documents.hostile import EICAR
from tests.documents.house import clamd
from tests.emulators.telegram import TelegramEmulator, TelegramPerson, words_of
from tests.open_house import GROUNDS, OpenHouse, house_on
from tests.talk import plain
from tests.test_rights_in_chat import key_of, new_nif
from tests.visitor import IGNACIO, LINK, PAULA, Visitor

PDF = printed_pdf(1)
PAGE = re.compile(r"https?://[^()\s]+/gestiones/[^()\s]*[\w-]")
DETAILS = "me di de alta con el CIF B57337925, el representante es Ana Ruiz Gil, 12345678Z, ana@correo.example"
WAIT_SECONDS = 20


@pytest.fixture(scope="module", params=GROUNDS)
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """A server with the invented world and a virus scanner, over each channel and on each kind of database."""
    server = house_on(request, tmp_path_factory.mktemp("papers"))
    with clamd() as (address, _heard):
        server.set(CLAMD_URL=address)
        server.start()
        yield server
        server.stop()


@dataclass
class Sender(Visitor):
    """A person who opens the page of a procedure and sends files from it, as its script does."""

    proof: str = ""
    key: str = ""
    heard: list[str] = field(default_factory=list)

    def open_procedure(self) -> str:
        """Ask for the update of a registration; the link of its page."""
        self.ask(DETAILS)
        answers = self.say("sí")
        links = [link for answer in answers for link in PAGE.findall(answer["text"])]
        assert links, answers
        return str(links[0])

    def look(self, link: str) -> str:
        """The page of a link, in this person's browser."""
        status, body, _ = self.open(link)
        assert status == 200
        page = body.decode()
        self.proof = found(r'data-proof="([^"]+)"', page)
        self.key = found(r'data-procedure="([^"]+)"', page)
        return page

    def tus(self, method: str, place: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str]]:
        always = {"Tus-Resumable": "1.0.0", "X-Conversation": self.proof}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(self.url + place, body, always | named, method=method)
        try:
            with urlopen(request, timeout=60) as response:
                return response.status, dict(response.headers)
        except HTTPError as error:
            return error.code, dict(error.headers)

    def announce(self, content: bytes, name: str, purpose: str = "authority") -> tuple[int, dict[str, str]]:
        pairs = {"filename": name, "purpose": purpose, "procedure": self.key}
        said = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items() if value)
        return self.tus("POST", "/subidas/", Upload_Length=str(len(content)), Upload_Metadata=said)

    def append(self, place: str, content: bytes, offset: int = 0) -> tuple[int, dict[str, str]]:
        headers = {"Content_Type": "application/offset+octet-stream", "Upload_Offset": str(offset)}
        return self.tus("PATCH", place, content[offset:], **headers)

    def send(self, content: bytes, name: str, purpose: str = "authority") -> tuple[int, dict[str, str]]:
        status, headers = self.announce(content, name, purpose)
        assert status == 201, status
        return self.append(headers["Location"], content)

    def hear(self, what: str) -> str:
        """Say something until the assistant has told that by itself; a caller hears it with the next answer."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            answer = self.ask("gracias")
            if what in answer:
                return answer
        raise AssertionError(f"{what!r} was never told")


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


@pytest.fixture
def sender(office: OpenHouse) -> Sender:
    sender = Sender(office.url, phone=office.phone())
    sender.look(sender.open_procedure())
    return sender


def test_a_paper_sent_from_the_page_is_told_in_the_chat_and_shown_on_the_page(office: OpenHouse) -> None:
    sender = Sender(office.url, phone=office.phone())
    link = sender.open_procedure()
    assert ">Falta<" in sender.look(link)
    status, headers = sender.send(PDF, "escritura.pdf")
    assert status == 204
    assert headers["Upload-Document"]
    assert "ya esta todo" in sender.hear("he recibido escritura.pdf")
    page = sender.look(link)
    assert ">Recibido<" in page
    status, body, headers = sender.open(found(r'href="([^"]+/documentos/[^"]+)"', page))
    assert (status, body) == (200, PDF)
    assert headers["Content-Disposition"].startswith("attachment")


def test_a_cut_upload_goes_on_where_it_was(sender: Sender) -> None:
    photograph = photograph_of_a_telephone()
    place = sender.announce(photograph, "poder.jpg")[1]["Location"]
    sender.append(place, photograph[:1000])
    status, headers = sender.tus("HEAD", place)
    assert (status, headers["Upload-Offset"]) == (200, "1000")
    assert sender.append(place, photograph, 1000)[0] == 204
    assert "ya esta todo" in sender.hear("poder.jpg")


@pytest.mark.parametrize(
    ("make", "reason", "told"),
    [
        (lambda: encrypted_pdf("secret", "AES-256"), "encrypted", "tiene contrasena"),
        (lambda: b"hola, no soy un pdf", "wrong_kind", "no es un pdf ni una foto"),
        (lambda: PDF[: len(PDF) // 2], "damaged", "esta danado"),
        (lambda: pdf(EICAR.join((b"(", b")"))), "infected", "antivirus"),
    ],
)
def test_a_refused_file_is_told_with_its_reason_and_what_to_do(
    make: Callable[[], bytes], reason: str, told: str, sender: Sender
) -> None:
    status, headers = sender.send(make(), "papel.pdf")
    assert (status, headers["Upload-Reason"]) == (422, reason)
    assert told in sender.hear("no he podido guardar papel.pdf")


def test_a_cancelled_upload_is_gone(sender: Sender) -> None:
    place = sender.announce(PDF, "a.pdf")[1]["Location"]
    assert sender.tus("DELETE", place)[0] == 204
    assert sender.tus("HEAD", place)[0] == 404
    assert sender.tus("DELETE", place)[0] == 404


def test_a_file_for_a_procedure_that_is_anothers_does_not_begin(office: OpenHouse, sender: Sender) -> None:
    other = Sender(office.url, phone=office.phone())
    other.look(other.open_procedure())
    other.key = sender.key
    assert other.announce(PDF, "a.pdf")[0] == 404


@pytest.mark.parametrize("proof", ["", "web.session", "x" * 60])
def test_who_shows_no_conversation_sends_nothing(office: OpenHouse, proof: str) -> None:
    assert Sender(office.url, phone=office.phone(), proof=proof).announce(PDF, "a.pdf")[0] == 401


def test_what_was_opened_signed_in_is_shown_in_that_browser_only(office: OpenHouse) -> None:
    holder = Sender(office.url, phone=office.phone())
    assert holder.sign_in(IGNACIO) == 200
    holder.ask("hola")
    link = holder.open_procedure()
    assert "Falta" in holder.look(link)
    other = Sender(office.url, phone=office.phone())
    assert other.sign_in(PAULA) == 200
    assert other.open(link)[0] == 403
    assert Sender(office.url, phone=office.phone()).open(link)[0] == 403
    holder.ask("cerrar sesión")
    assert holder.open(link)[0] == 403
    assert holder.announce(PDF, "a.pdf")[0] == 404


def test_a_forged_link_and_the_folder_get_a_page_that_says_what_to_do(office: OpenHouse) -> None:
    visitor = office.visitor()
    status, body, _ = visitor.open(f"{office.url}/gestiones/forged")
    assert status == 403
    assert "vuelve al chat" in body.decode()
    assert visitor.open(f"{office.url}/gestiones")[0] == 404


def test_the_page_is_not_kept_and_runs_only_our_own_scripts(office: OpenHouse) -> None:
    sender = Sender(office.url, phone=office.phone())
    _, _, headers = sender.open(sender.open_procedure())
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'; " in policy
    assert policy.endswith("connect-src 'self'")
    assert headers["Cache-Control"] == "no-store"
    assert not LINK.findall(policy)


def two_papers_wait(office: OpenHouse) -> tuple[Sender, dict[str, str]]:
    """A representative whose two procedures wait for papers, and who has sent a file without a word; the ends of both keys."""
    holder = Sender(office.url, phone=office.phone())
    assert holder.sign_in(IGNACIO) == 200
    holder.ask("hola")
    holder.look(holder.open_procedure())
    holder.ask(f"quiero dar de alta a mi gestor energético, Olga Prado Sanz, {new_nif()}, olga@energia.example")
    keys = {"deed": holder.key[-4:], "mandate": key_of(holder)[-4:]}
    holder.key = ""
    assert holder.send(PDF, "papel.pdf", purpose="unsorted")[0] == 204
    holder.hear("que papel es")
    return holder, keys


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("es la autorizacion fimada {mandate}", "gestor externo"),
        ("la escritrua de constitución ({deed})", "ya esta todo"),
        ("no es ninguno de esos", "guardo"),
        ("bórralo", "borrado"),
    ],
)
def test_which_paper_it_is_may_be_typed(office: OpenHouse, said: str, told: str) -> None:
    holder, keys = two_papers_wait(office)
    answer = holder.ask(said.format(**keys))
    assert told in answer
    assert "que papel es" not in answer


def test_an_identity_card_is_answered_and_what_names_no_paper_is_asked_again(office: OpenHouse) -> None:
    holder, keys = two_papers_wait(office)
    assert "con el numero me basta" in holder.ask("el dni del nuevo representante")
    assert "que papel es" in holder.ask("un poder y una autorización de la escritura firmada")
    assert "papel.pdf" in holder.ask(f"la autorización firmada {keys['mandate']}")


def test_which_paper_it_is_may_be_typed_on_the_phone(tmp_path: Path) -> None:
    emulator, server = TelegramEmulator(), Server(tmp_path, free_port(), "")
    emulator.start()
    server.set(**emulator.settings(), TELEGRAM_MODE="webhook")
    server.start()
    ana = TelegramPerson(emulator, 9_100_001)
    for cif in ("B57337925", "A58818501"):
        ana.ask(DETAILS.replace("B57337925", cif))
        ana.ask("sí")
    ana.send_file("papel.pdf", PDF)
    told = ""
    while "que papel es" not in told:
        told = plain(" ".join(words_of(message) for message in ana.wait()))
    answer = ana.ask("es la segunda")
    assert "papel.pdf" in answer
    assert "que papel es" not in answer
    server.stop()
    emulator.stop()
