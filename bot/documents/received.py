"""Files that a messaging service hands over whole: they take the same way as those that a browser sends in pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.documents.checker import CheckUnavailable
from bot.documents.model import LimitReached, Reason, Refused, Wanted
from bot.documents.storage import StorageUnavailable
from bot.documents.tus import PIECE_BYTES
from bot.documents.uploads import Uploads

PURPOSE = "unsorted"
"""Which paper it is, the conversation finds out."""
NOT_NOW, TOO_MANY = "utter_sent_file_failed", "utter_sent_file_too_many"
RESPONSES = {Reason.TOO_LARGE: "utter_file_too_large", Reason.EMPTY: "utter_sent_file_failed"}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReceivedFiles:
    """Takes them, one call a file. Slow: the file is checked in the same call."""

    uploads: Uploads
    clock: Callable[[], datetime]

    def take(self, address: str, name: str, content: bytes) -> str:
        """Store and check a file; "" when what came of it is noted in the conversation, else the response that says why not."""
        try:
            self._take(address, Wanted(PURPOSE, name, len(content)), content)
        except Refused as refused:
            return RESPONSES[refused.reason]
        except LimitReached:
            return TOO_MANY
        except (StorageUnavailable, CheckUnavailable) as error:
            log.warning("file not kept", problem=type(error).__name__)
            return NOT_NOW
        return ""

    def _take(self, address: str, wanted: Wanted, content: bytes) -> None:
        upload = self.uploads.begin(address, wanted, None, self.clock())
        for start in range(0, len(content), PIECE_BYTES):
            piece = content[start : start + PIECE_BYTES]
            upload = self.uploads.append(address, upload.reference, upload.received, piece, self.clock())
        self.uploads.finish(address, upload.reference, self.clock())
