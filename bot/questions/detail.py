"""What is asked about the one invoice that is being looked at: "¿está pagada?", "¿cuándo vence?", "¿de quién es?"."""

from __future__ import annotations

import re
from enum import StrEnum

from bot.questions.line import Line
from bot.questions.vocabulary import vocabulary

LONGEST_DETAIL = 60
"""Characters of such a question; a longer one is about something else."""


class Detail(StrEnum):
    """What is asked of it."""

    STATE = "state"
    DUE = "due"
    AMOUNT = "amount"
    CLIENT = "client"
    ISSUED = "issued"


_LEAD = r"(?:(?:y|pero|entonces|oye|dime|digame|sabes|me dices|a ver|si|ya|es que|esa|esta|ese|este|aun|todavia|al final) )*"
_IT = r"(?: (?:ya|esta|esa|este|ese|esto|eso|aun|todavia|la|el|factura|recibo|ahora|o no|al final))*"
_IS = r"(?:esta|estaba|sigue|fue|ha sido)"
_FORMS = (
    (
        Detail.STATE,
        rf"(?:{_IS} )?(?:ya )?(?:pagad|cobrad|abonad|vencid|devuelt|impagad|liquidad)[ao]|{_IS} (?:ya )?(?:sin pagar|pendiente(?: de pago)?)"
        r"|(?:se |la |lo |le |nos la |os la |me la )*(?:ha|han|hemos|habeis) (?:pagado|cobrado|abonado|devuelto|vencido)"
        r"|se (?:pago|cobro|ha pagado)|(?:la |lo )?pagaron|como esta|(?:en )?que estado (?:tiene|esta)|(?:en )?que situacion esta",
    ),
    (
        Detail.DUE,
        r"cuando (?:vence|vencia|vencio|vencera|caduca|se paga|se cobra|hay que pagarl[ao]|(?:la|lo) (?:tengo|tenemos|tiene) que pagar|toca pagarl[ao])"
        r"|(?:que|cual es (?:el|su)|(?:que )?fecha de) (?:fecha de )?vencimiento(?: tiene| es)?|que dia (?:vence|vencia|vencio)"
        r"|hasta cuando (?:se puede pagar|hay (?:para pagar|plazo)|(?:la|lo) puedo pagar|puedo pagarl[ao])|(?:el|su) vencimiento|hasta que dia hay(?: plazo)?",
    ),
    (
        Detail.AMOUNT,
        r"(?:de )?cuanto (?:es|era|fue|vale|importa|sale|cuesta|hay que pagar|sube)|cuant(?:o|a) (?:dinero|pasta) es"
        r"|(?:que|cual es (?:el|su)) importe(?: tiene| es)?|(?:el|su) importe|que (?:vale|cuesta)|por cuanto (?:es|sale)|a cuanto (?:asciende|sube)",
    ),
    (
        Detail.CLIENT,
        r"(?:de|a) (?:quien|kien) (?:es|era|corresponde|pertenece|va)|(?:de )?que cliente(?: es| era| tiene)?|de que (?:comunidad|finca|empresa) es"
        r"|a (?:nombre de quien|que nombre) (?:esta|va|viene|sale|es)|quien es el (?:cliente|titular)|de cual cliente es",
    ),
    (
        Detail.ISSUED,
        r"(?:de )?cuando (?:es|era|se emitio|se hizo|la emitisteis|la emitieron)|(?:de )?que fecha (?:es|tiene|de emision tiene)|de que mes es",
    ),
)
_READ = tuple((detail, re.compile(rf" {_LEAD}(?:{form}){_IT} ")) for detail, form in _FORMS)


def detail_asked(text: str) -> Detail | None:
    """What a message asks of a single invoice that it does not name; None where it asks something else."""
    if len(text) > LONGEST_DETAIL:
        return None
    words = [token.word for token in Line(text).tokens if token.word[0].isalnum()]
    blunt = [word for word in words if word not in vocabulary().politeness]
    return _read(words) or _read(blunt)


def _read(words: list[str]) -> Detail | None:
    said = f" {' '.join(words)} "
    return next((detail for detail, form in _READ if form.fullmatch(said)), None)
