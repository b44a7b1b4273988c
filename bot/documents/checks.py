"""What a file really is, and whether it may be kept. Runs only in a process of its own, `bot.documents.check`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.documents.image_checks import check_image
from bot.documents.image_frames import HEIC_BRANDS, Picture
from bot.documents.model import LARGEST_FILE_BYTES, MediaType, Reason, Refused
from bot.documents.pdf_checks import check_pdf

PDF_MARK, JPEG_MARK, PNG_MARK = b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
FIRST_BYTES = 1024
LAST_BRAND = 64
# A ZIP entry (so also Office, Java and Android files): version, flags and method are those that exist.
ZIP_ENTRY = rb"PK\x03\x04[\x00-\x3f]\x00[\s\S][\s\S][\x00\x01\x06\x08\x09\x0c\x0e\x13\x14\x5d-\x63]\x00"
OTHER_ARCHIVE = rb"Rar!\x1a\x07|7z\xbc\xaf\x27\x1c"
PROGRAM = rb"This program (?:cannot be run in DOS|must be run under Win)|\x7fELF[\x01\x02][\x01\x02]\x01[\x00-\x12]"
MARKUP = rb"<(?i:script|!doctype|html|svg|iframe|body|\?php)\b"
FOREIGN = re.compile(b"|".join((ZIP_ENTRY, OTHER_ARCHIVE, PROGRAM, MARKUP)))


@dataclass(frozen=True, slots=True)
class Passed:
    """The file may be kept: as `content`, or as it came where that is None."""

    media_type: MediaType
    content: bytes | None


def check(content: bytes) -> Passed:
    """Look at a whole file. Raises Refused; anything else that is raised is a fault of the file in a library."""
    if not content:
        raise Refused(Reason.EMPTY)
    if len(content) > LARGEST_FILE_BYTES:
        raise Refused(Reason.TOO_LARGE)
    kind = kind_of(content)
    if FOREIGN.search(content) or (kind is not MediaType.PDF and PDF_MARK in content):
        raise Refused(Reason.POLYGLOT)
    if isinstance(kind, MediaType):
        check_pdf(content)
        return Passed(kind, None)
    return Passed(MediaType.PNG if kind is Picture.PNG else MediaType.JPEG, check_image(content, kind))


def kind_of(content: bytes) -> Literal[MediaType.PDF] | Picture:
    """What the first bytes say; a name and a claimed type are never asked. Raises Refused."""
    if content.startswith(PDF_MARK):
        return MediaType.PDF
    if PDF_MARK in content[:FIRST_BYTES]:  # readers accept such a file as a PDF, others as what stands before it
        raise Refused(Reason.POLYGLOT)
    if content.startswith(JPEG_MARK):
        return Picture.JPEG
    if content.startswith(PNG_MARK):
        return Picture.PNG
    if content[4:8] == b"ftyp" and any(brand in HEIC_BRANDS for brand in _brands(content)):
        return Picture.HEIC
    raise Refused(Reason.WRONG_KIND)


def _brands(content: bytes) -> list[bytes]:
    end = min(int.from_bytes(content[:4], "big"), LAST_BRAND)
    return [content[start : start + 4] for start in (8, *range(16, end, 4))]
