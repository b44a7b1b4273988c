"""Where an image ends by its own structure: what is cut is seen, and so is what was put behind it."""

from __future__ import annotations

import re
import struct
import zlib
from enum import StrEnum

from bot.documents.model import Reason, Refused

# `mif1` alone says only "some image"; a decoder for HEVC decides. `avif` is not among them: few can open it.
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
JPEG_SCAN, JPEG_END = 0xDA, 0xD9
JPEG_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
JPEG_AS_SCRIPT = b"/*"
TEXT = frozenset(b"\t\n\r" + bytes(range(32, 127)))
SAMPLE_BYTES = 512
SHORTEST_TEXT = 8
TEXT_SHARE = 0.9


class Picture(StrEnum):
    """The kinds of images that are taken; the values are the decoder's names for them."""

    JPEG = "JPEG"
    PNG = "PNG"
    HEIC = "HEIF"


def check_frame(content: bytes, kind: Picture) -> None:
    """Raises Refused for an image that is cut, or that carries a text behind it or is one at the same time.

    Telephones put data of their own behind an image (a film, a map of depths, a second image): that is dropped later.
    """
    try:
        end = {Picture.JPEG: _end_of_jpeg, Picture.PNG: _end_of_png, Picture.HEIC: _end_of_boxes}[kind](content)
    except (IndexError, struct.error):
        raise Refused(Reason.DAMAGED) from None
    if _is_text(content[end : end + SAMPLE_BYTES]):
        raise Refused(Reason.POLYGLOT)


def _end_of_jpeg(content: bytes) -> int:
    if content[4:6] == JPEG_AS_SCRIPT:  # the length of the first segment, read by a browser as the start of a comment
        raise Refused(Reason.POLYGLOT)
    at = 2
    while True:
        while content[at + 1] == 0xFF:
            at += 1
        marker = content[at + 1]
        if content[at] != 0xFF:
            raise Refused(Reason.DAMAGED)
        if marker == JPEG_END:
            return at + 2
        at += 2 if marker in JPEG_ALONE else 2 + _length(content, at + 2)
        if marker == JPEG_SCAN:
            at = _after_scan(content, at)


def _after_scan(content: bytes, at: int) -> int:
    found = JPEG_NEXT_MARKER.search(content, at)
    if found is None:
        raise Refused(Reason.DAMAGED)
    return found.start()


def _length(content: bytes, at: int) -> int:
    return int(struct.unpack_from(">H", content, at)[0])


def _end_of_png(content: bytes) -> int:
    at = 8
    while True:
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + int(length)
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise Refused(Reason.DAMAGED)
        if name == b"IEND":
            return end
        at = end


def _end_of_boxes(content: bytes) -> int:
    at = 0
    while at < len(content):
        size = _box_size(content, at)
        if size < 8 or at + size > len(content):
            raise Refused(Reason.DAMAGED)
        at += size
    return at


def _box_size(content: bytes, at: int) -> int:
    size, name = struct.unpack_from(">I4s", content, at)
    if not name.isascii() or not name.decode().isprintable():
        raise Refused(Reason.POLYGLOT)
    if size == 1:
        return int.from_bytes(content[at + 8 : at + 16], "big")
    return size or len(content) - at


def _is_text(sample: bytes) -> bool:
    return len(sample) >= SHORTEST_TEXT and sum(byte in TEXT for byte in sample) >= TEXT_SHARE * len(sample)
