"""The day of the month on which a client's invoices are paid: "pon el día de pago de Sol 14 al 15"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.questions.line import Line, phrase
from bot.questions.model import Wish
from bot.questions.numbers import WHOLE, whole

LAST_DAY = 31

_PAYMENT = r"(?:pagos?|cobros?|cargos?|adeudos?|domiciliacion|pagar|cobrar|cargar|recibos?|facturacion)"
_DAY_OF_PAYMENT = phrase(
    rf"(?:dias?|fechas?) (?:del?|para el|para la|para|de los|en que se) {_PAYMENT}|dias?(?: \S+){{0,3}} (?:para el"
    r"|del) (?:cargo|cobro|pago)"
    r"|dias? (?:en que |que )?(?:se |me |nos |le |les )?(?:cobra|cobran|cobrais|pasan?|pasais|cargan?|cargais|paga"
    r"|pagan|pagamos)"
)
_TO_BE_PAID = phrase(
    r"(?:se |me |nos |le |les )*(?:cobre|cobren|cobreis|cargue|carguen|cargueis|pase|pasen|paseis|gire|giren"
    r"|domicilie|domicilien|adeude|adeuden|practique|practiquen|pague|paguen)"
)
_TO_PAY = phrase(
    r"(?:pagar|cobrar|cargar|pasar|domiciliar|cobra|cobrad|carga|pasa|pasad|pasame|cobrame)(?:me|nos|se)?(?:l[aeo]s?)?"
)
_MOVED = phrase(
    r"(?:mov|muev|cambi|pas|pon|retras|adelant|fij)\S{1,6} (?:el|los|la|las) (?:cobro|cargo|pago|adeudo|recibo"
    r"|domiciliacion)(?:s|es)?"
)
_EVERY_MONTH = phrase(r"(?:de|cada) (?:cada )?mes|todos los meses|mensualmente")
_LISTED = phrase(r"facturas|recibos|cuant[oa]s?|que")
_ASKED = phrase(r"que dias?|cual|cuales|saber|dime|ver|consultar|mirar|decirme|ensen\S*|mostrar|cuando|tiene|tienen")
_SET = phrase(
    r"(?:pon|pong|pus|cambi|elig|elij|eleg|escog|escoj|fij|fix|muev|mov|ajust|modific|establec|establez|program"
    r"|retras|adelant|pas|seleccion)"
    r"(?:a|e|o|ar|er|ir|erlo|arlo|emos|amos|en|an|as|eis|ais|ad|ed|ga|gan|gas|game|er|me|nos|ale|ele|le|lo|la|lea"
    r"|arle|erle|irlo|irle|alo|alos|adlo|ala|ir)?"
    r"|quiero|queremos|queria|quisiera|necesito|prefiero|solicito|solicitamos|gustaria"
)
_NUMBER = (
    rf"(?P<day>\d{{1,2}}(?![\d/])|(?!una? |uno ){WHOLE})(?! (?:de (?!cada)|euros?|€|[ªº]|facturas|recibos"
    r"|ultim|primer))"
)
_A_DAY = (
    phrase(rf"(?:el |al |a |los |en |para el |en el )?dias? {_NUMBER}(?: de cada mes| cada mes| de mes)?"),
    phrase(rf"(?:el |al |a |los )?{_NUMBER} (?:de )?cada mes"),
    phrase(rf"(?:el|al|a|los|para el|en el) {_NUMBER}"),
)
_FROM_DAY = phrase(r"(?:y|en vez|en lugar|en vez de|no|del|desde el) (?:no )?(?:del?|el) \d{1,2}")
_LAST = phrase(r"(?:el )?ultimo dia(?: de(?:l| cada) mes)?|(?:a )?(?:fin|final|finales) de(?: cada)? mes")
_PUT = phrase(
    r"(?:pon|cambia|pasa|mueve|deja|dejar|poner|cambiar)(?:lo|la|los|las|sel[oa]|mel[oa]) (?:al|a|el|para el"
    rf"|en el)(?: dia)? {_NUMBER}"
)
_TO_DAY = re.compile(
    rf" (?:(?:y|no|mejor|pues|vale|que sea|prefiero|entonces) )*(?:al|a)(?: dia)? {_NUMBER}(?: mejor| porfavor)? "
)
_ONLY_A_DAY = re.compile(rf" (?:(?:el|al|a) )?(?:dia )(?P<day>{WHOLE}) $")


@dataclass(frozen=True, slots=True)
class PaymentDay:
    """Whether the day of payment is asked about, what is to be done with it, and the day as it was said."""

    is_meant: bool
    wish: Wish = Wish.LIST
    day: int | None = None


def take_payment_day(line: Line) -> PaymentDay:
    """Finds a question or wish about the day of payment and takes it away."""
    words = line.words
    if not _is_meant(words):
        return _day_alone(line)
    asked = _ASKED.search(words) and not _TO_BE_PAID.search(words)
    line.taken(_DAY_OF_PAYMENT)
    line.taken(_TO_BE_PAID)
    line.taken(_FROM_DAY)
    day = _day(line)
    wanted = day is not None or _SET.search(words) is not None
    line.taken(_SET)
    return PaymentDay(True, Wish.CHOOSE if wanted and (day or not asked) else Wish.LIST, day)


def _is_meant(words: str) -> bool:
    if _DAY_OF_PAYMENT.search(words):
        return True
    says_day = any(pattern.search(words) for pattern in (*_A_DAY, _LAST))
    monthly = _EVERY_MONTH.search(words) is not None
    if (says_day and (monthly or _MOVED.search(words))) or _TO_BE_PAID.search(words):
        return says_day or monthly
    return _TO_PAY.search(words) is not None and says_day and not _LISTED.search(words)


def _day(line: Line) -> int | None:
    if line.taken(_LAST):
        return LAST_DAY
    for pattern in _A_DAY:
        match = pattern.search(line.words)
        day = whole(match["day"]) if match else None
        if match and day and day <= LAST_DAY:
            line.take(*match.span())
            return day
    return None


def _day_alone(line: Line) -> PaymentDay:
    """The answer to a question for the day, "al 15". What may be a date too, "el día 15", is left in the line."""
    match = _PUT.search(line.words) or _TO_DAY.fullmatch(line.words)
    if match:
        line.take(*match.span())
    found = match or _ONLY_A_DAY.fullmatch(line.words)
    day = whole(found["day"]) if found else None
    wish = Wish.CHOOSE if match and match.re is _PUT else Wish.LIST
    return PaymentDay(False, wish, day) if day and day <= LAST_DAY else PaymentDay(False)
