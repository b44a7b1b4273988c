"""The words around a number that say what it is: "mi DNI es …", "factura …", "teléfono …".

Also the folding of text that makes such words and the numbers easy to look for. Everything here is linear in the length of the text.
"""

import re
import unicodedata
from bisect import bisect_right
from enum import Enum, auto
from functools import lru_cache

_REACH = 40
"""Characters between a cue and its number; "mi número de identificación fiscal es el" has to fit."""

_DASHES = "\u2212\u00ad"
_POINTS = "\u00b7\u2022\u2027"
_ORDINALS = "\u00aa\u00ba"


class Cue(Enum):
    """What a word announces."""

    PERSON = auto()
    COMPANY = auto()
    PASSPORT = auto()
    OTHER = auto()

    @property
    def is_identity(self) -> bool:
        """Whether an identifier of a person or a company is meant."""
        return self is not Cue.OTHER


_CUE_WORDS = re.compile(
    r"(?<![A-Z])(?:"
    r"(?P<COMPANY>C\.?I\.?FS?(?![A-Z]))"
    r"|(?P<PASSPORT>PASAPORTES?|PASSA?PORTS?)"
    r"|(?P<PERSON>N\.?I\.?[FE]S?(?![A-Z])|D\.?N\.?IS?(?![A-Z])|IDENTIFICA(?!TIV)|IDENTIDAD|CARNET)"
    r"|(?P<OTHER>FACTURAS?|FRAS?(?![A-Z])|FACT(?![A-Z])|ABONO|PEDIDO|PRESUPUESTO|CONTRATO|CTTO|REF(?![A-Z])|REFERENCIA"
    r"|EXPEDIENTE|EXP(?![A-Z])|ALBARAN|POLIZA|INCIDENCIA|RECLAMACION|TICKET|SOLICITUD|CLAVE|GESTION|CONTADOR|RECIBO"
    r"|TELEFONO|TE?LF(?![A-Z])|TEL(?![A-Z])|MOVIL|FAX|LLAM[AEO]\w*|POSTAL|IMPORTE|EUROS?|FECHA)"
    r")"
)


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    """One character for one: accents and full width go, every dash is a hyphen, every blank but a line end a space."""
    if character in _ORDINALS:
        return " "
    if character in _POINTS:
        return "."
    category = unicodedata.category(character)
    if category in ("Pd", "Cf") or character in _DASHES:
        return "-"
    if category == "Zs":
        return " "
    if not character.isascii() and not unicodedata.decomposition(character):
        return character
    plain = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in plain if not unicodedata.combining(part))
    return plain.upper() if len(plain) == 1 and plain.isascii() else character


def folded(text: str) -> str:
    """The text in upper case without accents, each character at its old place (so the length stays)."""
    if text.isascii():
        return text.upper()
    return "".join(map(_folded_character, text))


class Cues:
    """The cue words of one folded text, looked up by place."""

    def __init__(self, text: str) -> None:
        self._text = text
        found = list(_CUE_WORDS.finditer(text))
        self._starts = [word.start() for word in found]
        self._ends = [word.end() for word in found]
        self._cues = [Cue[str(word.lastgroup)] for word in found]

    def any_identity(self) -> bool:
        """Whether the text speaks of an identifier anywhere."""
        return any(cue.is_identity for cue in self._cues)

    def any_of(self, cue: Cue) -> bool:
        """Whether that cue is anywhere in the text."""
        return cue in self._cues

    def near(self, start: int, end: int) -> Cue | None:
        """The cue of the number at start..end: the last one before it, else an identity word right after it.

        A cue with another number in between belongs to that number.
        """
        before = bisect_right(self._ends, start) - 1
        if before >= 0 and self._reaches(self._ends[before], start):
            return self._cues[before]
        after = bisect_right(self._starts, end - 1)
        if after < len(self._starts) and self._cues[after].is_identity and self._reaches(end, self._starts[after]):
            return self._cues[after]
        return None

    def _reaches(self, start: int, end: int) -> bool:
        between = self._text[start:end] if end - start <= _REACH else "0"
        return not any(character.isdecimal() for character in between)
