"""What a document is, why a file is refused, and what a file may be called. Plain rules."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LARGEST_FILE_BYTES = 20 * 1024 * 1024
LARGEST_KEPT_BYTES = 2 * LARGEST_FILE_BYTES
"""A HEIC grows when it becomes a JPEG."""
LONGEST_NAME = 120
LONGEST_SHOWN = 60
UNNAMED = "document"
UNSORTED = "unsorted"
"""The purpose of a file of which nobody has said yet which paper it is."""
FROM_STAFF = "from_staff"
"""The purpose of a file that somebody of the staff sent to the person whose document it is."""
PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,47}")
# Windows forbids them in a name, and two of them part the folders of a path.
UNFIT_FOR_A_NAME = re.compile(r'[<>:"|?*]')
PATH_SEPARATOR = re.compile(r"[/\\]")
SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")


class Reason(StrEnum):
    """Why a file is not kept; the values name the texts that say so."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_KIND = "wrong_kind"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    BOMB = "bomb"
    POLYGLOT = "polyglot"
    ACTIVE_CONTENT = "active_content"
    INFECTED = "infected"


class MediaType(StrEnum):
    """What is kept. A HEIC is kept as a JPEG."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


SUFFIXES = {MediaType.PDF: (".pdf",), MediaType.JPEG: (".jpg", ".jpeg"), MediaType.PNG: (".png",)}


class ScanState(StrEnum):
    """What the virus scanner says. What it has not seen may be seen later."""

    CLEAN = "clean"
    NOT_SCANNED = "not_scanned"
    INFECTED = "infected"


class State(StrEnum):
    """A document is arriving until its bytes are stored; only a kept one is ever shown."""

    ARRIVING = "arriving"
    KEPT = "kept"
    DELETED = "deleted"


class Limit(StrEnum):
    """Which limit on uploads was reached."""

    TOO_MANY = "too_many"
    TOO_MUCH = "too_much"
    BUSY = "busy"


class Refused(Exception):
    """The file is not kept, for `reason`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class LimitReached(Exception):
    """No upload can begin now: `limit` of the conversation, its network address, or everybody."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit.value)
        self.limit = limit


class NotFound(Exception):
    """There is no such upload or document for who asks; whether it exists for somebody else is not said."""


class WrongOffset(Exception):
    """The bytes do not begin where the last ones ended: the upload has `received` bytes."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


class BeingSettled(Exception):
    """Another request is checking this file right now; ask again in a moment."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that somebody sent. `size` in bytes; `sha256` in hexadecimal, of what is kept; `purpose`: which paper it is."""

    id: int
    reference: str
    address: str
    person_id: int | None
    agency_id: int | None
    procedure_id: int | None
    purpose: str
    name: str
    media_type: MediaType
    size: int
    sha256: str
    storage_key: str
    scan_state: ScanState
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client announces: which paper, the file's name as it says it, and its length in bytes.

    `procedure`: the tracking key of the procedure that it is for, as it was sent; "" when it was not said.
    """

    purpose: str
    name: str
    size: int
    procedure: str = ""

    def __post_init__(self) -> None:
        """Raises Refused for a length that cannot be kept, ValueError for a purpose that is none."""
        if not PURPOSE.fullmatch(self.purpose):
            raise ValueError("purpose: lower case letters, digits and _, at most 48 characters")
        if self.size <= 0:
            raise Refused(Reason.EMPTY)
        if self.size > LARGEST_FILE_BYTES:
            raise Refused(Reason.TOO_LARGE)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is arriving; it can be continued from `received` until `expires_at`. Lengths in bytes."""

    id: int
    reference: str
    address: str
    person_id: int | None
    agency_id: int | None
    purpose: str
    name: str
    size: int
    received: int
    parts_key: str
    expires_at: datetime
    procedure_id: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every byte has arrived."""
        return self.received == self.size


@dataclass(frozen=True, slots=True)
class Settled:
    """How an upload ended: with a document that is kept, or with a reason."""

    upload: Upload
    document: Document | None
    reason: Reason | None


def clean_name(name: str, media_type: MediaType) -> str:
    """A name that can be shown and saved: no folders, nothing invisible, the suffix of what the file really is."""
    last = PATH_SEPARATOR.split(name)[-1]
    visible = "".join(" " if _is_blank(letter) else letter for letter in unicodedata.normalize("NFC", last))
    printed = "".join(letter for letter in visible if not unicodedata.category(letter).startswith("C"))
    stem = " ".join(UNFIT_FOR_A_NAME.sub("_", printed).split()).strip(". ")
    suffixes = SUFFIXES[media_type]
    if not stem.lower().endswith(suffixes):
        stem = SUFFIX.sub("", stem)
    if not stem.lower().endswith(suffixes):
        return (stem[: LONGEST_NAME - len(suffixes[0])].strip(". ") or UNNAMED) + suffixes[0]
    return _shortened(stem, suffixes)


def shown_name(name: str) -> str:
    """A name as the sender's device says it, fit to be shown: no folders, nothing invisible, at most 60 characters."""
    last = PATH_SEPARATOR.split(name)[-1]
    printed = "".join(" " if _is_blank(letter) else letter for letter in last)
    visible = "".join(letter for letter in printed if not unicodedata.category(letter).startswith("C"))
    return " ".join(visible.split())[:LONGEST_SHOWN] or UNNAMED


def _shortened(name: str, suffixes: tuple[str, ...]) -> str:
    stem, _, suffix = name.rpartition(".")
    stem = stem[: LONGEST_NAME - len(suffix) - 1].strip(". ") or UNNAMED
    return f"{stem}.{suffix.lower()}" if f".{suffix.lower()}" in suffixes else f"{stem}{suffixes[0]}"


def _is_blank(letter: str) -> bool:
    return letter in "\t\n\r\v\f" or unicodedata.category(letter).startswith("Z")
