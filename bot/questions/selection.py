"""Which ones of a list: "la segunda", "las dos primeras", "las últimas 5 facturas", "la más cara"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.invoices.model import Order
from bot.questions.line import Line, phrase
from bot.questions.numbers import WHOLE, whole

MOST_ORDINAL = 100
"""The longest page of a list."""
MOST_LIMIT = 1000

_STEMS = ("primer", "segund", "tercer", "cuart", "quint", "sext", "septim", "octav", "noven", "decim")
_WORDS = {"primer": 1, "tercer": 3} | {
    stem + ending: place
    for places in (enumerate(_STEMS, 1), ((-1, "ultim"), (-2, "penultim"), (-3, "antepenultim")))
    for place, stem in places
    for ending in "ao"
}
_ORDINAL_WORD = "|".join(_WORDS)
_THING = r"facturas?|recibos?|contratos?|clientes?|suministros?"
_ONE = rf"(?:{_ORDINAL_WORD}|\d{{1,3}}(?: (?:[ªº]|a|o|er|era|ero|da|ra|ta|do|nda))?)"
_ARTICLE = r"(?:l[ao]s?|el|numero|numeros|opcion|linea|factura|recibo|contrato|cliente)"
_ALONE = re.compile(rf" (?:numero |opcion )?{_ONE}(?:(?: y)? {_ONE})* $")
_NOT_PLACES = r"(?! (?:de cada|euros?|€|dias?|mes|meses|semanas?|anos?|trimestre|semestre|quincena))"
_ORDINALS = phrase(rf"{_ARTICLE} (?:numero )?{_ONE}(?:(?: y| e)?(?: {_ARTICLE})?(?: numero)? {_ONE})*{_NOT_PLACES}")
_RANGE = phrase(
    rf"(?:de|desde) la (?P<first>\d{{1,3}}|{_ORDINAL_WORD}) (?:a|hasta) la (?P<last>\d{{1,3}}|{_ORDINAL_WORD})"
)
_PIECE = re.compile(rf"(?<= )(?:{_ORDINAL_WORD}|\d{{1,3}})(?= )")
_MANY = (
    phrase(rf"(?P<number>{WHOLE}) (?P<end>primer[oa]s|ultim[oa]s)(?P<thing> (?:{_THING}))?{_NOT_PLACES}"),
    phrase(rf"(?P<end>primer[oa]s|ultim[oa]s) (?P<number>{WHOLE})(?P<thing> (?:{_THING}))?{_NOT_PLACES}"),
)
_PLAIN_LIMIT = (
    phrase(
        rf"(?P<number>{WHOLE})(?= (?:(?:facturas|recibos|contratos|clientes) |mas (?:car|antigu|viej|recient|alt|barat|baj)))"
    ),
    phrase(r"(?:top|solo|solamente|otr[oa]s) (?P<number>\d{1,3})"),
)
_NEWEST_THING = phrase(rf"ultim[oa] (?:{_THING})|(?:{_THING}) (?:mas recientes?|mas nuev[oa]s?|ultim[oa])")
_NEWEST = phrase(r"mas recientes?|mas nuev[oa]s?|mas actual(?:es)?|recientes")
_OLDEST = phrase(r"mas (?:antigu|viej)[oa]s?")
_LARGEST = phrase(
    r"mas (?:car|alt|elevad|grand|gord)[oae]s?|de mayor importe|(?<=l[ao] )mayor(?: importe)?|(?<=las )mayores"
    r"|mas dinero"
)
_SMALLEST = phrase(r"mas (?:barat|baj|pequen)[oa]s?|de menor importe|(?<=l[ao] )menor(?: importe)?|(?<=las )menores")
_LATEST = phrase(r"ultim[oa]s")
_SINGULAR = re.compile(r" (?:la|el|una|un|su|mi)(?: (?:factura|recibo|contrato))? $")
_THOSE = phrase(rf"(?:es|est|l)[oa]s {WHOLE}")
_LAST_OF = re.compile(r" del? | en | que ")


@dataclass(frozen=True, slots=True)
class Selection:
    """Places in a list, or how many of which end of it."""

    ordinals: tuple[int, ...] = ()
    limit: int | None = None
    order: Order = Order.URGENCY


def take_selection(line: Line) -> Selection:
    """Finds which ones of a list are meant and takes the words away."""
    listed = _extreme(line) or _many(line)
    if listed:
        return listed
    ordinals = _ordinals(line)
    if ordinals == (-1,) and _LAST_OF.match(line.words, _end_of_taken(line)):
        return Selection(limit=1, order=Order.NEWEST)
    return Selection(ordinals=ordinals) if ordinals else _limited(line)


def _extreme(line: Line) -> Selection | None:
    """The newest, oldest or largest: one if it is said in the singular."""
    for pattern, order in (
        (_OLDEST, Order.OLDEST),
        (_LARGEST, Order.LARGEST),
        (_SMALLEST, Order.SMALLEST),
        (_NEWEST_THING, Order.NEWEST),
        (_NEWEST, Order.NEWEST),
    ):
        match = pattern.search(line.words)
        if match:
            one = _SINGULAR.search(line.words[: match.start()]) is not None or match[0].startswith(
                ("ultima ", "ultimo ")
            )
            limit = _plain_limit(line)
            line.take(*match.span())
            return Selection(limit=limit or (1 if one else None), order=order)
    return None


def _many(line: Line) -> Selection | None:
    """Places in a list ("las dos primeras"); with a noun, or counted from the end, a list of its own."""
    for pattern in _MANY:
        match = pattern.search(line.words)
        number = whole(match["number"]) if match else None
        if not match or not number or number > MOST_LIMIT:
            continue
        line.take(*match.span("number"))
        line.take(*match.span("end"))
        first = match["end"].startswith("primer")
        if first and not match["thing"] and number <= MOST_ORDINAL:
            return Selection(ordinals=tuple(range(1, number + 1)))
        return Selection(limit=number, order=Order.URGENCY if first else Order.NEWEST)
    return None


def _ordinals(line: Line) -> tuple[int, ...]:
    ranged = line.taken(_RANGE)
    if ranged:
        first, last = sorted((_place(ranged["first"]), _place(ranged["last"])))
        return tuple(range(first, min(last, MOST_ORDINAL) + 1)) if first > 0 else ()
    match = _ALONE.fullmatch(line.words) or _ORDINALS.search(line.words)
    if not match:
        return ()
    places = [_place(piece[0]) for piece in _PIECE.finditer(f" {match[0]} ")]
    if not all(place and place <= MOST_ORDINAL for place in places):
        return ()
    line.take(*match.span())
    both = len(places) == 1 and match[0].startswith(("las ", "los "))
    return () if both else tuple(dict.fromkeys(places))


def _place(word: str) -> int:
    return _WORDS.get(word) or int(word)


def _limited(line: Line) -> Selection:
    limit = _plain_limit(line)
    line.taken(_THOSE)
    return Selection(limit=limit, order=Order.NEWEST if line.taken(_LATEST) else Order.URGENCY)


def _plain_limit(line: Line) -> int | None:
    for pattern in _PLAIN_LIMIT:
        match = pattern.search(line.words)
        number = whole(match["number"]) if match else None
        if match and number and number <= MOST_LIMIT and match["number"] not in ("un", "una", "uno"):
            line.take(*match.span())
            return number
    return None


def _end_of_taken(line: Line) -> int:
    """Where the words that were taken last in the line end."""
    return line.words.rindex("_") + 1
