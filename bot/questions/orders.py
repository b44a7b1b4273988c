"""In which order a list is wanted: "ordénalas por importe", "de menor a mayor", "por vencimiento", "las más caras primero"."""

from __future__ import annotations

import re

from bot.invoices.model import Order
from bot.questions.line import Line, Token, Use, phrase
from bot.questions.vocabulary import vocabulary

LONGEST_ORDER = 80
"""Characters of a message that says an order and nothing else."""

_SORT = r"(?:re)?orden(?:a|ar|ad|ame|as|o|e|es|amos)(?:me|nos)?(?:l[ao]s?)?"
_SORTED = r"(?:ordenad[ao]s?|en orden|clasificad[ao]s?|organizad[ao]s?)"
_VERB = rf"(?:(?:ponme?|dame|ensename|muestrame|quiero|saca|sacame)l[ao]s )?(?:{_SORT}|{_SORTED}|(?:pon|ensena|muestra|da|saca)(?:me|nos)?l[ao]s)"
_NO_BOUND = r"(?! (?:de )?(?:\d|superior|inferior|entre|igual|hasta|mas de|menos de))"
_BY = r"(?:segun|por)(?: orden de)?"
_AMOUNT = rf"{_BY} (?:el |su )?(?:importes?|precio|cantidad|valor|dinero|euros|cuantia|montante){_NO_BOUND}"
_DUE = rf"{_BY} (?:(?:la |su )?fechas? de )?(?:el |su )?(?:vencimientos?|caducidad)"
_DATE = rf"{_BY} (?:la |su )?(?:fechas?|emision)(?: de (?:la )?(?:emision|factura|expedicion))?"
_AGE = rf"{_BY} (?:la |su )?antiguedad"
_CLIENT = rf"{_BY} (?:el |los )?(?:nombres?(?: de(?:l)? clientes?)?|clientes?|orden alfabetico|abecedario)|alfabeticamente|en orden alfabetico"
_UP = (
    r"(?:(?:de )?(?:menor|menos|mas barat[ao]s?|mas baj[ao]s?|mas pequen[ao]s?) a (?:mayor|mas|mas car[ao]s?|mas alt[ao]s?|mas grandes?)"
    r"|(?:en orden |orden )?(?:ascendente|creciente))"
)
_DOWN = (
    r"(?:(?:de )?(?:mayor|mas|mas car[ao]s?|mas alt[ao]s?|mas grandes?) a (?:menor|menos|mas barat[ao]s?|mas baj[ao]s?|mas pequen[ao]s?)"
    r"|(?:en orden |orden )?(?:descendente|decreciente))"
)
_KEYS = (
    (phrase(_AMOUNT), Order.LARGEST, Order.SMALLEST),
    (phrase(_DUE), Order.DUE_LAST, Order.DUE_FIRST),
    (phrase(_DATE), Order.NEWEST, Order.OLDEST),
    (phrase(_AGE), Order.OLDEST, Order.NEWEST),
    (phrase(_CLIENT), Order.CLIENT, Order.CLIENT),
)
"""What is sorted by, and the order downwards and upwards."""
_UPWARDS_BY_ITSELF = frozenset({Order.DUE_FIRST})
_ENDS = (
    (r"mas car[ao]s?|mas alt[ao]s?|mas elevad[ao]s?|mas grandes?|mayores|de mayor importe", Order.LARGEST),
    (r"mas barat[ao]s?|mas baj[ao]s?|mas pequen[ao]s?|menores|de menor importe", Order.SMALLEST),
    (r"mas (?:antigu|viej)[ao]s?", Order.OLDEST),
    (r"mas (?:recientes?|nuev[ao]s?|modern[ao]s?)", Order.NEWEST),
    (r"que (?:antes )?(?:vencen|venzan|vencian|caducan)", Order.DUE_FIRST),
)
_AT_THE_TOP = r"(?:primero|antes|delante|arriba|al principio)"
_FIRST = tuple(
    (phrase(rf"primero l[ao]s (?:{end})(?: {_AT_THE_TOP})?|l[ao]s (?:{end}) {_AT_THE_TOP}"), order)
    for end, order in _ENDS
)
_BY_AGE = (
    (phrase(r"(?:de (?:la )?)?mas nuev[oa]s? a (?:la )?mas (?:antigu|viej)[oa]s?"), Order.NEWEST),
    (phrase(r"(?:de (?:la )?)?mas (?:antigu|viej)[oa]s? a (?:la )?mas (?:nuev[oa]|reciente)s?"), Order.OLDEST),
)
_IS_UP, _IS_DOWN, _ASKS = phrase(_UP), phrase(_DOWN), phrase(_VERB)
_BY_ITSELF = phrase(rf"de (?:menor|mayor|mas|menos) a (?:menor|mayor|mas|menos)|{_UP}|{_DOWN}")
_IMPERATIVE, _NEW_LIST = re.compile(_SORT), phrase(r"facturas?|recibos?")


def take_order(line: Line) -> Order | None:
    """Finds in which order a list is wanted and takes the words away; None where nothing of it is said."""
    asked = _ASKS.search(line.words)
    order = _first(line) or _by_key(line, is_asked=asked is not None) or _by_direction(line)
    if order and asked:
        line.take(*asked.span())
    return order


def tells_to_sort(line: Line) -> bool:
    """Whether a line has the word itself: "ordena", which is said of what is there already."""
    return any(_IMPERATIVE.fullmatch(token.word) for token in line.tokens)


def says_only_an_order(text: str) -> bool:
    """Whether a message puts what was shown in another order and says nothing else, not even of what."""
    line = Line(text)
    if len(text) > LONGEST_ORDER or _NEW_LIST.search(line.words) or take_order(line) is None:
        return False
    return not any(_says_something(token) for token in line.tokens)


def _says_something(token: Token) -> bool:
    if token.use is not Use.FREE:
        return token.use is Use.NAME
    return token.word[0].isalnum() and not vocabulary().is_noise(token.word)


def _first(line: Line) -> Order | None:
    """What comes at the top: "las más caras primero"."""
    return next((order for pattern, order in (*_BY_AGE, *_FIRST) if line.taken(pattern)), None)


def _by_key(line: Line, *, is_asked: bool) -> Order | None:
    """What is sorted by, which only counts where sorting is asked for or nothing else is said: "por fecha"."""
    for pattern, down, up in _KEYS:
        match = pattern.search(line.words)
        if match and (is_asked or _nothing_but(line, match.span())):
            line.take(*match.span())
            is_up, is_down = line.taken(_IS_UP), line.taken(_IS_DOWN)
            return up if is_up or (up in _UPWARDS_BY_ITSELF and not is_down) else down
    return None


def _nothing_but(line: Line, span: tuple[int, int]) -> bool:
    inside = line.places(*span)
    directions = [line.places(*match.span()) for match in _BY_ITSELF.finditer(line.words)]
    rest = [
        token
        for place, token in enumerate(line.tokens)
        if place not in inside and not any(place in places for places in directions)
    ]
    return not any(map(_says_something, rest))


def _by_direction(line: Line) -> Order | None:
    """Of amounts, where nothing is named: "de mayor a menor"."""
    if line.taken(_IS_UP):
        return Order.SMALLEST
    return Order.LARGEST if line.taken(_IS_DOWN) else None
