"""What kinds of identifier there are and what may be wrong with one: formats and check characters, no searching.

Values here are compact: upper case ASCII letters and digits without separators.
Source of the check characters: python-stdnum, which lets a CIF end in the digit or in the letter of its sum: sources
disagree on which organisations use which, and refusing a real one is worse than taking an odd one.
"""

from enum import StrEnum

from stdnum import iban as iban_rules
from stdnum.es import cif as cif_rules
from stdnum.es import cups as cups_rules
from stdnum.es import dni as dni_rules
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

NIE_LETTERS = "XYZ"
PERSON_NIF_LETTERS = "KLM"
"""First letters of the NIFs that the tax agency gives to persons without DNI or NIE."""
COMPANY_LETTERS = "ABCDEFGHJNPQRSUVW"
EVERYDAY_COMPANY_LETTERS = "ABEGHJ"
"""Companies, communities of property and of owners, associations: nearly all clients of an agency."""

_NIF_LENGTH = 9
_CUPS_LENGTHS = (20, 22)
_SPANISH_IBAN_LENGTH = 24


class Kind(StrEnum):
    """What an identifier names; the values are those of the entity and of the slot `registration_kind`."""

    NIF = "nif"
    NIE = "nie"
    CIF = "cif"
    PASSPORT = "passport"
    CUPS = "cups"
    IBAN = "iban"

    @property
    def is_person(self) -> bool:
        """Whether it identifies a natural person."""
        return self in (Kind.NIF, Kind.NIE, Kind.PASSPORT)


class Problem(StrEnum):
    """Why an identifier is not valid."""

    WRONG_LETTER = "wrong_letter"
    WRONG_CHECK_DIGIT = "wrong_check_digit"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    WRONG_FORMAT = "wrong_format"


def kind_of(value: str) -> Kind:
    """The kind that the first character of a compact NIF, NIE or CIF announces."""
    if value[0] in NIE_LETTERS:
        return Kind.NIE
    return Kind.CIF if value[0] in COMPANY_LETTERS else Kind.NIF


def problem_of(kind: Kind, value: str) -> Problem | None:
    """What is wrong with a compact value of that kind; None when it is valid. A passport has nothing to check."""
    if kind is Kind.CIF:
        return _problem_of_cif(value)
    if kind is Kind.CUPS:
        return _problem_of_cups(value)
    if kind is Kind.IBAN:
        return _problem_of_iban(value)
    return _problem_of_person(value) if kind is not Kind.PASSPORT else None


def _problem_of_length(value: str, length: int) -> Problem | None:
    if len(value) == length:
        return None
    return Problem.TOO_SHORT if len(value) < length else Problem.TOO_LONG


def _problem_of_person(value: str) -> Problem | None:
    """DNI (8 digits and a letter), NIE (XYZ, 7 digits, a letter) or NIF in K, L, M (7 digits, a letter)."""
    wrong_length = _problem_of_length(value, _NIF_LENGTH)
    if wrong_length:
        return wrong_length
    number = value[:-1]
    if number[0] in NIE_LETTERS:
        number = str(NIE_LETTERS.index(number[0])) + number[1:]
    elif number[0] in PERSON_NIF_LETTERS:
        number = number[1:]
    if not number.isdecimal() or not value[-1].isalpha():
        return Problem.WRONG_FORMAT
    return None if dni_rules.calc_check_digit(number) == value[-1] else Problem.WRONG_LETTER


def _problem_of_cif(value: str) -> Problem | None:
    wrong_length = _problem_of_length(value, _NIF_LENGTH)
    if wrong_length:
        return wrong_length
    if value[0] not in COMPANY_LETTERS or not value[1:-1].isdecimal():
        return Problem.WRONG_FORMAT
    return None if value[-1] in str(cif_rules.calc_check_digits(value[:-1])) else Problem.WRONG_CHECK_DIGIT


def _problem_of_cups(value: str) -> Problem | None:
    if len(value) not in _CUPS_LENGTHS:
        return Problem.TOO_SHORT if len(value) < max(_CUPS_LENGTHS) else Problem.TOO_LONG
    try:
        cups_rules.validate(value)
    except InvalidChecksum:
        return Problem.WRONG_LETTER
    except ValidationError:
        return Problem.WRONG_FORMAT
    return None


def _problem_of_iban(value: str) -> Problem | None:
    if value.startswith("ES"):
        wrong_length = _problem_of_length(value, _SPANISH_IBAN_LENGTH)
        if wrong_length:
            return wrong_length
    try:
        iban_rules.validate(value)
    except (InvalidChecksum, InvalidLength):
        return Problem.WRONG_CHECK_DIGIT
    except ValidationError:
        return Problem.WRONG_FORMAT
    return None
