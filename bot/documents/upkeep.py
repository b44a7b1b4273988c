"""What is done to documents from time to time: removing what nobody needs any more, scanning what was not scanned."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.audit.model import Result
from bot.audit.service import record
from bot.database import Database
from bot.documents import store
from bot.documents.model import Document, ScanState
from bot.documents.scanner import Scanner
from bot.documents.service import entry_of
from bot.documents.storage import Storage

ARRIVING = timedelta(hours=1)
KEPT_FOR_NOTHING = timedelta(hours=24)
"""How long a document is kept that belongs to no procedure."""
AT_ONCE = 100


class Upkeep:
    """Runs short transactions of its own. Bytes go first and their rows after, so that a cut leaves nothing unknown."""

    def __init__(self, database: Database, storage: Storage, scanner: Scanner) -> None:
        self._database = database
        self._storage = storage
        self._scanner = scanner
        self._unscannable_up_to = 0

    def sweep(self, now: datetime) -> None:
        """Remove uploads that expired, documents that were deleted or kept for nothing, and what never arrived.

        Raises StorageUnavailable.
        """
        self._delete_what_nobody_needs(now)  # first: where the storage is away at least nobody sees it any more
        self._storage.sweep()
        self._remove_uploads(now)
        self._purge_documents(now)

    def _remove_uploads(self, now: datetime) -> None:
        with self._database.reading() as connection:
            expired = store.expired_uploads(connection, now, AT_ONCE)
        for upload in expired:
            self._storage.delete(upload.parts_key)
            with self._database.writing() as connection:
                store.remove_upload(connection, upload)

    def _delete_what_nobody_needs(self, now: datetime) -> None:
        with self._database.writing() as connection:
            for document in store.kept_for_nothing(connection, now - KEPT_FOR_NOTHING, AT_ONCE):
                if store.mark_deleted_if_for_nothing(connection, document):
                    record(connection, now, entry_of(document, "document_expired", ""))

    def _purge_documents(self, now: datetime) -> None:
        with self._database.reading() as connection:
            waiting = store.to_be_purged(connection, now - ARRIVING, AT_ONCE)
        for document_id, key in waiting:
            self._storage.delete(key)
            with self._database.writing() as connection:
                store.mark_purged(connection, document_id)

    def scan_waiting(self, now: datetime) -> int:
        """Scan kept documents that no scanner has seen; what is infected is deleted. Gives how many were scanned.

        It ends at the first that cannot be scanned, as the scanner is away; the next time begins behind it, as it may be
        the file. Raises StorageUnavailable, NotStored, Tampered.
        """
        with self._database.reading() as connection:
            waiting = store.waiting_for_scan(connection, self._unscannable_up_to, AT_ONCE)
        for scanned, document in enumerate(waiting):
            scan_state = self._scanner.scan(self._storage.open(document.storage_key))
            if scan_state is ScanState.NOT_SCANNED:
                self._unscannable_up_to = document.id
                return scanned
            self._write(document, scan_state, now)
        self._unscannable_up_to = 0
        return len(waiting)

    def _write(self, document: Document, scan_state: ScanState, now: datetime) -> None:
        with self._database.writing() as connection:
            store.set_scan_state(connection, document, scan_state)
            if scan_state is ScanState.INFECTED:
                store.mark_deleted(connection, document)
                record(connection, now, entry_of(document, "document_infected", "", result=Result.REFUSED))
