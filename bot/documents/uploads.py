"""Files that arrive: in pieces that can be continued after a cut, checked when they are whole, and only then a document.

Nothing slow happens in a transaction. What is cut off in the middle, even by the end of the process, leaves no document:
its row says "arriving" until the bytes are stored, and the sweep removes what stays behind.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database, Line, in_line
from bot.documents import store
from bot.documents.checker import Checked, Checker
from bot.documents.model import (
    BeingSettled,
    Document,
    Limit,
    LimitReached,
    MediaType,
    NotFound,
    Reason,
    ScanState,
    Settled,
    State,
    Upload,
    Wanted,
    WrongOffset,
    clean_name,
)
from bot.documents.scanner import Scanner
from bot.documents.storage import NotStored, Storage, StorageUnavailable, new_key
from bot.identity.sessions import Session, session_of

REFERENCE_BYTES = 16
LONGEST_NAME_SENT = 300
LIFETIME = timedelta(hours=24)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CLAIM = timedelta(minutes=5)
CONVERSATIONS_BEHIND_ONE_ADDRESS = 10
MOST_PARTS = 1000
SWEPT_AT_ONCE = 100

Tell = Callable[[Connection, Settled], None]
ProcedureOf = Callable[[Connection, str, Session | None, str, datetime], int]
"""The procedure with a tracking key, for who is at an address. Raises NotFound for another's and for none."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What one conversation may begin: files an hour, and bytes a day; ten times that behind one network address.

    `total_bytes_per_day` is for everybody together.
    """

    per_hour: int = 20
    bytes_per_day: int = 200 * 1024 * 1024
    total_bytes_per_day: int = 20 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tools:
    """What a file passes through: where it lies, who looks at what it is, and who looks for viruses."""

    storage: Storage
    checker: Checker
    scanner: Scanner


def no_procedure(_connection: Connection, _address: str, _session: Session | None, _key: str, _now: datetime) -> int:
    """Where there are no procedures none is found."""
    raise NotFound


class Uploads:
    """Runs short transactions of its own. `tell` is called inside the one in which an upload ends, kept or refused."""

    def __init__(
        self,
        database: Database,
        area: Area,
        tools: Tools,
        tell: Tell,
        limits: UploadLimits | None = None,
        procedure_of: ProcedureOf = no_procedure,
    ) -> None:
        self._database = database
        self._area = area
        self._tools = tools
        self._tell = tell
        self._limits = limits or UploadLimits()
        self._procedure_of = procedure_of

    def begin(self, address: str, wanted: Wanted, remote: str | None, now: datetime) -> Upload:
        """A new upload of the conversation, for whoever is signed in there now.

        Raises LimitReached, and NotFound for a procedure that is not theirs.
        """
        digest = self._area.digest("remote", remote) if remote else None
        with self._database.writing() as connection:
            in_line(connection, Line.UPLOADS)  # who counts at the same time would not see our row
            self._refuse_beyond_limits(connection, address, digest, wanted, now)
            session = session_of(connection, address, now)
            key = wanted.procedure
            values = {
                "procedure_id": self._procedure_of(connection, address, session, key, now) if key else None,
                "reference": secrets.token_urlsafe(REFERENCE_BYTES),
                "address": address,
                "remote_digest": digest,
                "person_id": session.person_id if session else None,
                "agency_id": session.agency_id if session else None,
                "purpose": wanted.purpose,
                "name": _storable(wanted.name),
                "size": wanted.size,
                "received": 0,
                "parts_key": new_key("arriving"),
                "created_at": now,
                "expires_at": now + LIFETIME,
            }
            return store.add_upload(connection, values)

    def _refuse_beyond_limits(
        self, connection: Connection, address: str, digest: str | None, wanted: Wanted, now: datetime
    ) -> None:
        limits, upload = self._limits, store.upload_table.c
        if store.begun_since(connection, now - DAY)[1] + wanted.size > limits.total_bytes_per_day:
            raise LimitReached(Limit.BUSY)
        own = [(upload.address == address, 1), (upload.remote_digest == digest, CONVERSATIONS_BEHIND_ONE_ADDRESS)]
        for which, times in own if digest else own[:1]:
            if store.begun_since(connection, now - HOUR, which)[0] >= limits.per_hour * times:
                raise LimitReached(Limit.TOO_MANY)
            if store.begun_since(connection, now - DAY, which)[1] + wanted.size > limits.bytes_per_day * times:
                raise LimitReached(Limit.TOO_MUCH)

    def look(self, address: str, reference: str, now: datetime) -> tuple[Upload, Settled | None]:
        """How far an upload of this conversation is, and how it ended if it has. Raises NotFound."""
        with self._database.reading() as connection:
            return _found(connection, address, reference, now)

    def append(self, address: str, reference: str, offset: int, piece: bytes, now: datetime) -> Upload:
        """Add bytes at the end. Raises NotFound, LimitReached, StorageUnavailable.

        Raises WrongOffset where other bytes came first, where the upload has ended, and for more bytes than announced.
        """
        upload, settled = self.look(address, reference, now)
        if settled or offset != upload.received or offset + len(piece) > upload.size:
            raise WrongOffset(upload.received)
        with self._database.reading() as connection:
            if store.count_parts(connection, upload) >= MOST_PARTS:
                raise LimitReached(Limit.TOO_MANY)
        key = new_key(upload.parts_key)
        self._tools.storage.put(key, (piece,))
        with self._database.writing() as connection:
            is_added = store.add_part(connection, upload, offset, len(piece), key)
        if not is_added:
            self._tools.storage.delete(key)
            raise WrongOffset(self.look(address, reference, now)[0].received)
        return replace(upload, received=offset + len(piece))

    def cancel(self, address: str, reference: str, now: datetime) -> None:
        """The person does not want it sent any more: what had come goes at once. Raises NotFound, also for what has ended."""
        with self._database.writing() as connection:
            upload, _settled = _found(connection, address, reference, now)
            if not store.give_up(connection, upload, now):
                raise NotFound
        self._tools.storage.delete(upload.parts_key)

    def finish(self, address: str, reference: str, now: datetime) -> Settled:
        """Check a whole file and keep or refuse it; asked again, it says again how that ended.

        Raises NotFound, WrongOffset while bytes are missing, BeingSettled, and what makes it possible to try once more:
        CheckUnavailable, StorageUnavailable.
        """
        with self._database.writing() as connection:
            upload, settled = _found(connection, address, reference, now)
            if settled:
                return settled
            if not upload.is_complete:
                raise WrongOffset(upload.received)
            if not store.claim(connection, upload, now, CLAIM):
                raise BeingSettled
            keys = store.part_keys(connection, upload)
        with self._released_on_failure(upload, now):
            settled = self._settled(upload, keys, now)
        self._tools.storage.delete(upload.parts_key)
        return settled

    @contextmanager
    def _released_on_failure(self, upload: Upload, claimed_at: datetime) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with self._database.writing() as connection:
                store.release(connection, upload, claimed_at)
            raise

    def _settled(self, upload: Upload, keys: list[str], now: datetime) -> Settled:
        scan_state = self._tools.scanner.scan(self._arrived(keys))
        if scan_state is ScanState.INFECTED:
            return self._refused(upload, Reason.INFECTED, now)
        with self._tools.checker.checked(self._arrived(keys)) as checked:
            if checked.reason is not None:
                return self._refused(upload, checked.reason, now)
            return self._kept(upload, keys, checked, scan_state, now)

    def _arrived(self, keys: Iterable[str]) -> Iterator[bytes]:
        try:
            for key in keys:
                yield from self._tools.storage.open(key)
        except NotStored:
            raise StorageUnavailable("a piece is missing") from None

    def _refused(self, upload: Upload, reason: Reason, now: datetime) -> Settled:
        settled = Settled(upload, None, reason)
        with self._database.writing() as connection:
            if not store.end_upload(connection, upload, now, reason, None):
                raise BeingSettled
            record(connection, now, _entry(upload, "document_refused", Result.REFUSED))
            self._tell(connection, settled)
        return settled

    def _kept(self, upload: Upload, keys: list[str], checked: Checked, scan_state: ScanState, now: datetime) -> Settled:
        assert checked.media_type is not None
        key = new_key("kept")
        with self._database.writing() as connection:
            document_id = store.add_document(connection, _arriving(upload, checked.media_type, scan_state, key, now))
        content = _Measured(checked.content if checked.content is not None else self._arrived(keys))
        self._tools.storage.put(key, content)
        with self._database.writing() as connection:
            if not store.end_upload(connection, upload, now, store.KEPT_OUTCOME, document_id):
                raise BeingSettled  # the document stays "arriving" until the sweep takes it
            document = store.keep_document(connection, document_id, content.size, content.digest.hexdigest())
            settled = Settled(upload, document, None)
            record(connection, now, _entry(upload, "document_kept", Result.DONE, document))
            self._tell(connection, settled)
        return settled


class _Measured:
    """Counts and digests bytes that pass."""

    def __init__(self, content: Iterable[bytes]) -> None:
        self._content = content
        self.size = 0
        self.digest = sha256()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._content:
            self.size += len(piece)
            self.digest.update(piece)
            yield piece


def _found(connection: Connection, address: str, reference: str, now: datetime) -> tuple[Upload, Settled | None]:
    row = store.upload_by_reference(connection, address, reference, now)
    if row is None:
        raise NotFound
    return store.as_upload(row), store.settled(connection, row)


def _storable(name: str) -> str:
    """What the client calls the file, until it is known what it is; databases take no zero byte and no half character."""
    return name.encode("utf-8", "ignore").decode().replace("\0", "")[-LONGEST_NAME_SENT:]


def _arriving(
    upload: Upload, media_type: MediaType, scan_state: ScanState, key: str, now: datetime
) -> dict[str, object]:
    return {
        "reference": secrets.token_urlsafe(REFERENCE_BYTES),
        "address": upload.address,
        "person_id": upload.person_id,
        "agency_id": upload.agency_id,
        "purpose": upload.purpose,
        "name": clean_name(upload.name, media_type),
        "media_type": media_type,
        "size": 0,
        "sha256": "",
        "storage_key": key,
        "scan_state": scan_state,
        "state": State.ARRIVING,
        "created_at": now,
    }


def _entry(upload: Upload, action: str, result: Result, document: Document | None = None) -> Entry:
    return Entry(
        action,
        result,
        address=upload.address,
        person_id=upload.person_id,
        agency_id=upload.agency_id,
        object_kind="document" if document else "upload",
        object_id=str(document.id if document else upload.id),
    )
