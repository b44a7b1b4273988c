"""Files of invoices: the company's own PDF or a summary, several of them in a ZIP, a list as a spreadsheet."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

import structlog

from bot.company import Company
from bot.invoices.archive import write_archive
from bot.invoices.model import Invoice
from bot.invoices.pdf import Summaries
from bot.invoices.sheet import write_sheet

MOST_BYTES_IN_MEMORY = 2 * 1024 * 1024
MOST_BYTES_OF_A_PDF = 20 * 1024 * 1024
BEGINNING_OF_A_PDF = b"%PDF-"
# Letters and digits with points, dashes and underscores between them: no number of this form leads out of a folder.
FILE_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")

log = structlog.get_logger()


class FileRefused(Exception):
    """The company's file is there but cannot be handed out; the message says why."""


class InvoiceFiles:
    """Makes files of invoices whose right was checked before. `folder` holds the company's `<number>.pdf`, if it has any."""

    def __init__(self, folder: Path | None, company: Company) -> None:
        self._folder = folder.resolve() if folder else None
        self._summaries = Summaries(company)

    def pdf(self, invoice: Invoice) -> IO[bytes]:
        """An open file: the company's own, else a summary. The caller closes it."""
        try:
            own = self._own_file(invoice.number)
        except FileRefused as refused:
            log.warning("invoice file refused", invoice_id=invoice.id, reason=str(refused))
            own = None
        return own or BytesIO(self._summaries.make(invoice))

    def archive(self, invoices: Sequence[Invoice]) -> IO[bytes]:
        """A ZIP with the PDF of each; one is in memory at a time, and the ZIP itself goes to the disk when it grows."""
        file = _temporary()
        write_archive(file, ((file_name(each), each.issued_on, self.pdf(each)) for each in invoices))
        file.seek(0)
        return file

    def sheet(self, invoices: Sequence[Invoice], made_at: datetime) -> IO[bytes]:
        """A spreadsheet with a row for each."""
        file = _temporary()
        write_sheet(file, invoices, made_at)
        file.seek(0)
        return file

    def _own_file(self, number: str) -> IO[bytes] | None:
        """None where the company has no such file. Raises FileRefused for one that leads elsewhere or is no PDF."""
        if self._folder is None or not FILE_NUMBER.fullmatch(number):
            return None
        path = self._folder / f"{number}.pdf"
        try:
            real = Path(os.path.realpath(path, strict=True))
            if real.parent != self._folder:
                raise FileRefused("leads out of the folder")
            return _opened(real)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileRefused(f"cannot be read ({error.strerror})") from None


def file_name(invoice: Invoice) -> str:
    """A name for its PDF that every system takes: what is not a letter, digit, point, dash or underscore is a dash."""
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", invoice.number).lstrip(".-")
    return f"{stem or invoice.id}.pdf"


def _opened(path: Path) -> IO[bytes]:
    # Of a pipe, opening would wait for a writer; a link put there since the check is not followed.
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    try:
        _check(file)
    except BaseException:
        file.close()
        raise
    return file


def _check(file: IO[bytes]) -> None:
    """Raises FileRefused for what is not an ordinary file, too large, or no PDF."""
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise FileRefused("is not an ordinary file")
    if status.st_size > MOST_BYTES_OF_A_PDF:
        raise FileRefused("is too large")
    if file.read(len(BEGINNING_OF_A_PDF)) != BEGINNING_OF_A_PDF:
        raise FileRefused("is not a PDF")
    file.seek(0)


def _temporary() -> IO[bytes]:
    return SpooledTemporaryFile(MOST_BYTES_IN_MEMORY)
