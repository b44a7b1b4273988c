"""Several PDFs in one ZIP file."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date
from typing import IO
from zipfile import ZipFile, ZipInfo

PIECE_BYTES = 64 * 1024


def write_archive(file: IO[bytes], pdfs: Iterable[tuple[str, date, IO[bytes]]]) -> None:
    """Write (name, day of the invoice, open file) one after the other; each is closed. A name that comes twice is told apart.

    They are stored as they are: PDFs are compressed already.
    """
    names: set[str] = set()
    with ZipFile(file, "w") as archive:
        for name, day, pdf in pdfs:
            entry = ZipInfo(_unused(name, names), (max(day.year, 1980), day.month, day.day, 0, 0, 0))
            with pdf, archive.open(entry, "w") as target:
                shutil.copyfileobj(pdf, target, PIECE_BYTES)
            names.add(entry.filename)


def _unused(name: str, used: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    number = 2
    while name in used:
        name, number = f"{stem}-{number}{dot}{ending}", number + 1
    return name
