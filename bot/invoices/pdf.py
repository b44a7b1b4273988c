"""The PDF that stands for an invoice whose own file we do not have: one page that says of itself that it is a summary."""

from __future__ import annotations

import unicodedata
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import getFont, registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from bot.company import Company
from bot.invoices.model import Invoice
from bot.invoices.wording import day, euros, texts

INK, SOFT, LINE, ACCENT = HexColor("#14252a"), HexColor("#4a5c62"), HexColor("#dfdcd2"), HexColor("#0b5563")
AMBER, PALE = HexColor("#fdf0d3"), HexColor("#f6f4ee")
MARGIN, WIDTH, LABELS = 22 * mm, A4[0] - 44 * mm, 52 * mm
FRAME = 6
"""The space, in points, that reportlab keeps free inside of the margins."""
# They come with reportlab and go into the file, so that it looks the same everywhere.
PLAIN, BOLD = "Vera", "VeraBd"


class Summaries:
    """Makes the summary of an invoice; the same invoice gives the same bytes."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._texts = texts()["summary"]
        for name in (PLAIN, BOLD):
            registerFont(TTFont(name, f"{name}.ttf"))

    def make(self, invoice: Invoice) -> bytes:
        """One page of A4."""
        file = BytesIO()
        title = self._texts["title"].format(number=invoice.number)
        document = SimpleDocTemplate(
            file,
            pagesize=A4,
            leftMargin=MARGIN - FRAME,
            rightMargin=MARGIN - FRAME,
            topMargin=18 * mm,
            bottomMargin=18 * mm,
            title=title,
            author=self._company["company_name"],
            lang="es-ES",
            invariant=1,
        )
        document.build(self._content(invoice, title))
        return file.getvalue()

    def _content(self, invoice: Invoice, title: str) -> list[Flowable]:
        company = self._company
        return [
            _text(f"{company['company_name']} · {company['customer_area']}", 10, BOLD, ACCENT),
            Spacer(0, 9 * mm),
            _text(title, 19, BOLD, INK),
            Spacer(0, 5 * mm),
            _box([_text(self._texts["notice"], 11, BOLD, INK)], AMBER),
            Spacer(0, 6 * mm),
            self._amount(invoice),
            Spacer(0, 6 * mm),
            self._details(invoice),
            Spacer(0, 10 * mm),
            _text(self._texts["original"].format(**company), 9.5, PLAIN, SOFT),
            Spacer(0, 2 * mm),
            _text(self._texts["help"].format(**company), 9.5, PLAIN, SOFT),
        ]

    def _amount(self, invoice: Invoice) -> Table:
        paid = day(invoice.paid_on) if invoice.paid_on else ""
        situation = self._texts["situations"][invoice.state].format(due=day(invoice.due_on), paid=paid)
        lines = [
            _text(self._texts["amount"], 10, PLAIN, SOFT),
            _text(euros(invoice.amount_cents), 24, BOLD, ACCENT),
            _text(situation, 11, PLAIN, INK),
        ]
        return _box(lines, PALE)

    def _details(self, invoice: Invoice) -> Table:
        first, last = day(invoice.period.first), day(invoice.period.last)
        values = {
            "client": invoice.client_name,
            "number": invoice.number,
            "issued": day(invoice.issued_on),
            "due": day(invoice.due_on),
            "period": self._texts["period"].format(first=first, last=last),
            "energy": texts()["energies"][invoice.energy],
            "cups": invoice.cups,
            "contract": invoice.contract_number,
        }
        rows = [
            [_text(label, 10, PLAIN, SOFT), _text(values[name], 10, PLAIN, INK)]
            for name, label in self._texts["rows"].items()
        ]
        lines = [("LINEBELOW", (0, 0), (-1, -1), 0.6, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        return Table(rows, [LABELS, WIDTH - LABELS], style=[*lines, *_padding(0, 2.4 * mm)])


def _text(text: str, size: float, font: str, colour: HexColor) -> Paragraph:
    style = ParagraphStyle(font, fontName=font, fontSize=size, leading=size * 1.4, textColor=colour)
    return Paragraph(escape(_drawable(text, font)), style)


def _box(lines: list[Paragraph], colour: HexColor) -> Table:
    style = [("BACKGROUND", (0, 0), (-1, -1), colour), *_padding(5 * mm, 1.2 * mm)]
    ends = [("TOPPADDING", (0, 0), (0, 0), 4 * mm), ("BOTTOMPADDING", (0, -1), (0, -1), 4 * mm)]
    return Table([[line] for line in lines], [WIDTH], style=[*style, *ends])


def _padding(sides: float, ends: float) -> list[tuple[object, ...]]:
    sizes = {"LEFT": sides, "RIGHT": sides, "TOP": ends, "BOTTOM": ends}
    return [(f"{side}PADDING", (0, 0), (-1, -1), size) for side, size in sizes.items()]


def _drawable(text: str, font: str) -> str:
    """The text with only what the font can draw: "ș" becomes "s", what has no letter below its marks "?"."""
    known = getFont(font).face.charToGlyph
    letters = (letter if ord(letter) in known else unicodedata.normalize("NFKD", letter)[0] for letter in text)
    return "".join(letter if ord(letter) in known else "?" for letter in letters)
