"""Uploads on a real database and a real folder, two persons of two agencies, and a scanner that knows one virus."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.accounts.store import agency_table
from bot.area import Area
from bot.audit.model import Entry, Search
from bot.audit.service import everything
from bot.database import Database
from bot.documents.checker import Checker
from bot.documents.downloads import Downloads
from bot.documents.model import Document, ScanState, Settled, Upload, Wanted
from bot.documents.scanner import NoScanner, Scanner
from bot.documents.sealing import read_keyring
from bot.documents.service import documents_of
from bot.documents.storage import FolderStorage, SealedStorage, Storage
from bot.documents.store import document_table, upload_table
from bot.documents.upkeep import Upkeep
from bot.documents.uploads import Tools, UploadLimits, Uploads
from bot.identity.persons import person_table
from bot.identity.sessions import Session, choose_agency, open_session, session_of, session_table
from tests.documents.hostile import EICAR

AREA = Area("https://area.example", b"a secret of thirty-two characters")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHAT, OTHER_CHAT = "web:one", "telegram:two"
BEATRIZ, PAULA = 1, 2
FIRST_AGENCY, SECOND_AGENCY = 1, 2
BROWSER = "the value of a cookie"
HOME, OFFICE = "203.0.113.7", "198.51.100.1"


class Clock:
    """The time that the tests say it is."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def go(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


def fill(database: Database) -> None:
    with database.writing() as connection:
        for person, nif in ((BEATRIZ, "12345678Z"), (PAULA, "X1234567L")):
            values = {"id": person, "identifier_kind": "nif", "identifier": nif, "first_name": "A", "surnames": "B"}
            connection.execute(insert(person_table), values | {"email": "a@b.example", "created_at": NOW})
        for agency in (FIRST_AGENCY, SECOND_AGENCY):
            values = {"id": agency, "name": f"Agency {agency}", "registered_with": "cif", "identifier": f"B{agency}"}
            connection.execute(insert(agency_table), values)


class House:
    def __init__(
        self,
        database: Database,
        folder: Path,
        checker: Checker,
        scanner: Scanner | None = None,
        limits: UploadLimits | None = None,
        place: Storage | None = None,
    ) -> None:
        self.database = database
        self.folder = folder
        self.clock = Clock()
        self.told: list[Settled] = []
        self.storage = SealedStorage(place or FolderStorage(folder), read_keyring("", AREA.secret))
        self.tools = Tools(self.storage, checker, scanner or NoScanner())
        self.uploads = Uploads(database, AREA, self.tools, self._tell, limits)
        self.upkeep = Upkeep(database, self.storage, self.tools.scanner)
        self.downloads = Downloads(database, AREA, self.clock, self.storage)

    def _tell(self, _connection: Connection, settled: Settled) -> None:
        self.told.append(settled)

    def begin(self, size: int, name: str = "deed.pdf", address: str = CHAT, remote: str | None = HOME) -> Upload:
        return self.uploads.begin(address, Wanted("deed", name, size), remote, self.clock.now)

    def send(self, content: bytes, name: str = "deed.pdf", address: str = CHAT, piece: int = 1 << 20) -> Settled:
        """A whole upload."""
        upload = self.begin(len(content), name, address)
        for offset in range(0, len(content), piece):
            self.append(upload, offset, content[offset : offset + piece])
        return self.uploads.finish(address, upload.reference, self.clock.now)

    def append(self, upload: Upload, offset: int, piece: bytes) -> Upload:
        return self.uploads.append(upload.address, upload.reference, offset, piece, self.clock.now)

    def received(self, upload: Upload) -> int:
        return self.uploads.look(upload.address, upload.reference, self.clock.now)[0].received

    def sign_in(self, person: int = BEATRIZ, agency: int | None = FIRST_AGENCY, address: str = CHAT) -> Session:
        with self.database.writing() as connection:
            digest = AREA.digest("browser", BROWSER)
            session = open_session(connection, address, person, digest, self.clock.now)
            return choose_agency(connection, session, agency) if agency else session

    def sign_out(self, address: str = CHAT) -> None:
        with self.database.writing() as connection:
            connection.execute(update(session_table).where(session_table.c.address == address).values(ended_at=NOW))

    def documents(self, address: str = CHAT) -> list[Document]:
        with self.database.writing() as connection:
            return documents_of(connection, address, session_of(connection, address, self.clock.now))

    def content(self, document: Document) -> bytes:
        return b"".join(self.storage.open(document.storage_key))

    def stored_files(self) -> list[str]:
        """Every file in the folder."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    def rows(self) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(select(document_table).order_by(document_table.c.id)))

    def uploads_left(self) -> int:
        """How many uploads are known, expired ones too."""
        with self.database.reading() as connection:
            return len(connection.execute(select(upload_table)).all())

    def entries(self) -> list[Entry]:
        """The audit, oldest first."""
        with self.database.reading() as connection:
            return [recorded.entry for recorded in everything(connection, Search())][::-1]


class Knows:
    """A scanner that answers at once."""

    def __init__(self) -> None:
        self.answers = True

    def scan(self, content: Iterable[bytes]) -> ScanState:
        if not self.answers:
            return ScanState.NOT_SCANNED
        return ScanState.INFECTED if EICAR in b"".join(content) else ScanState.CLEAN

    def close(self) -> None:
        """There is nothing to wait for."""


class Conversation(socketserver.StreamRequestHandler):
    """One INSTREAM, as the clamd manual describes it; what is not of that shape gets clamd's error."""

    def handle(self) -> None:
        self.server.heard.append(self.rfile.read(10))  # type: ignore[attr-defined]
        content = b"".join(self._chunks())
        answer = b"stream: Win.Test.EICAR_HDB-1 FOUND" if EICAR in content else b"stream: OK"
        self.wfile.write(self.server.answer or answer + b"\0")  # type: ignore[attr-defined]

    def _chunks(self) -> Iterator[bytes]:
        while length := int.from_bytes(self.rfile.read(4), "big"):
            yield self.rfile.read(length)


@contextmanager
def clamd(answer: bytes = b"", path: str = "") -> Iterator[tuple[str, list[bytes]]]:
    """A daemon that finds the test virus: its address, and the commands that it heard."""
    server: Any
    if path:
        server = socketserver.ThreadingUnixStreamServer(path, Conversation)
    else:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
    server.answer, server.heard = answer, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield (f"unix://{path}" if path else f"tcp://127.0.0.1:{server.server_address[1]}"), server.heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
