"""Numbers of invoices and contracts, CUPS and identifiers in a question."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.identity.identifiers import Kind, find_identifiers
from bot.questions.line import Line, Use

_STARTS, _ENDS = r"(?<![^\W_])", r"(?![^\W_])"
_OUR_INVOICE = re.compile(rf"{_STARTS}(fe)[ .-]?(\d{{4}})(?:[ ./-]{{1,3}}(\d{{1,6}})|(\d{{6}})){_ENDS}", re.IGNORECASE)
"""As this company numbers them, however typed: "fe2603 000123"."""
_OTHER_INVOICE = re.compile(rf"{_STARTS}[a-z]{{1,4}}\d{{2,6}}[-/]\d{{2,8}}{_ENDS}", re.IGNORECASE)
_LABELLED = re.compile(
    rf"{_STARTS}(?:factura|fra|fact|recibo|contrato|ctto|cto|p[oó]liza|n[uú]m(?:ero)?|n[º°o]"
    rf"|ref(?:erencia)?)\b[ .:#]{{0,3}}"
    r"(?:(?:con )?(?:el )?(?:n[º°o]|n[uú]m(?:ero)?)[ .:#]{1,3})?"
    rf"([a-z]{{1,3}}-?\d[\d/-]*|\d[\d/-]{{4,}}){_ENDS}(?![.,]\d| ?(?:€|eur))",
    re.IGNORECASE,
)
_LONG = re.compile(rf"{_STARTS}\d{{10,14}}{_ENDS}")
_DATE = re.compile(r"\d{1,2}[/-]\d{1,2}(?:[/-]\d{2,4})?|\d{4}[/-]\d{1,2}(?:[/-]\d{1,2})?|\d{1,2}[/-]\d{4}")


@dataclass(frozen=True, slots=True)
class Codes:
    """What was found, normalised; empty where there is none."""

    number: str = ""
    cups: str = ""
    identifier: str = ""


def take_codes(line: Line) -> Codes:
    """Finds the codes of a line and takes them away. Of several of a kind the first counts."""
    number = _invoice(line)
    cups, identifier = _identifiers(line)
    return Codes(number or _other_number(line), cups, identifier)


def _invoice(line: Line) -> str:
    ours = _OUR_INVOICE.search(line.text)
    other = None if ours else _OTHER_INVOICE.search(line.text)
    found = ours or other
    if not found:
        return ""
    line.use(*found.span(), Use.TAKEN)
    return f"{ours[1].upper()}{ours[2]}-{(ours[3] or ours[4]).zfill(6)}" if ours else found[0].upper()


def _identifiers(line: Line) -> tuple[str, str]:
    cups = identifier = ""
    for found in find_identifiers(line.text):
        if any(token.use is Use.TAKEN for token in line.tokens if token.start < found.end and found.start < token.end):
            continue
        line.use(found.start, found.end, Use.TAKEN)
        if found.kind is Kind.CUPS:
            cups = cups or found.value
        elif found.kind is not Kind.IBAN:
            identifier = identifier or found.value
    return cups, identifier


def _other_number(line: Line) -> str:
    for pattern in (_LABELLED, _LONG):
        for match in pattern.finditer(line.text):
            group = pattern.groups
            free = all(
                token.use is Use.FREE for token in line.tokens if match.start(group) <= token.start < match.end(group)
            )
            if free and not _DATE.fullmatch(match[group]):
                line.use(*match.span(group), Use.TAKEN)
                return match[group].upper()
    return ""
