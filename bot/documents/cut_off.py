"""Files that arrived whole from a browser and whose check was cut off: nobody may be there to ask for it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from bot.database import Database
from bot.documents.model import BeingSettled, NotFound, WrongOffset
from bot.documents.store import upload_table
from bot.documents.uploads import CLAIM, Uploads

AT_ONCE = 10

_upload = upload_table.c


@dataclass(frozen=True, slots=True)
class CutOffChecks:
    """Runs short transactions of its own.

    Left alone is what a messaging service handed over (its sender was told, or the service brings it again) and what the staff sends.
    """

    database: Database
    uploads: Uploads

    def finish(self, now: datetime) -> list[str]:
        """Check what waits for it; gives the conversations that have something to be told.

        A file that came within the last minutes is left to its own request. Raises CheckUnavailable, StorageUnavailable.
        """
        addresses = []
        for address, reference in self._waiting(now):
            try:
                self.uploads.finish(address, reference, now)
            except (BeingSettled, NotFound, WrongOffset):
                continue  # somebody else finished it, or took it back
            addresses.append(address)
        return addresses

    def _waiting(self, now: datetime) -> list[tuple[str, str]]:
        is_whole = (_upload.received == _upload.size, _upload.outcome.is_(None), _upload.expires_at > now)
        is_free = or_(_upload.settling_at.is_(None), _upload.settling_at <= now - CLAIM)
        is_from_browser = (_upload.remote_digest.is_not(None), _upload.address.not_like("desk:%"))
        found = select(_upload.address, _upload.reference).where(*is_whole, is_free, *is_from_browser)
        found = found.where(_upload.created_at <= now - CLAIM).order_by(_upload.id).limit(AT_ONCE)
        with self.database.reading() as connection:
            return [(row.address, row.reference) for row in connection.execute(found)]
