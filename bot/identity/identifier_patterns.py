"""The shapes in which people write identifiers, as patterns over folded text (see `identifier_cues.folded`).

Each pattern starts with a set of characters, to which the search skips quickly, and looks back only then. Between two
characters of an identifier there may be two separators (three at a letter), so a failed try costs a bounded number of
steps and the whole search stays linear.
"""

import re

_GAP = r"[ \t.\-]{0,2}"
_LETTER_GAP = r"[ \t.\-/]{0,3}"
_ENDS = r"(?![^\W_]|@)"
_COMPANY_OR_PERSON = "[A-HJ-NP-SU-Z]"


def _starts(width: int) -> str:
    """Looks back over the `width` characters just read: nothing alphanumeric and no @ stands before them."""
    return rf"(?<![^\W_@]{'.' * width})(?<!@{'.' * width})"


def _digits(least: int, most: int) -> str:
    """So many digits, with gaps."""
    return rf"[0-9](?:{_GAP}[0-9]){{{least - 1},{most - 1}}}"


DIGITS_THEN_LETTER = re.compile(rf"[0-9]{_starts(1)}(?:{_GAP}[0-9]){{7}}{_LETTER_GAP}[A-Z]{_ENDS}")
LETTER_THEN_DIGITS = re.compile(
    rf"{_COMPANY_OR_PERSON}{_starts(1)}{_LETTER_GAP}{_digits(7, 7)}{_LETTER_GAP}[0-9A-Z]{_ENDS}"
)
SLIP_DIGITS_THEN_LETTER = re.compile(rf"[0-9]{_starts(1)}(?:{_GAP}[0-9]){{5,10}}{_LETTER_GAP}[A-Z]{_ENDS}")
SLIP_LETTER_THEN_DIGITS = re.compile(
    rf"{_COMPANY_OR_PERSON}{_starts(1)}{_LETTER_GAP}{_digits(5, 10)}(?:{_LETTER_GAP}[A-Z])?{_ENDS}(?!{_GAP}[0-9])"
)
CUPS = re.compile(
    rf"ES{_starts(2)}{_GAP}{_digits(12, 18)}{_GAP}[A-Z]{_GAP}[A-Z](?:[0-9][A-Z]|{_GAP}[0-9][FPRCXYZ])?{_ENDS}"
)
SPANISH_IBAN = re.compile(rf"ES{_starts(2)}{_GAP}{_digits(22, 22)}{_ENDS}")
SLIP_SPANISH_IBAN = re.compile(rf"ES{_starts(2)}{_GAP}{_digits(18, 26)}{_ENDS}(?!{_GAP}[0-9])")
FOREIGN_IBAN = re.compile(rf"[A-Z]{_starts(1)}[A-Z][0-9]{{2}}(?:[ \-]?[0-9A-Z]){{11,30}}")
SPANISH_PASSPORT = re.compile(rf"[A-Z]{_starts(1)}[A-Z]{{2}}[ \-]?[0-9]{{6}}{_ENDS}")
CODE = re.compile(rf"[0-9A-Z]{_starts(1)}[0-9A-Z]{{4,11}}{_ENDS}")
"""A word of 5 to 12 letters and digits: a foreign passport when the sentence says so."""
DIGIT_RUN = re.compile(r"[0-9]+(?:[ .\-]{1,2}[0-9]+)*+")
"""All the digits that stand together: a number whose letter is missing, when the sentence asks for one."""

GLUED_LABEL = re.compile(
    r"(?:NIF|NIE|CIF|DNI|PASAPORTE|PASSPORT|CUPS|IBAN)(?=[A-Z]{0,3}[0-9])|ES(?=[A-Z][0-9]{7}|[0-9]{8}[A-Z])"
)
LETTER_JOINED_BEFORE = re.compile(r"(?<![^\W_])[A-HJ-NP-SU-Z][.\-/]{1,3}$")
LETTER_JOINED_AFTER = re.compile(r"[.\-/]{1,3}[A-Z](?![^\W_])")
"""What "x-" and "-l" are in "x-12345678-l": parts of the same, too long identifier."""
DATE = re.compile(r"[0-3]?[0-9][ .\-/][01]?[0-9][ .\-/](?:19|20)[0-9]{2}(?![0-9])")
AMOUNT_FOLLOWS = re.compile(r",[0-9]| ?(?:\u20ac|EUR|KW|%)")

FOREIGN_IBAN_LENGTHS = {
    "AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "FI": 18,
    "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
}  # fmt: skip
"""Characters of an IBAN in the payment area (SEPA) outside Spain; source: SWIFT's IBAN registry."""
