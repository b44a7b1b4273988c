"""PDFs are kept as they came, so they are read from end to end: nothing hidden, nothing that acts, nothing that inflates."""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from pypdf import PdfReader, apply_configuration
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.filters import ASCII85Decode, ASCIIHexDecode, LZWDecode, RunLengthDecode
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, PdfObject, StreamObject

from bot.documents.model import Reason, Refused

MOST_PAGES = 500
MOST_OBJECTS = 100_000
MOST_FILTERS = 4
LARGEST_STREAM_BYTES = 128 * 1024 * 1024
"""A page of A4 at 600 points an inch in colour has 105 MB."""
LARGEST_STREAMS_BYTES = 512 * 1024 * 1024
"""All streams together: twenty such pages at 300 points."""
LARGEST_SLOW_BYTES = 2 * 1024 * 1024
"""Of a stream in a method that takes a second a megabyte here; nothing has written such streams for decades."""
LARGEST_OBJECT_STREAM_BYTES = 32 * 1024 * 1024
STEP_BYTES = 1024 * 1024
LIMITS: dict[str, Any] = {
    "page_tree_maximum_entries": 4 * MOST_PAGES,
    "page_tree_maximum_depth": 50,
    "zlib_maximum_output_length": LARGEST_OBJECT_STREAM_BYTES,
    "lzw_maximum_output_length": LARGEST_STREAM_BYTES,
    "run_length_maximum_output_length": LARGEST_STREAM_BYTES,
    "jbig2dec_binary": None,
}

BLANK = b"\0\t\n\f\r "
END = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF\Z")
TABLE = re.compile(rb"xref|\d+\s+\d+\s+obj")
CONTINUATION = re.compile(rb"\s*(?:%|\d+\s+\d+\s+obj|xref|startxref|\d*\Z)")
AROUND_TABLE = 20
LINEARIZED = re.compile(rb"/Linearized\b[^>]{0,200}?/L\s+(\d{1,10})\b")
FIRST_BYTES = 1024

ACTIVE_KEYS = {"/JavaScript", "/JS", "/EF", "/XFA", "/RichMediaContent", "/RichMediaSettings"}
ACTIVE_NAMES = {
    "/JavaScript",
    "/Launch",
    "/EmbeddedFile",
    "/FileAttachment",
    "/GoToE",
    "/GoToR",
    "/SubmitForm",
    "/ImportData",
    "/RichMedia",
    "/Rendition",
    "/Movie",
    "/Sound",
    "/3D",
}
NAMING_KEYS = ("/S", "/Type", "/Subtype")


def _spelled(name: str) -> bytes:
    """A name as a PDF may write it: any letter of it also as # and two digits."""
    return b"/" + b"".join(b"(?:%c|#%02x|#%02X)" % (ord(c), ord(c), ord(c)) for c in name[1:])


# What is too long to come up by chance is looked for in the bytes too, also where no table of objects leads.
LONG_NAMES = b"|".join(_spelled(name) for name in sorted(ACTIVE_NAMES) if len(name) >= 6)
SHORT_KEYS = b"(?:%s|%s)" % (_spelled("/EF"), _spelled("/XFA")) + rb"\s*(?:<<|\[|\d+\s+\d+\s+R\b)"
ACTIVE_BYTES = re.compile(b"(?:%s)(?![A-Za-z])|%s" % (LONG_NAMES, SHORT_KEYS))


def check_pdf(content: bytes) -> None:
    """Raises Refused; a fault of the file may also surface as any error of the library."""
    _refuse_cut_or_continued(content)
    try:
        with apply_configuration(**LIMITS), _listening() as guesses:
            reader = _opened(content)
            if ACTIVE_BYTES.search(content):
                raise Refused(Reason.ACTIVE_CONTENT)
            _check_objects(reader)
            _check_pages(reader)
            if guesses.made:
                raise Refused(Reason.DAMAGED)
    except LimitReachedError:
        raise Refused(Reason.BOMB) from None
    except PyPdfError:
        raise Refused(Reason.DAMAGED) from None


class _Guesses(logging.Handler):
    """Hears that the library went on where an object could not be read: another reader may see something else there."""

    def __init__(self) -> None:
        super().__init__()
        self.made = False

    def emit(self, record: logging.LogRecord) -> None:
        """An error that the library got over is logged in its full form, `PdfReadError(…)`."""
        self.made = self.made or (record.name.startswith("pypdf.generic") and "Error(" in record.getMessage())


@contextmanager
def _listening() -> Iterator[_Guesses]:
    library, guesses = logging.getLogger("pypdf"), _Guesses()
    library.propagate = False
    library.addHandler(guesses)
    try:
        yield guesses
    finally:
        library.removeHandler(guesses)


def _refuse_cut_or_continued(content: bytes) -> None:
    """It has to end where it says it ends, and its table of objects has to be where it says that it is."""
    end = content.rstrip(BLANK)
    found = END.search(end, max(0, len(end) - 64))
    if found is None:
        raise Refused(Reason.POLYGLOT if _is_continued(end) and not _is_cut(content) else Reason.DAMAGED)
    at = int(found[1])
    if not TABLE.search(content[max(0, at - AROUND_TABLE) : at + AROUND_TABLE]) or _is_cut(content):
        raise Refused(Reason.DAMAGED)


def _is_continued(content: bytes) -> bool:
    """Whether something that is no PDF follows; a later version of the same file that was cut begins as one."""
    _, mark, rest = content.rpartition(b"%%EOF")
    return bool(mark) and CONTINUATION.match(rest) is None


def _is_cut(content: bytes) -> bool:
    """A file made to be shown while it arrives says at its beginning how long it is."""
    said = LINEARIZED.search(content[:FIRST_BYTES])
    return said is not None and int(said[1]) > len(content)


def _opened(content: bytes) -> PdfReader:
    try:
        reader = PdfReader(BytesIO(content))
        # Many PDFs restrict printing with a password that opening does not need: an empty one opens them.
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused(Reason.ENCRYPTED)
    except NotImplementedError:  # encrypted in a way of its own
        raise Refused(Reason.ENCRYPTED) from None
    return reader


def _check_objects(reader: PdfReader) -> None:
    inflated = 0
    for found in _objects(reader):
        for part in _parts(found):
            _refuse_active(part)
            if isinstance(part, StreamObject):
                inflated += _inflated_bytes(part)
                if inflated > LARGEST_STREAMS_BYTES:
                    raise Refused(Reason.BOMB)


def _objects(reader: PdfReader) -> Iterator[PdfObject]:
    """Every object that the file's tables name, also those that no page leads to."""
    named = {(number, generation) for generation, table in reader.xref.items() for number in table}
    named |= {(number, 0) for number in reader.xref_objStm}
    if len(named) > MOST_OBJECTS:
        raise Refused(Reason.BOMB)
    yield reader.trailer
    for number, generation in sorted(named):
        found = reader.get_object(IndirectObject(number, generation, reader))
        if found is not None:
            yield found


def _parts(found: PdfObject) -> Iterator[PdfObject]:
    """The object and everything that lies directly in it."""
    waiting = [found]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, DictionaryObject):
            waiting.extend(dict.values(part))
        elif isinstance(part, ArrayObject):
            waiting.extend(list.__iter__(part))


def _refuse_active(part: PdfObject) -> None:
    if not isinstance(part, DictionaryObject):
        return
    names = {dict.get(part, key) for key in NAMING_KEYS}
    acts = any(isinstance(name, NameObject) and name in ACTIVE_NAMES for name in names)
    is_elsewhere = isinstance(part, StreamObject) and "/F" in part
    if acts or is_elsewhere or ACTIVE_KEYS & part.keys():
        raise Refused(Reason.ACTIVE_CONTENT)


def _check_pages(reader: PdfReader) -> None:
    pages = reader.pages
    if len(pages) > MOST_PAGES:
        raise Refused(Reason.BOMB)
    if not len(pages) or any(_has_lost_contents(page) for page in pages):
        raise Refused(Reason.DAMAGED)


def _has_lost_contents(page: DictionaryObject) -> bool:
    if "/Contents" not in page:
        return False
    contents = page["/Contents"]
    parts = list(contents) if isinstance(contents, ArrayObject) else [contents]
    return any(not isinstance(part.get_object(), StreamObject) for part in parts)


def _inflated_bytes(stream: StreamObject) -> int:
    """How many bytes a stream unfolds to; they are counted, not held. Raises Refused when they are too many."""
    pieces: Iterator[bytes] = iter((bytes(stream._data),))  # the library has no public name for bytes as they lie there
    filters = _filters(stream)
    if len(filters) > MOST_FILTERS:
        raise Refused(Reason.BOMB)
    for name in filters:
        if name in ("/FlateDecode", "/Fl"):
            pieces = _inflated(pieces)
        elif name in SLOW:
            pieces = iter((_slowly(name, b"".join(pieces)),))
        else:
            break  # an image: it is not unfolded here, and its own size is written in it
    watched = dict.get(stream, "/Type") == "/ObjStm"
    return _counted(pieces, watched)


def _filters(stream: StreamObject) -> list[str]:
    named = stream.get("/Filter")
    if named is None:
        return []
    named = named.get_object()
    return [str(name.get_object()) for name in named] if isinstance(named, ArrayObject) else [str(named)]


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    for piece in pieces:
        waiting = piece
        while waiting and not unpacker.eof:
            try:
                yield unpacker.decompress(waiting, STEP_BYTES)
            except zlib.error:  # readers show what comes before the fault
                return
            waiting = unpacker.unconsumed_tail


SLOW: dict[str, Callable[[bytes], bytes]] = {
    "/LZWDecode": LZWDecode.decode,
    "/LZW": LZWDecode.decode,
    "/RunLengthDecode": RunLengthDecode.decode,
    "/RL": RunLengthDecode.decode,
    "/ASCII85Decode": ASCII85Decode.decode,
    "/A85": ASCII85Decode.decode,
    "/ASCIIHexDecode": ASCIIHexDecode.decode,
    "/AHx": ASCIIHexDecode.decode,
}
GROWING = ("/LZWDecode", "/LZW", "/RunLengthDecode", "/RL")


def _slowly(name: str, data: bytes) -> bytes:
    if len(data) > LARGEST_SLOW_BYTES and name in GROWING:
        raise Refused(Reason.BOMB)
    return SLOW[name](data)


def _counted(pieces: Iterator[bytes], watched: bool) -> int:
    """Objects packed together may hide one that no table names."""
    length, held = 0, bytearray()
    for piece in pieces:
        length += len(piece)
        if length > LARGEST_STREAM_BYTES or (watched and length > LARGEST_OBJECT_STREAM_BYTES):
            raise Refused(Reason.BOMB)
        if watched:
            held += piece
    if ACTIVE_BYTES.search(held):
        raise Refused(Reason.ACTIVE_CONTENT)
    return length
