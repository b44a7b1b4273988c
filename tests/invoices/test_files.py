"""PDFs, archives and spreadsheets: what is in them, and which files of the company are never handed out."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from bot.accounts.model import Energy
from bot.company import read_company
from bot.invoices import files
from bot.invoices.files import InvoiceFiles, file_name
from bot.invoices.model import Invoice, Period, State
from bot.settings import PROJECT

DAY = date(2026, 3, 3)
MADE_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
INVOICE = Invoice(
    id=1,
    number="FE2603-000123",
    client_id=7,
    client_name="Comunidad Peñón, 3 & <b>Güell</b> S.L.",
    contract_id=3,
    contract_number="0012000345",
    cups="ES0021000000000000AB1P",
    energy=Energy.ELECTRICITY,
    issued_on=DAY,
    due_on=date(2026, 4, 2),
    period=Period(date(2026, 2, 1), date(2026, 2, 28)),
    amount_cents=123456,
    state=State.PAID,
    paid_on=date(2026, 4, 2),
)
COMPANY_PDF = b"%PDF-1.7 the company's own"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pdfs").mkdir()
    return tmp_path / "pdfs"


def maker(folder: Path | None = None) -> InvoiceFiles:
    return InvoiceFiles(folder, read_company(PROJECT / "company.yml"))


def pdf(invoice: Invoice, folder: Path | None = None) -> bytes:
    with maker(folder).pdf(invoice) as file:
        return file.read()


def page_of(content: bytes) -> str:
    pages = PdfReader(BytesIO(content)).pages
    assert len(pages) == 1
    return " ".join(pages[0].extract_text().split())


def rows_of(file: IO[bytes]) -> list[tuple[Any, ...]]:
    return list(load_workbook(file).active.iter_rows(values_only=True))  # type: ignore[union-attr]


def test_a_summary_says_that_it_is_one_and_what_the_invoice_says() -> None:
    page = page_of(pdf(INVOICE))
    for text in (
        "Resumen de la factura FE2603-000123",
        "No sustituye a la factura original",
        "1.234,56 €",
        "Pagada el 2 de abril de 2026",
        "Comunidad Peñón, 3 & <b>Güell</b> S.L.",
        "Del 1 de febrero de 2026 al 28 de febrero de 2026",
        "ES0021000000000000AB1P",
        "Electricidad",
    ):
        assert text in page


@pytest.mark.parametrize("state", [state for state in State if state is not State.PAID])
def test_every_state_has_its_sentence(state: State) -> None:
    page = page_of(pdf(replace(INVOICE, state=state, paid_on=None)))
    assert "2 de abril de 2026" in page
    assert "{" not in page


def test_a_summary_is_always_the_same() -> None:
    assert pdf(INVOICE) == pdf(INVOICE)


def test_the_longest_values_stay_on_one_page_and_odd_letters_lose_their_marks() -> None:
    page = page_of(pdf(replace(INVOICE, number="W" * 40, client_name="Țepeș 山 " + "W" * 190)))
    assert "Tepes ?" in page


def test_the_company_s_own_file_comes_before_a_summary(folder: Path) -> None:
    (folder / "FE2603-000123.pdf").write_bytes(COMPANY_PDF)
    assert pdf(INVOICE, folder) == COMPANY_PDF
    assert "Resumen" in page_of(pdf(replace(INVOICE, number="FE2603-000124"), folder))


@pytest.mark.parametrize(
    "number", ["../secret", "..", "a/../../secret", "/etc/passwd", "a\\b", "x" * 41, "ñ", "a b", ""]
)
def test_no_number_leads_out_of_the_folder(folder: Path, number: str) -> None:
    (folder.parent / "secret.pdf").write_bytes(COMPANY_PDF)
    for inside in ("ñ.pdf", "a b.pdf", ".pdf"):
        (folder / inside).write_bytes(COMPANY_PDF)
    assert pdf(replace(INVOICE, number=number), folder) != COMPANY_PDF


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder.parent / "secret.pdf").write_bytes(COMPANY_PDF)
    (folder / "FE2603-000123.pdf").symlink_to(folder.parent / "secret.pdf")
    assert "Resumen" in page_of(pdf(INVOICE, folder))


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "other.pdf").write_bytes(COMPANY_PDF)
    (folder / "FE2603-000123.pdf").symlink_to("other.pdf")
    assert pdf(INVOICE, folder) == COMPANY_PDF


def make_loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"<html>no PDF"),
        lambda path: path.write_bytes(b""),
        lambda path: path.mkdir(),
        os.mkfifo,
        make_loop,
        lambda path: path.write_bytes(COMPANY_PDF + bytes(files.MOST_BYTES_OF_A_PDF)),
    ],
    ids=["html", "empty", "folder", "pipe", "loop", "huge"],
)
def test_what_is_no_pdf_is_not_handed_out(folder: Path, make: Any) -> None:
    make(folder / "FE2603-000123.pdf")
    assert "Resumen" in page_of(pdf(INVOICE, folder))


def test_a_folder_that_is_missing_gives_summaries(tmp_path: Path) -> None:
    assert "Resumen" in page_of(pdf(INVOICE, tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("number", "name"),
    [("FE2603-1", "FE2603-1.pdf"), ("2026/7", "2026-7.pdf"), ("../x\r\n", "x--.pdf"), ("ñ", "1.pdf"), (".", "1.pdf")],
)
def test_names_of_files_are_plain(number: str, name: str) -> None:
    assert file_name(replace(INVOICE, number=number)) == name


def test_an_archive_holds_every_pdf_once(folder: Path) -> None:
    (folder / "FE2603-000123.pdf").write_bytes(COMPANY_PDF)
    others = [replace(INVOICE, number=number) for number in ("A/1", "A-1", "A.1")]
    with maker(folder).archive([INVOICE, *others]) as file, ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["FE2603-000123.pdf", "A-1.pdf", "A-1-2.pdf", "A.1.pdf"]
        assert archive.read("FE2603-000123.pdf") == COMPANY_PDF
        assert "A-1" in page_of(archive.read("A-1-2.pdf"))


def test_a_large_archive_is_on_the_disk(folder: Path) -> None:
    (folder / "FE2603-000123.pdf").write_bytes(COMPANY_PDF + bytes(1_000_000))
    with maker(folder).archive([INVOICE] * 3) as file:
        assert file._rolled  # type: ignore[attr-defined]


def test_a_spreadsheet_has_real_days_and_real_numbers() -> None:
    owed = replace(INVOICE, number="F2", state=State.OVERDUE, paid_on=None, amount_cents=-5)
    with maker().sheet([INVOICE, owed], MADE_AT) as file:
        header, first, second, last = rows_of(file)
    assert header[:4] == ("Factura", "Cliente", "Estado", "Importe (€)")
    assert first[:4] == ("FE2603-000123", INVOICE.client_name, "Pagada", 1234.56)
    assert [day.date() for day in first[4:7]] == [INVOICE.issued_on, INVOICE.due_on, INVOICE.paid_on]
    assert {type(day) for day in first[4:7]} == {datetime}
    assert (second[2], second[3], second[6]) == ("Vencida", -0.05, None)
    assert (last[0], last[3]) == ("Total", 1234.51)


def test_the_header_stays_and_the_rows_can_be_filtered() -> None:
    with maker().sheet([INVOICE] * 3, MADE_AT) as file:
        sheet = load_workbook(file).active
    assert sheet is not None
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:L4")
    assert sheet.column_dimensions["B"].width > 30
    assert (sheet["D2"].number_format, sheet["E2"].number_format) == ("#,##0.00", "dd/mm/yyyy")


@pytest.mark.parametrize("text", ["=1+1", "+34", "-3", "@SUM(A1)", "http://x.example", "0012", "\t=1"])
def test_a_text_stays_a_text_whatever_it_begins_with(text: str) -> None:
    with maker().sheet([replace(INVOICE, client_name=text, number=text, contract_number=text)], MADE_AT) as file:
        sheet = load_workbook(file).active
    assert sheet is not None
    for cell in (sheet["A2"], sheet["B2"], sheet["L2"]):
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_a_spreadsheet_of_nothing_has_its_header_and_a_zero() -> None:
    with maker().sheet([], MADE_AT) as file:
        header, last = rows_of(file)
    assert (header[0], last[0], last[3]) == ("Factura", "Total", 0)
