"""Amounts of money in a question: "más de 300 euros", "entre 100 y 200", "de 45,30". Bounds are included."""

from __future__ import annotations

import re

from bot.questions.line import Line, phrase
from bot.questions.numbers import AMOUNT, cents

Amount = tuple[int | None, int | None]
"""The least and the most cents."""

ROUGHLY_PERCENT = 10
"""How far "unos 300 euros" reaches to both sides."""

_CURRENCY = r" (?:euros?|€)"
_COUNTED = (
    r"(?! (?:dias?|semanas?|mes|meses|anos?|trimestres?|semestres?|facturas?|recibos?|contratos?|clientes?"
    r"|comunidades|fincas|paginas?"
    r"|suministros?|ultim[oa]s|primer[oa]s|veces|de cada)(?= ))"
)
"""Not money: "más de 3 facturas"."""
_OF = (
    r"(?:(?:de|con|por|un|el|su|cuyo|cuya|que) ){0,3}(?:(?:importe|total|valor|cantidad|saldo) )?(?:(?:sea"
    r"|es|de|sean|son|este|esten) ){0,2}"
)
_SOME = r"(?: de)?(?: los| unos)? "
_MORE = (
    r"(?:mas (?:de|que)|superior(?:es)? al?|mayor(?:es)? (?:de|que|al?)|por encima de|pas(?:en|e|an|a) de"
    r"|super(?:en|e|an|a)|> ?=?|\+(?: de)?)"
)
_LESS = (
    r"(?:(?<!no )menos (?:de|que)|inferior(?:es)? al?|menor(?:es)? (?:de|que|al?)|por debajo de"
    r"|no (?:llegu?e?n?|llegan?) a|< ?=?)"
)
_AT_LEAST = r"(?:minimo|como minimo|al menos|por lo menos|no menos de|no inferior(?:es)? a|no baj(?:en|e) de)"
_AT_MOST = (
    r"(?:maximo|como maximo|como mucho|no mas de|no superior(?:es)? a|no (?:pas(?:en|e|an|a) de|super(?:en|e|an|a)))"
)
_N = rf"(?P<n>{AMOUNT})"
_M = rf"(?P<m>{AMOUNT})"
_HUNDREDTHS = r"(?: con (?P<hundredths>\d{1,2}))?"
_YEAR = re.compile(r"(?:19|20)\d\d")

_BETWEEN = (
    phrase(rf"{_OF}entre{_SOME}{_N}(?:{_CURRENCY})? y{_SOME}{_M}(?P<euros>{_CURRENCY})?{_COUNTED}"),
    phrase(rf"{_OF}(?:de|desde){_SOME}{_N}(?:{_CURRENCY})? (?:a|hasta){_SOME}{_M}(?P<euros>{_CURRENCY})"),
    phrase(rf"{_N}{_CURRENCY} (?:a|y){_SOME}{_M}(?P<euros>{_CURRENCY})"),
)
_MOST = (
    phrase(rf"{_OF}(?:{_AT_MOST}|{_LESS}){_SOME}{_N}(?:{_CURRENCY})?{_COUNTED}"),
    phrase(rf"{_OF}hasta{_SOME}{_N}{_CURRENCY}(?! o mas)"),
    phrase(rf"{_OF}{_N}(?:{_CURRENCY})? (?:o menos|como (?:mucho|maximo)|para abajo|maximo)"),
)
_LEAST = (
    phrase(rf"{_OF}(?:{_AT_LEAST}|{_MORE}){_SOME}{_N}(?:{_CURRENCY})?{_COUNTED}"),
    phrase(rf"{_OF}(?:desde|a partir de){_SOME}{_N}{_CURRENCY}"),
    phrase(rf"{_OF}{_N}(?:{_CURRENCY})? (?:o mas|como minimo|minimo|(?:para|en) (?:arriba|adelante))"),
)
_ROUGHLY = phrase(
    rf"{_OF}(?:unos|sobre(?: los)?|alrededor de(?: los)?|aproximadamente|cerca de(?: los)?|mas o menos"
    rf"|rondando(?: los)?) {_N}{_CURRENCY}"
)
_EXACT = (
    phrase(rf"{_OF}{_N} con (?P<hundredths>\d{{1,2}})(?:{_CURRENCY}| centimos)"),
    phrase(rf"{_OF}(?:exactamente )?{_N}{_CURRENCY}{_HUNDREDTHS}(?: (?:centimos|exactos|justos))?"),
    phrase(r"(?:de|por|importe(?: de)?|es|son|pone|vale) (?P<n>\d[\d.]*,\d\d)"),
    phrase(rf"importe(?: de| exacto)? {_N}{_COUNTED}"),
)


def take_amount(line: Line) -> Amount:
    """Finds the amount of a line and takes it away; (None, None) if there is none."""
    if (between := _between(line)) is not None:
        return between
    most, least = _bound(line, _MOST), _bound(line, _LEAST)
    if least is not None or most is not None:
        return (most, least) if least is not None and most is not None and least > most else (least, most)
    return _roughly(line) or _exact(line)


def _between(line: Line) -> Amount | None:
    for pattern in _BETWEEN:
        match = pattern.search(line.words)
        if not match or (_YEAR.fullmatch(match["n"]) and _YEAR.fullmatch(match["m"]) and not match["euros"]):
            continue
        first, last = cents(match["n"]), cents(match["m"])
        if first is not None and last is not None:
            line.take(*match.span())
            return min(first, last), max(first, last)
    return None


def _bound(line: Line, patterns: tuple[re.Pattern[str], ...]) -> int | None:
    for pattern in patterns:
        if (match := pattern.search(line.words)) and (amount := cents(match["n"])) is not None:
            line.take(*match.span())
            return amount
    return None


def _roughly(line: Line) -> Amount | None:
    amount = _bound(line, (_ROUGHLY,))
    return (
        None if amount is None else (amount * (100 - ROUGHLY_PERCENT) // 100, amount * (100 + ROUGHLY_PERCENT) // 100)
    )


def _exact(line: Line) -> Amount:
    for pattern in _EXACT:
        if (match := pattern.search(line.words)) and (amount := cents(match["n"])) is not None:
            line.take(*match.span())
            amount += int((match.groupdict().get("hundredths") or "0").ljust(2, "0"))
            return amount, amount
    return None, None
