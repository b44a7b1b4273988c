"""Files as people have them, made here: a scanned PDF, photographs of a telephone, a screenshot."""

from __future__ import annotations

import random
import zlib
from io import BytesIO

import pillow_heif
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

MAKE, ORIENTATION, GPS = 0x010F, 0x0112, 0x8825
PLACE = {1: "N", 2: (41.0, 23.0, 12.0), 3: "E", 4: (2.0, 10.0, 30.0)}
CATALOG, PAGES, PAGE = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R>>",
)


def picture(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Coloured noise made smooth: compresses like a photograph. Its top left corner is red."""
    noise = random.Random(7).randbytes(40 * 30 * 3)
    image = Image.frombytes("RGB", (40, 30), noise).resize((width, height), Image.Resampling.BICUBIC)
    image.paste("red", (0, 0, width // 4, height // 4))
    return image.convert(mode)


def photograph_of_a_telephone(kind: str = "JPEG", orientation: int = 6) -> bytes:
    """With its maker, its place and how it was held; `kind` JPEG or HEIF."""
    pillow_heif.register_heif_opener()
    image = picture()
    exif = image.getexif()
    exif[MAKE], exif[ORIENTATION] = "Telephone", orientation
    exif.get_ifd(GPS).update(PLACE)
    image.info["exif"] = exif.tobytes()  # from here the encoder of HEIC learns to say itself how the image is turned
    written = BytesIO()
    image.save(written, kind, quality=80, **({"exif": exif} if kind == "JPEG" else {}))
    return written.getvalue()


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def printed_pdf(pages: int = 2) -> bytes:
    """As a program prints it, with a photograph in it."""
    written = BytesIO()
    canvas = Canvas(written, invariant=1, pageCompression=1)
    for number in range(pages):
        canvas.drawString(100, 700, f"Escritura de constitución, página {number + 1}")
        canvas.drawImage(ImageReader(picture(320, 240)), 100, 300)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def encrypted_pdf(user_password: str, algorithm: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(printed_pdf(1))))
    writer.encrypt(user_password, "owner", algorithm=algorithm)
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def pdf(
    *objects: bytes, catalog: bytes = CATALOG, pages: bytes = PAGES, page: bytes = PAGE, trailer: bytes = b""
) -> bytes:
    """Catalog, page tree and one page are objects 1 to 3; what is given follows from 4 on."""
    written, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate((catalog, pages, page, *objects), start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    written += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    written += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, trailer, table)
    return bytes(written)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), entries, data)


def packed_pdf(packed: bytes, named: bool = True) -> bytes:
    """Object 4 lies in a packed object stream, 5, found through a table that is a stream itself, 6.

    `named`: whether the table says that there is an object 4.
    """
    body = b"4 0 " + packed
    holder = stream(zlib.compress(body), b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode")
    written, offsets = bytearray(b"%PDF-1.7\n"), {}
    for number, text in ((1, CATALOG), (2, PAGES), (3, PAGE), (5, holder)):
        offsets[number] = len(written)
        written += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    offsets[6] = len(written)
    rows = [(0, 0, 0)] + [(1, offsets[number], 0) if number != 4 else (2, 5, 0) for number in range(1, 7)]
    if not named:
        rows[4] = (0, 0, 0)
    table = b"".join(bytes([kind]) + place.to_bytes(3, "big") + bytes([last]) for kind, place, last in rows)
    entries = b"/Type/XRef/W[1 3 1]/Size 7/Root 1 0 R/Filter/FlateDecode"
    written += b"6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(zlib.compress(table), entries), offsets[6])
    return bytes(written)


def with_a_second_version(first: bytes, added: bytes) -> bytes:
    """As a program saves a change: the new object 9 and its table behind the old file."""
    before = int(first.rpartition(b"startxref")[2].split()[0])
    offset = len(first)
    body = b"9 0 obj\n%s\nendobj\n" % added
    table = offset + len(body)
    trailer = b"<</Size 10/Root 1 0 R/Prev %d>>" % before
    rows = b"xref\n9 1\n%010d 00000 n \n" % offset
    return first + body + rows + b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, table)


def pdf_of_pages(number: int) -> bytes:
    kids = b"".join(b"%d 0 R " % kid for kid in range(3, 3 + number))
    return pdf(*[PAGE] * (number - 1), pages=b"<</Type/Pages/Count %d/Kids[%s]>>" % (number, kids))


GOOD = {
    "printed.pdf": printed_pdf,
    "bare.pdf": pdf,
    "packed.pdf": lambda: packed_pdf(b"<</Kind/Harmless>>"),
    "two_versions.pdf": lambda: with_a_second_version(pdf(), b"<</Kind/Harmless>>"),
    "restricted_only.pdf": lambda: encrypted_pdf("", "AES-256"),
    "photograph.jpg": photograph_of_a_telephone,
    "photograph.heic": lambda: photograph_of_a_telephone("HEIF"),
    "screenshot.png": lambda: saved(picture(), "PNG"),
    "scan.png": lambda: saved(picture(mode="L").convert("1"), "PNG"),
}
