"""Files become papers of the procedures that wait for them, and of nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.database import Database
from bot.documents.checker import Checker
from bot.documents.model import Document, NotFound, Settled, Upload, Wanted
from bot.documents.news import addresses_with_news, tell_news
from bot.documents.service import document_for_staff, documents_of_procedure
from bot.documents.store import document_table
from bot.documents.uploads import Uploads
from bot.documents.worker import DocumentWorker
from bot.identity.sessions import Session, end_session, session_of
from bot.procedures import papers
from bot.procedures.arrivals import DOCUMENTS_ARRIVED, Arrivals
from bot.procedures.model import Change, Kind, Procedure, Progress, State
from bot.procedures.service import Opening, change_state, open_procedure
from bot.procedures.store import progress
from tests.documents.files import encrypted_pdf, printed_pdf
from tests.documents.house import AREA, House
from tests.procedures.world import ARANDA, BEATRIZ, ELSEWHERE, HERE, IGNACIO, LLORENTE, PAULA, STAFF

PDF = printed_pdf(1)
PAPERS = {Kind.REGISTRATION_UPDATE: "authority", Kind.EXTERNAL_MANAGER: "mandate"}


class Office(House):
    """The house with procedures in it; what is noted in conversations is remembered."""

    def __init__(self, database: Database, folder: Path, checker: Checker) -> None:
        super().__init__(database, folder, checker)
        self.noted: list[tuple[str, str]] = []
        self.arrivals = Arrivals(AREA, self.clock, lambda _, address, event: self.noted.append((address, event)))
        of = papers.procedure_with_key
        self.uploads = Uploads(database, AREA, self.tools, self.arrivals.settle, procedure_of=of)

    def open(
        self, kind: Kind = Kind.REGISTRATION_UPDATE, session: Session | None = None, address: str = HERE
    ) -> Procedure:
        opening = Opening(kind, address, session, needed=(PAPERS[kind],))
        with self.database.writing() as connection:
            return open_procedure(connection, AREA, opening, self.clock.now)

    def announce(
        self, procedure: Procedure | None = None, purpose: str = "unsorted", address: str = HERE, content: bytes = PDF
    ) -> Upload:
        wanted = Wanted(purpose, "escritura.pdf", len(content), procedure.tracking_key if procedure else "")
        return self.uploads.begin(address, wanted, None, self.clock.now)

    def complete(self, upload: Upload, content: bytes = PDF) -> Document:
        self.append(upload, 0, content)
        settled = self.uploads.finish(upload.address, upload.reference, self.clock.now)
        assert settled.document is not None
        return settled.document

    def sent(self, procedure: Procedure | None = None, purpose: str = "unsorted", address: str = HERE) -> Document:
        return self.complete(self.announce(procedure, purpose, address))

    def of(self, procedure: Procedure) -> list[Document]:
        with self.database.reading() as connection:
            return documents_of_procedure(connection, procedure.id)

    def progress(self, procedure: Procedure) -> Progress:
        with self.database.reading() as connection:
            found = progress(connection, procedure.id)
        assert found is not None
        return found

    def news(self, address: str = HERE) -> list[Settled]:
        with self.database.writing() as connection:
            return tell_news(connection, address, self.clock.now)

    def places(self, address: str = HERE) -> list[papers.Place]:
        with self.database.writing() as connection:
            session = session_of(connection, address, self.clock.now)
            return papers.places_for(connection, address, session, self.clock.now)

    def put(self, document: Document, place: papers.Place, address: str = HERE) -> Progress:
        with self.database.writing() as connection:
            return self._put(connection, document, place, address)

    def _put(self, connection: Connection, document: Document, place: papers.Place, address: str) -> Progress:
        session = session_of(connection, address, self.clock.now)
        return papers.put(connection, AREA, address, session, [document.reference], place, self.clock.now)

    def change(self, procedure: Procedure, state: State) -> None:
        with self.database.writing() as connection:
            change_state(connection, AREA, procedure.id, Change(state), STAFF, self.clock.now)


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    checker = Checker()
    yield checker
    checker.close()


@pytest.fixture
def office(demo: Database, tmp_path: Path, checker: Checker) -> Office:
    return Office(demo, tmp_path / "documents", checker)


def test_a_file_goes_to_the_one_procedure_that_waits_and_moves_it_on(office: Office) -> None:
    procedure = office.open()
    sent = office.sent()
    assert [one.reference for one in office.of(procedure)] == [sent.reference]
    assert office.of(procedure)[0].purpose == "authority"
    assert office.progress(procedure).procedure.state is State.IN_PROGRESS
    assert office.progress(procedure).items[0].document_reference == sent.reference


def test_more_pages_go_to_the_same_paper_for_an_hour(office: Office) -> None:
    procedure = office.open()
    for _ in range(3):
        office.sent()
    assert len(office.of(procedure)) == 3
    office.clock.go(hours=2)
    office.sent()
    assert len(office.of(procedure)) == 3


def test_where_two_papers_are_missing_nothing_is_guessed(office: Office) -> None:
    procedures = [office.open(), office.open(Kind.EXTERNAL_MANAGER)]
    sent = office.sent()
    assert [office.of(procedure) for procedure in procedures] == [[], []]
    assert {place.paper.code for place in office.places()} == {"authority", "mandate"}
    chosen = next(place for place in office.places() if place.paper.code == "mandate")
    assert office.put(sent, chosen).procedure.state is State.IN_PROGRESS
    assert office.progress(procedures[0]).missing == ["authority"]


def test_a_file_that_names_its_procedure_and_paper_goes_there(office: Office) -> None:
    first, second = office.open(), office.open(Kind.EXTERNAL_MANAGER)
    office.sent(second, "mandate")
    office.sent(first)
    assert [len(office.of(one)) for one in (first, second)] == [1, 1]


@pytest.mark.parametrize("key", ["", "nonsense", "V7K3-9MCD-TCR9"])
def test_a_key_that_is_none_begins_no_upload(office: Office, key: str) -> None:
    wanted = Wanted("authority", "a.pdf", 10, key or "x")
    with pytest.raises(NotFound):
        office.uploads.begin(HERE, wanted, None, office.clock.now)


def test_nobody_sends_to_anothers_procedure(office: Office) -> None:
    session = office.sign_in(BEATRIZ, ARANDA, HERE)
    procedures = office.open(session=session), office.open(address=ELSEWHERE)
    office.sign_in(PAULA, LLORENTE, "web:paula")
    for procedure in procedures:
        with pytest.raises(NotFound):
            office.announce(procedure, address="web:paula")
    office.sent(address="web:paula")
    assert [office.of(procedure) for procedure in procedures] == [[], []]


def test_what_was_opened_signed_in_takes_nothing_without_a_session(office: Office) -> None:
    procedure = office.open(session=office.sign_in(BEATRIZ, ARANDA, HERE))
    with office.database.writing() as connection:
        end_session(connection, HERE, office.clock.now)
    with pytest.raises(NotFound):
        office.announce(procedure)
    office.sent()
    assert office.of(procedure) == []


def test_a_file_whose_session_ended_on_the_way_is_kept_for_its_person(office: Office) -> None:
    procedure = office.open(session=office.sign_in(BEATRIZ, ARANDA, HERE))
    upload = office.announce(procedure)
    with office.database.writing() as connection:
        end_session(connection, HERE, office.clock.now)
    office.complete(upload)
    assert office.of(procedure) == []
    office.sign_in(BEATRIZ, ARANDA, HERE)
    assert [one.reference for one in office.documents(HERE)] == [office.news()[0].document.reference]  # type: ignore[union-attr]


def test_a_closed_procedure_takes_nothing(office: Office) -> None:
    procedure = office.open()
    upload = office.announce(procedure)
    office.change(procedure, State.CANCELLED)
    office.complete(upload)
    assert office.of(procedure) == []
    with pytest.raises(NotFound):
        office.announce(procedure)


def test_one_who_signs_in_later_still_owns_what_was_opened_here_before(office: Office) -> None:
    procedure = office.open()
    office.sign_in(BEATRIZ, ARANDA, HERE)
    office.sent()
    assert len(office.of(procedure)) == 1


def test_files_that_come_together_are_told_together(office: Office) -> None:
    office.open()
    one, other = office.announce(), office.announce()
    office.complete(one)
    assert office.noted == []
    office.complete(other)
    assert office.noted == [(HERE, DOCUMENTS_ARRIVED)]
    assert len(office.news()) == 2
    assert office.news() == []


def test_news_that_wait_for_a_file_that_never_comes_are_told_by_the_worker(office: Office) -> None:
    office.announce()
    office.sent()
    assert office.noted == []
    for _ in range(2):
        office.arrivals.remind(office.database)
    assert office.noted == [(HERE, DOCUMENTS_ARRIVED)]
    with office.database.reading() as connection:
        assert addresses_with_news(connection) == []


def test_a_refused_file_is_news_too(office: Office) -> None:
    content = encrypted_pdf("secret", "AES-256")
    upload = office.announce(content=content)
    office.append(upload, 0, content)
    office.uploads.finish(HERE, upload.reference, office.clock.now)
    assert [(one.reason, one.upload.name) for one in office.news()] == [("encrypted", "escritura.pdf")]


def test_a_cancelled_file_leaves_nothing(office: Office) -> None:
    upload = office.announce()
    office.append(upload, 0, PDF[:100])
    office.uploads.cancel(HERE, upload.reference, office.clock.now)
    assert office.stored_files() == []
    with pytest.raises(NotFound):
        office.uploads.look(HERE, upload.reference, office.clock.now)


def test_only_its_conversation_cancels_a_file_and_none_that_is_there(office: Office) -> None:
    upload = office.announce()
    with pytest.raises(NotFound):
        office.uploads.cancel(ELSEWHERE, upload.reference, office.clock.now)
    office.complete(upload)
    with pytest.raises(NotFound):
        office.uploads.cancel(HERE, upload.reference, office.clock.now)
    assert len(office.documents(HERE)) == 1


def test_two_files_at_once_move_the_procedure_on_once(office: Office) -> None:
    procedure = office.open()
    uploads = [office.announce(procedure, "authority") for _ in range(4)]
    threads = [threading.Thread(target=office.complete, args=(upload,)) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(office.of(procedure)) == 4
    states = [step.state for step in office.progress(procedure).steps]
    assert states == [State.OPENED, State.WAITING_DOCUMENTS, State.IN_PROGRESS]


def test_staff_see_what_nobody_scanned_and_leave_a_trace(office: Office) -> None:
    procedure = office.open()
    sent = office.sent()
    assert [one.scan_state for one in office.of(procedure)] == ["not_scanned"]
    with office.database.writing() as connection:
        found = document_for_staff(connection, procedure.id, sent.reference, "staff:7", office.clock.now)
        with pytest.raises(NotFound):
            document_for_staff(connection, procedure.id + 1, sent.reference, "staff:7", office.clock.now)
    assert office.content(found) == PDF
    last = office.entries()[-1]
    assert (last.action, last.address, last.object_id) == ("document_read", "staff:7", str(sent.id))


def test_the_worker_deletes_after_a_day_what_no_procedure_needed(office: Office) -> None:
    office.sent()
    worker = DocumentWorker(office.upkeep, lambda: None, office.clock)
    office.clock.go(hours=25)
    worker.run_once()
    with office.database.reading() as connection:
        assert connection.execute(select(document_table.c.state)).scalars().all() == ["deleted"]


def test_what_fails_in_the_worker_does_not_end_it(office: Office) -> None:
    def fail() -> None:
        raise OSError

    office.sent()
    office.clock.go(hours=25)
    DocumentWorker(office.upkeep, fail, office.clock).run_once()
    assert office.stored_files() == []


def test_a_colleagues_procedure_is_not_guessed(office: Office) -> None:
    office.open(session=office.sign_in(IGNACIO, LLORENTE, "web:before"))
    office.sign_in(PAULA, LLORENTE, ELSEWHERE)
    assert office.places(ELSEWHERE) == []
    office.sign_in(IGNACIO, LLORENTE, ELSEWHERE)
    assert [place.paper.code for place in office.places(ELSEWHERE)] == ["authority"]
