"""A list of invoices as a spreadsheet: days are days, amounts are numbers, and nothing that a name says is calculated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from bot.invoices.model import Invoice
from bot.invoices.wording import texts

MONEY, DAY = "#,##0.00", "dd/mm/yyyy"
# Row by row to the disk, and a text stays a text whatever it begins with.
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_sheet(file: IO[bytes], invoices: Sequence[Invoice], made_at: datetime) -> None:
    """Write the spreadsheet to an open file: a header that stays, a row for each invoice, the sum below them."""
    words = texts()["sheet"]
    with Workbook(file, OPTIONS) as book:
        book.set_properties({"title": words["title"], "created": made_at.replace(tzinfo=None)})
        sheet = book.add_worksheet(words["name"])
        formats = {kind: book.add_format({"num_format": kind}) for kind in (MONEY, DAY)}
        bold = book.add_format({"bold": True, "bottom": 1})
        total = book.add_format({"bold": True, "top": 1, "num_format": MONEY})
        _header(sheet, words["columns"], bold)
        for row, invoice in enumerate(invoices, 1):
            _row(sheet, row, _values(invoice, words["columns"]), formats)
        _total(sheet, words, invoices, total)


def _header(sheet: Worksheet, columns: dict[str, Any], bold: Format) -> None:
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns.values()):
        sheet.set_column(place, place, column["width"])
        sheet.write_string(0, place, column["title"], bold)


def _values(invoice: Invoice, columns: dict[str, Any]) -> list[str | int | date | None]:
    """What stands in each column; a whole number is cents."""
    values = {
        "number": invoice.number,
        "client": invoice.client_name,
        "state": texts()["states"][invoice.state],
        "amount": invoice.amount_cents,
        "issued": invoice.issued_on,
        "due": invoice.due_on,
        "paid": invoice.paid_on,
        "from": invoice.period.first,
        "to": invoice.period.last,
        "energy": texts()["energies"][invoice.energy],
        "cups": invoice.cups,
        "contract": invoice.contract_number,
    }
    return [values[name] for name in columns]


def _row(sheet: Worksheet, row: int, values: list[str | int | date | None], formats: dict[str, Format]) -> None:
    for place, value in enumerate(values):
        if isinstance(value, str):
            sheet.write_string(row, place, value)
        elif isinstance(value, date):
            sheet.write_datetime(row, place, value, formats[DAY])
        elif value is not None:
            sheet.write_number(row, place, value / 100, formats[MONEY])


def _total(sheet: Worksheet, words: dict[str, Any], invoices: Sequence[Invoice], total: Format) -> None:
    """The sum is a number and no formula: programs that open a file from the network safely do not calculate."""
    names, last = list(words["columns"]), len(invoices)
    sheet.autofilter(0, 0, last, len(names) - 1)
    sheet.write_string(last + 1, 0, words["total"], total)
    sheet.write_number(last + 1, names.index("amount"), sum(each.amount_cents for each in invoices) / 100, total)
