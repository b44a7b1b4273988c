"""What is asked about and what is to be done with it: subject and wish of a question, from the words of its line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.accounts.model import Energy
from bot.questions.line import Line, phrase
from bot.questions.model import Subject, Wish

_INVOICE = phrase(
    r"(?:nuev[oa]s? )?(?:facturas?|recibos?)(?: nuev[oa]s?)?|facturacion|facturad[oa]s?|deudas?|vencimientos?"
    r"|abonos?|pagos|cobros"
    r"|devoluciones"
)
_CONTRACT = phrase(
    r"contratos?|contratad[oa]s?|suministros?|puntos? de (?:suministro|luz)|cups(?! _)|productos?|servicios?|tarifas?"
)
_CLIENT = phrase(
    r"clientes|clientas|(?:las|mis|que|cuantas|de|todas las|nuestras) (?:comunidades|fincas|empresas)|cartera"
    r"|moros[oa]s"
    r"|quien(?:es)?|listin"
)
_ONE_CLIENT = phrase(r"cliente|clienta")
_OF_SOMETHING = re.compile(
    r" (?:del?|a|al|por|para|con|en)"
    r"(?: (?:el|la|los|las|mi|mis|todos|todas|cada|este|ese|un|nuestros|sus|su|estos|tres|dos))* $"
)
_OWED = phrase(
    r"cuant[oa]s?(?: \S+){0,4} (?:deb|adeud|pag|gast|factur|cobr|abon|liquid)\S*|deb(?:e|en|o|emos)|adeuda|adeudan"
    r"|(?:tengo|hay|tenemos|tiene|tienen|toca|tocaria) (?:que )?(?:pagar|abonar)\S*"
    r"|(?:falta|faltan|queda|quedan)(?: \S+){0,2} por (?:pagar|cobrar|abonar)\S*"
)
_ITS_DEBT = phrase(r"debe|adeuda|(?:tiene|le queda|le falta) (?:por )?(?:pagar|pendiente)|ha pagado")
_SEARCHED = phrase(r"(?:busc|encuentr|localiz)\S{0,6}|fichas?|quien es|datos|direccion")
_HOW_MANY_CLIENTS = phrase(r"(?:cuantos|numero de) (?:clientes|moros[oa]s)|cuantas (?:comunidades|fincas|empresas)")

_CAN = r"(?:puedo|podemos|podria|podriamos|podre) (?!(?:ver|consultar|mirar|saber|tener|pedir)(?:l[ao]s?)? )"
_HOW = phrase(
    r"(?<!asi )(?<!tal )como(?! (?:estan|esta|va|van|vamos|andamos|quedan|siempre|queda|lo llevan))"
    r"|donde|adonde|en que (?:apartado|parte|sitio|seccion|menu|pantalla)"
    r"|que (?:tengo que|hay que|debo|he de|tendria que) (?:hacer|pulsar|tocar|pinchar)"
    r"|hay (?:alguna |algun )?(?:forma|manera|modo|opcion) de|que pasos|instrucciones"
    rf"|es posible|se (?:puede|pueden|podria|podrian)|{_CAN}\S+"
)
_SHEET = phrase(r"(?:en |a |un |el |formato )*(?:excel|csv|ods|hojas? de calculo|hoja)(?: de excel)?|export\S+")
_ARCHIVE = phrase(
    r"(?:en |un |fichero )*(?:zip|comprimid[oa]s?|rar|\S*carpeta comprimida)|descarga masiva|en bloque|de golpe"
    r"|todas juntas"
)
_DOWN = (
    r"(?:descarg(?:[aeo]|ar|as|ad|ue|uen|ando|amos|ues|aros|ado|aria|ate|asteis)?|desgarga|descarja"
    r"|(?<!de )(?<![\d~] )baj(?:a|ar|o|as|ate|amos|ad|e)|imprim(?:e|ir|o|eme))"
)
_SEND = r"(?:mand|envi|remit|reenvi)(?:a|ar|o|e|en|es|as|ad|eis|ais|ir|id)(?:me|nos)?"
_SENT = (
    r"(?: (?:\S+ ){0,4}?(?:facturas?|recibos?|adjunt)"
    r"|(?: por \S+)?(?: l[ao]s?| tod[oa]s)+ (?!lista|relacion|ficha|info|clientes|contratos))"
)
_DOWNLOAD = phrase(
    rf"{_DOWN}(?:me|te|nos|os)?(?:l[aeo]s?)?|(?:en |el |los |un )*pdfs?|duplicados?|copias?"
    rf"|{_SEND}l[ao]s?|{_SEND}(?={_SENT})|(?<= l[ao] ){_SEND}|(?<= l[ao]s ){_SEND}"
)
_SINGULAR = phrase(
    r"\S{4,}(?:me|te|nos|ga|ja|ia)l[ao]|l[ao] (?:descarg|baj|mand|envi)\S*|factura|recibo"
    r"|(?:el|la|una|un|esta|esa|este|ese|su|cada) (?:ultim[oa] )?(?:factura|recibo)"
)
_PLURAL = phrase(r"\S{3,}l[ao]s|l[ao]s|tod[oa]s|vari[oa]s|facturas|recibos|pdfs|ambas|ellas|es[oa]s|est[oa]s")
_TOTAL = phrase(
    r"(?<!en )cuant[oa]s?(?! (?:antes|tiempo|tarda|mas|dura))|(?:el )?(?:importe )?total(?:es)?(?: de)?|suma total"
    r"|(?:me )?sum(?:a|an|ar|ame|adas?|amelas|o|amos)|sumatorio|saldo|asciend\S+|(?<!con )deudas?|acumulad[oa]"
    r"|importes? (?:de )?(?:las|los|tod[oa]s)"
)
_OPEN = phrase(
    r"abr(?:e|ir|o|as|eme|ela|elo|irla|irlo|emela|ieras?)|(?:en |al |con |el |mas )*detalles?|detallad[oa]|desglos\S+"
    r"|(?:los )?conceptos|por dentro|completa|amplia\S*"
)
_LIST = phrase(
    r"(?:ensen|muestr|mostr|dam|list|sac|busc|encuentr|localiz|consult)\S{0,8}|pasa(?:me|nos)\S{0,4}|dime|decirme"
    r"|mira|mirar|ver(?:l[ao]s?)?|veo|vea|dar|relacion|cual(?:es)?|que (?:facturas|recibos|contratos|clientes"
    r"|comunidades)"
)
_MORE = phrase(r"(?:ver |dame |que )?mas(?! de )(?: (?:facturas|contratos|clientes|recibos|resultados))?|otr[oa]s \d+")
_BACK_WORDS = phrase(r"atras|anterior(?:es)?|previ[oa]s?|vuelve|volver|retrocede")
_MORE_WORDS = phrase(r"siguientes?|proximas?|seguir viendo|sigue|continua|demas|resto")
_UNFILTERED = phrase(
    r"sin (?:ningun )?filtr\S+|(?:quita|quitame|quitar|borra|elimina|fuera|limpia)(?: (?:el|los|todos))*? filtros?"
    r"|tod[oa]s|sin importar(?: \S+){0,3}|da igual|cualquiera"
)
_ELECTRICITY = phrase(r"(?:de (?:la )?)?(?:luz|electricidad|electric[oa]s?)")
_GAS = phrase(r"(?:del? )?gas(?: natural)?")
_ASKED_WORDS = (_SHEET, _ARCHIVE, _DOWNLOAD, _TOTAL, _OPEN, _CLIENT, _CONTRACT, _INVOICE)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the rest of the sentence says, as far as the wish depends on it."""

    narrows: bool
    one: bool
    """A number, one place in a list, or the first of an order: exactly one thing is meant."""
    several: bool


def subject_of(words: str) -> Subject | None:
    """What is asked about: what is named first, unless it only says of what ("las facturas de mis clientes")."""
    if _HOW_MANY_CLIENTS.search(words):
        return Subject.CLIENTS
    named = sorted(
        (match.start(), subject)
        for pattern, subject in (
            (_INVOICE, Subject.INVOICES),
            (_CONTRACT, Subject.CONTRACTS),
            (_CLIENT, Subject.CLIENTS),
        )
        for match in pattern.finditer(words)
    )
    first = next((subject for start, subject in named if not _OF_SOMETHING.search(words[:start])), None)
    if _OWED.search(words) and not (first is Subject.CLIENTS and not _is_sum(words)):
        return Subject.INVOICES if first in (None, Subject.CLIENTS) else first
    if first or named:
        return first or named[0][1]
    return Subject.CLIENTS if _ONE_CLIENT.search(words) else None


def is_said_of_somebody(words: str) -> bool:
    """Whether a debt of one who is not named is all that says what is asked about: "¿cuánto debe?"."""
    named = any(pattern.search(words) for pattern in (_INVOICE, _CONTRACT, _CLIENT, _ONE_CLIENT))
    return _ITS_DEBT.search(words) is not None and not named


def implied_subject(words: str, *, names_somebody: bool, has_state: bool) -> Subject | None:
    """The subject where it is not said: who is named with a state owes invoices, who is looked for is a client."""
    if not names_somebody:
        return None
    if has_state:
        return Subject.INVOICES
    return Subject.CLIENTS if _SEARCHED.search(words) else None


def _is_sum(words: str) -> bool:
    return re.search(r" cuant[oa] ", words) is not None


def asks_how(words: str) -> bool:
    """Whether a sentence asks how or where something is done."""
    return _HOW.search(words) is not None


def wish_of(words: str, rest: Circumstances) -> tuple[Wish, bool]:
    """What is to be done, and whether it was said."""
    if asks_how(words) and not rest.narrows and not rest.one and not rest.several:
        return Wish.HOW, True
    if _SHEET.search(words):
        return Wish.SHEET, True
    if _ARCHIVE.search(words) or _DOWNLOAD.search(words):
        return _download(words, rest), True
    if _TOTAL.search(words) and not rest.one:
        return Wish.TOTAL, True
    if _OPEN.search(words) or _TOTAL.search(words):
        return Wish.OPEN, True
    return Wish.OPEN if rest.one else Wish.LIST, _LIST.search(words) is not None


def _download(words: str, rest: Circumstances) -> Wish:
    if _ARCHIVE.search(words) or rest.several:
        return Wish.ARCHIVE
    return Wish.ARCHIVE if not (rest.one or _SINGULAR.search(words)) and _PLURAL.search(words) else Wish.DOWNLOAD


def turned_page(words: str) -> Wish | None:
    """MORE or BACK, of a sentence that says nothing else."""
    if _BACK_WORDS.search(words):
        return Wish.BACK
    return Wish.MORE if _MORE.search(words) or _MORE_WORDS.search(words) else None


def is_unfiltered(words: str) -> bool:
    """Whether everything is wanted: "todas", "sin filtrar"."""
    return _UNFILTERED.search(words) is not None


def take_energy(line: Line) -> Energy | None:
    """The energy that is asked for; None if it is none or both."""
    electricity, gas = line.taken(_ELECTRICITY), line.taken(_GAS)
    if (electricity is None) == (gas is None):
        return None
    return Energy.ELECTRICITY if electricity else Energy.GAS


def take_words(line: Line) -> None:
    """Takes away the words that say subject and wish, so that they are no name."""
    for pattern in (*_ASKED_WORDS, _UNFILTERED, _MORE_WORDS, _BACK_WORDS):
        for _ in line.each_taken(pattern):
            continue
