"""Files between an agent and a customer: who may send and open them, their order in the transcript. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.audit.model import Search
from bot.audit.service import everything
from bot.conversation.model import Author, Message, Reply
from bot.desk import store as cases
from bot.desk.files import CaseFiles, show_to_staff
from bot.desk.model import Case, Choice, NotYours, Role, StaffMember
from bot.desk.service import choose
from bot.desk.shown import shown_message, shown_summary
from bot.desk.summary import NoKnowledge, summary_of
from bot.documents.checker import Checker
from bot.documents.downloads import Downloads, Unusable, link_to_document
from bot.documents.model import NotFound, Reason, Settled, Wanted
from bot.documents.news import addresses_with_news
from bot.documents.scanner import NoScanner
from bot.documents.sealing import read_keyring
from bot.documents.service import documents_of, given_to_person, unsorted_documents
from bot.documents.storage import FolderStorage, SealedStorage
from bot.documents.store import document_table
from bot.documents.upkeep import Upkeep
from bot.documents.uploads import Tools, Uploads
from bot.identity.sessions import end_session, open_session, session_of
from bot.notifications.rendering import render
from bot.notifications.store import mail_table
from bot.procedures.arrivals import Arrivals
from bot.procedures.service import find_by_key
from tests.desk.house import ADDRESS, AREA, Echo, House
from tests.documents.files import encrypted_pdf, photograph_of_a_telephone, printed_pdf
from tests.documents.hostile import EICAR
from tests.documents.house import BEATRIZ, Knows, fill
from tests.notifications.letters import COMPANY

PDF = printed_pdf(1)
BROWSER, OTHER_BROWSER = "the browser of Beatriz", "somebody else's"


class Post:
    """An agent who has a case, and the way that files take in both directions."""

    def __init__(self, house: House, folder: Path, checker: Checker) -> None:
        self.house, self.scanner = house, Knows()
        fill(house.database)
        self.storage = SealedStorage(FolderStorage(folder), read_keyring("", AREA.secret))
        self.tools = Tools(self.storage, checker, self.scanner)
        self.files = CaseFiles(house.database, AREA, house.clock)
        self.from_staff = Uploads(house.database, AREA, self.tools, self.files.settle)
        arrivals = Arrivals(AREA, house.clock, house.router.note_event_once, show_to_staff)
        self.from_customer = Uploads(house.database, AREA, self.tools, arrivals.settle)
        self.downloads = Downloads(house.database, AREA, house.clock, self.storage)
        self.laura = house.staff("laura")

    def begin_talk(self, by: StaffMember | None = None) -> Case:
        return self.house.agents.take(by or self.laura, self.house.wait().id).case

    def arrive(self, case: Case, content: bytes = PDF, name: str = "contrato.pdf") -> str:
        """A file of Laura's, whole and not yet checked; the upload's reference."""
        uploader = self.files.uploader(self.laura, case.id)
        return self._arrive(self.from_staff, uploader, content, name)

    def _arrive(self, uploads: Uploads, address: str, content: bytes, name: str) -> str:
        now = self.house.clock()
        upload = uploads.begin(address, Wanted("unsorted", name, len(content)), None, now)
        uploads.append(address, upload.reference, 0, content, now)
        return upload.reference

    def send(self, case: Case, content: bytes = PDF, name: str = "contrato.pdf") -> Settled:
        uploader = self.files.uploader(self.laura, case.id)
        return self.from_staff.finish(uploader, self.arrive(case, content, name), self.house.clock())

    def receive(self, content: bytes = PDF, name: str = "poder.pdf") -> Settled:
        """A file of the customer's."""
        reference = self._arrive(self.from_customer, ADDRESS, content, name)
        return self.from_customer.finish(ADDRESS, reference, self.house.clock())

    def sign_in(self) -> None:
        with self.house.database.writing() as connection:
            digest = AREA.digest("browser", BROWSER)
            open_session(connection, ADDRESS, BEATRIZ, digest, self.house.clock())

    def sign_out(self) -> None:
        with self.house.database.writing() as connection:
            assert end_session(connection, ADDRESS, self.house.clock())

    def link(self, message: Message, address: str = ADDRESS) -> str:
        assert message.attachment is not None
        with self.house.database.reading() as connection:
            session = session_of(connection, address, self.house.clock())
            reference = message.attachment.reference
            return link_to_document(connection, AREA, address, session, reference, self.house.clock())

    def opened(self, link: str, browser: str | None = None) -> bytes:
        return b"".join(self.downloads.fetch(link.rpartition("/")[2], browser)[1])

    def messages(self) -> list[Message]:
        return self.house.transcript()

    def audit(self) -> list[tuple[str, str, str]]:
        with self.house.database.reading() as connection:
            entries = [recorded.entry for recorded in everything(connection, Search())]
        return [(entry.action, entry.object_kind, entry.object_id) for entry in entries]


@pytest.fixture(scope="session")
def checker() -> Iterator[Checker]:
    checker = Checker()
    yield checker
    checker.close()


@pytest.fixture
def post(house: House, tmp_path: Path, checker: Checker) -> Post:
    return Post(house, tmp_path / "documents", checker)


def test_an_agent_s_file_stands_in_the_transcript_in_its_order(post: Post) -> None:
    case = post.begin_talk()
    post.house.agents.say(post.laura, case.id, "Te mando el contrato")
    post.send(case, name="../../Contrato\u202e firmado.exe")
    post.house.agents.say(post.laura, case.id, "¿Lo ves?")
    *_, first, file, last = post.messages()
    assert (first.text, last.text) == ("Te mando el contrato", "¿Lo ves?")
    assert (file.author, file.signed_by, file.text) == (Author.AGENT, "Laura", "Contrato firmado.pdf")
    assert file.attachment is not None
    assert (file.attachment.media_type, file.attachment.size) == ("application/pdf", len(PDF))
    assert post.opened(post.link(file)) == PDF
    assert any(action == "document_sent" and who.endswith(f" staff {post.laura.id}") for action, _, who in post.audit())


def test_what_is_kept_is_sealed_and_stays_with_the_case(post: Post, tmp_path: Path) -> None:
    case = post.begin_talk()
    document = post.send(case).document
    assert document is not None
    kept = [path.read_bytes() for path in (tmp_path / "documents").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"%PDF" in content for content in kept)
    Upkeep(post.house.database, post.storage, NoScanner()).sweep(post.house.clock() + timedelta(days=8))
    with post.house.database.reading() as connection:
        (row,) = connection.execute(document_table.select()).all()
        procedure = find_by_key(connection, case.tracking_key)
    assert procedure is not None
    assert (row.state, row.procedure_id, row.address) == ("kept", procedure.id, ADDRESS)


def test_it_is_no_paper_of_the_customer_s_own(post: Post) -> None:
    post.send(post.begin_talk())
    with post.house.database.reading() as connection:
        assert unsorted_documents(connection, ADDRESS, None) == []
        assert [each.purpose for each in documents_of(connection, ADDRESS, None)] == ["from_staff"]
        assert addresses_with_news(connection) == []  # the assistant is not told of it


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MZ" + b"\0" * 400, Reason.WRONG_KIND),
        (encrypted_pdf("secret", "AES-256"), Reason.ENCRYPTED),
        (PDF + EICAR, Reason.INFECTED),
    ],
    ids=["program", "encrypted", "virus"],
)
def test_a_hostile_file_is_refused_and_nothing_is_said(post: Post, content: bytes, reason: Reason) -> None:
    case = post.begin_talk()
    before = len(post.messages())
    settled = post.send(case, content)
    assert (settled.document, settled.reason) == (None, reason)
    assert len(post.messages()) == before
    assert post.files.said(settled) == (ADDRESS, [])
    with post.house.database.reading() as connection:
        assert addresses_with_news(connection) == []


def test_only_who_has_the_case_sends(post: Post) -> None:
    waiting = post.house.wait()
    with pytest.raises(NotYours):
        post.files.uploader(post.laura, waiting.id)
    case = post.house.agents.take(post.laura, waiting.id).case
    for other in (post.house.staff("andres"), post.house.staff("carmen", Role.SUPERVISOR)):
        with pytest.raises(NotYours):
            post.files.uploader(other, case.id)


def test_what_arrives_while_the_case_is_given_away_is_not_sent(post: Post) -> None:
    case, andres = post.begin_talk(), post.house.staff("andres")
    uploader, reference = post.files.uploader(post.laura, case.id), post.arrive(case)
    post.house.agents.transfer(post.laura, case.id, andres.id)
    with pytest.raises(NotFound):
        post.from_staff.finish(uploader, reference, post.house.clock())
    assert not any(message.attachment for message in post.messages())
    with post.house.database.reading() as connection:
        assert documents_of(connection, ADDRESS, None) == []


def test_asked_twice_it_is_said_once(post: Post) -> None:
    case = post.begin_talk()
    uploader, reference = post.files.uploader(post.laura, case.id), post.arrive(case)
    settled = [post.from_staff.finish(uploader, reference, post.house.clock()) for _ in range(2)]
    assert [message.text for message in post.messages() if message.attachment] == ["contrato.pdf"]
    assert post.files.said(settled[1]) == (ADDRESS, [post.messages()[-1]])


def mails(post: Post) -> list[tuple[str, str, dict[str, Any]]]:
    """(recipient, template, details) of the mails of the desk, oldest first."""
    wanted = select(mail_table.c.recipient, mail_table.c.template, mail_table.c.details).order_by(mail_table.c.id)
    with post.house.database.reading() as connection:
        rows = connection.execute(wanted.where(mail_table.c.template.startswith("desk_")))
        return [(row.recipient, row.template, row.details) for row in rows]


def test_who_is_answered_by_mail_is_told_once_that_a_file_is_in_the_chat(post: Post) -> None:
    waiting = post.house.wait()
    with post.house.database.writing() as connection:
        choose(connection, AREA, waiting, Choice.MAIL, "ana.otero@correo.example", post.house.clock())
    case = post.house.agents.take(post.laura, waiting.id).case
    uploader, reference = post.files.uploader(post.laura, case.id), post.arrive(case, name="Nómina de Ana.pdf")
    for _ in range(2):
        post.from_staff.finish(uploader, reference, post.house.clock())
    ((recipient, template, details),) = mails(post)
    assert (recipient, template) == ("ana.otero@correo.example", "desk_file")
    letter = render(COMPANY, template, details)
    said = post.messages()[-1].attachment
    assert said
    for part in (letter.subject, letter.text, letter.html):
        assert "Nómina" not in part
        assert said.reference not in part
    assert "ábrelo en el mismo chat" in letter.text


def test_of_a_file_that_is_refused_nothing_is_mailed(post: Post) -> None:
    waiting = post.house.wait()
    with post.house.database.writing() as connection:
        choose(connection, AREA, waiting, Choice.MAIL, "ana.otero@correo.example", post.house.clock())
    case = post.house.agents.take(post.laura, waiting.id).case
    assert post.send(case, b"no document").reason is not None
    assert mails(post) == []


def test_who_waits_in_the_chat_gets_no_mail_of_a_file(post: Post) -> None:
    post.send(post.begin_talk())
    assert mails(post) == []


def test_nobody_else_opens_it(post: Post) -> None:
    post.send(post.begin_talk())
    file = post.messages()[-1]
    with pytest.raises(NotFound):
        post.link(file, "web:eva")
    link = post.link(file)
    signed, _, signature = link.rpartition(".")
    with pytest.raises(Unusable):
        post.opened(f"{signed}.{signature.swapcase()}")
    post.house.clock.pass_by(minutes=11)
    with pytest.raises(Unusable):
        post.opened(link)
    assert post.opened(post.link(file)) == PDF


def test_sent_to_somebody_signed_in_it_is_theirs_in_their_browser_until_they_leave(post: Post) -> None:
    case = post.begin_talk()
    post.sign_in()
    post.send(case)
    file = post.messages()[-1]
    link = post.link(file)
    assert post.opened(link, BROWSER) == PDF
    for stranger in (OTHER_BROWSER, None):
        with pytest.raises(Unusable):
            post.opened(link, stranger)
    post.sign_out()
    with pytest.raises(Unusable):
        post.opened(link, BROWSER)
    with pytest.raises(NotFound):
        post.link(file)


def test_a_channel_brings_only_what_the_staff_sent_there(post: Post) -> None:
    post.send(post.begin_talk())
    sent, received = post.messages()[-1].attachment, post.receive().document
    assert sent is not None
    assert received is not None
    with post.house.database.reading() as connection:
        assert given_to_person(connection, ADDRESS, sent.reference).name == "contrato.pdf"
        for address, reference in (("web:eva", sent.reference), (ADDRESS, received.reference)):
            with pytest.raises(NotFound):
                given_to_person(connection, address, reference)


def test_the_customer_s_file_is_shown_to_who_has_the_case_and_to_nobody_else(post: Post) -> None:
    case, andres = post.begin_talk(), post.house.staff("andres")
    post.receive(photograph_of_a_telephone(), "DNI.jpg")
    shown = post.house.router.answer_waiting(ADDRESS)
    assert [(each.author, each.text) for each in shown] == [(Author.PERSON, "DNI.jpg")]
    file = shown[0].attachment
    assert file is not None
    assert post.files.read(post.laura, case.id, file.reference).size == file.size
    with pytest.raises(NotYours):
        post.files.read(andres, case.id, file.reference)
    assert [action for action, _, _ in post.audit()].count("document_read") == 1
    post.house.agents.hand_back(post.laura, case.id)
    with pytest.raises(NotYours):
        post.files.read(post.laura, case.id, file.reference)


def test_another_person_s_file_in_the_same_conversation_is_not_theirs_to_read(post: Post) -> None:
    post.sign_in()
    left = post.receive().document
    assert left is not None
    post.sign_out()
    case = post.begin_talk()
    with pytest.raises(NotFound):
        post.files.read(post.laura, case.id, left.reference)


def test_the_summary_leads_only_to_what_who_has_the_case_may_read(post: Post) -> None:
    post.sign_in()
    before = post.receive(name="de Beatriz.pdf").document
    post.sign_out()
    case = post.begin_talk()
    here = post.receive(name="aquí.pdf").document
    assert before is not None
    assert here is not None
    with post.house.database.reading() as connection:
        about = cases.by_id(connection, case.id)
        assert about is not None
        found = shown_summary(summary_of(connection, about, NoKnowledge(), post.house.clock()), about)
    assert [(each["name"], each["reference"]) for each in found["documents"]] == [
        ("de Beatriz.pdf", None),
        ("aquí.pdf", here.reference),
    ]


def test_a_refused_file_of_the_customer_s_is_told_to_both_by_the_desk(post: Post) -> None:
    post.begin_talk()
    post.receive(b"MZ" + b"\0" * 400, "foto.jpg")
    told = post.house.router.answer_waiting(ADDRESS)
    assert [(each.author, each.signed_by) for each in told] == [(Author.AGENT, "")]
    assert "utter_desk_file_refused foto.jpg" in told[0].text


def test_while_the_assistant_has_the_conversation_files_are_its_own_to_speak_of(post: Post) -> None:
    post.house.wait()
    post.receive()
    said = post.house.router.answer_waiting(ADDRESS)
    assert [each.text for each in said] == ["echo /documents_arrived"]


def test_a_file_that_comes_as_the_talk_ends_is_no_text_for_the_assistant(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_self: Echo, _connection: object, _address: str, text: str, _needs: object) -> list[Reply]:
        asked.append(text)
        return []

    monkeypatch.setattr(Echo, "answer", answer)
    case = post.begin_talk()
    post.receive()
    post.house.agents.hand_back(post.laura, case.id)
    post.house.router.answer_waiting(ADDRESS)
    assert asked == ["/documents_arrived", "/handed_back"]


def test_the_desk_is_told_what_the_scanner_says_and_when_a_file_is_gone(post: Post) -> None:
    post.scanner.answers = False
    post.send(post.begin_talk())
    file = post.messages()[-1]
    assert file.attachment is not None
    waiting = shown_message(file, scans={file.attachment.reference: "not_scanned"})["file"]
    assert (waiting["scan"], waiting["reference"]) == ("Sin analizar", file.attachment.reference)
    gone = shown_message(file, scans={})["file"]
    assert (gone["scan"], gone["reference"]) == ("Ya no se guarda", None)
