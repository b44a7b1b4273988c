"""Numbers as Spaniards write and say them: "1.250,50", "mil quinientos", "tres"."""

from __future__ import annotations

import re

_UNITS = (
    "cero", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
    "catorce", "quince", "dieciseis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiun", "veintidos",
    "veintitres", "veinticuatro", "veinticinco", "veintiseis", "veintisiete", "veintiocho", "veintinueve",
)  # fmt: skip
_TENS = {"treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90}
_HUNDREDS = {"cien": 100, "ciento": 100, "quinientos": 500, "setecientos": 700, "novecientos": 900} | {
    f"{unit}cientos": place * 100 for place, unit in enumerate(_UNITS) if place in (2, 3, 4, 6, 8)
}
_VALUES = (
    {word: value for value, word in enumerate(_UNITS)}
    | {"uno": 1, "una": 1, "primero": 1, "veintiuno": 21, "veintiuna": 21}
    | _TENS
    | _HUNDREDS
    | {f"{word[:-2]}as": value for word, value in _HUNDREDS.items() if word.endswith("os")}
)
_WORD = "|".join(sorted([*_VALUES, "mil"], key=len, reverse=True))
MOST_DIGITS = 9
"""Of the whole part of an amount; nobody has a greater invoice, and the database has a bound."""

IN_WORDS = rf"(?:{_WORD})(?:(?: y)? (?:{_WORD})){{0,5}}"
WHOLE = rf"(?:\d{{1,3}}|{IN_WORDS})"
"""A number of things or a day, in digits or words."""
AMOUNT = rf"(?:\d[\d.,]*(?: mil)?(?! ?[\d/])|{IN_WORDS})"
"""An amount of money, in digits or words, without its currency."""

_THOUSANDS = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_DECIMALS = re.compile(r"(\d[\d.,]*?)[.,](\d{1,2})")


def whole(text: str) -> int | None:
    """The number that digits or words say: "12", "treinta y uno"; None for none."""
    if text.isdecimal():
        return int(text) if len(text) <= MOST_DIGITS else None
    thousands, rest, said = 0, 0, False
    for word in text.split():
        if word == "mil":
            thousands, rest, said = thousands + (rest or 1) * 1000, 0, True
        elif word in _VALUES:
            rest, said = rest + _VALUES[word], True
        elif word != "y":
            return None
    return thousands + rest if said else None


def cents(text: str) -> int | None:
    """The cents of an amount in Spanish or English format: "1.250,50" and "1,250.50" are 125050; None for none."""
    amount, thousand, _ = text.partition(" mil")
    if not amount[:1].isdecimal():
        number = whole(text)
        return None if number is None else number * 100
    euros, hundredths = _euros_and_hundredths(amount.rstrip(".,"))
    if not euros.isdecimal() or len(euros) > MOST_DIGITS:
        return None
    return (int(euros) * 100 + int(hundredths.ljust(2, "0"))) * (1000 if thousand else 1)


def _euros_and_hundredths(amount: str) -> tuple[str, str]:
    """A last group of three digits is thousands, one of one or two is hundredths."""
    decimals = None if _THOUSANDS.fullmatch(amount) else _DECIMALS.fullmatch(amount)
    euros, hundredths = (decimals[1], decimals[2]) if decimals else (amount, "")
    return re.sub(r"[.,]", "", euros), hundredths
