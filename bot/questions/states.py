"""What has become of the invoices that are asked for: "pendientes", "sin pagar", "devueltas"."""

from __future__ import annotations

from bot.invoices.model import UNPAID, State
from bot.questions.line import Line, phrase

States = frozenset[State]

_ALL = frozenset(State)
_NOT_DUE_YET = frozenset({State.DUE, State.ISSUED})
_GONE_WRONG = frozenset({State.OVERDUE, State.RETURNED})

_A = "[oa]s?"
_PAYING = r"(?:pagar|cobrar|abonar|liquidar|saldar|atender)(?:l[ao]s?|se|me|nos)?"
_HAVE = r"(?:he|ha|han|hemos|habeis|has|esta|estan|este|esten|estuvier[ae]n?)"
_PAID_WORD = rf"(?:pagad{_A}|cobrad{_A}|abonad{_A}|liquidad{_A}|saldad{_A})"
_OVERDUE_WORD = (
    rf"(?:vencid{_A}|atrasad{_A}|retrasad{_A}|caducad{_A}|fuera de (?:plazo|fecha)"
    rf"|pasad{_A} de (?:fecha|plazo)|con retraso|de retraso)"
)
_RETURNED_WORD = rf"(?:(?:impagad{_A} )?devuelt{_A}|rechazad{_A}|devolucion(?:es)?)"
_UNPAID_WORD = (
    rf"(?:pendientes?(?: (?:de|por) (?:pago|cobro|abono|{_PAYING}))?|(?:sin|por|a|que|para) {_PAYING}"
    r"|a deber|deudas?|debiendo)"
)
_OWING = r"(?:adeud(?:a|an|amos)|deb(?:e|en|o|emos|eis|es|ia|ian|iamos))(?! (?:haber|estar|ser|de|tener|hacer|ver))"
_LEFT = (
    rf"(?:falt(?:a|an)|qued(?:a|an)|resta|restan)(?: (?:por|de|sin|a|que|pendientes?(?: de)?|me|nos|le|les))* {_PAYING}"
)

_NOT_MEANT = phrase(
    r"pendientes? (?:de|por) (?:descargar|ver|revisar|recibir|llegar|firmar|mirar|contabilizar|imprimir"
    r"|enviar)(?:l[ao]s?)?"
)
_BUT = phrase(
    r"(?:(?:menos|excepto|salvo|quitando|quita(?:r|me|s|nos)?|sin|excluye|que no (?:sean|esten)|no (?:estan|sean"
    r"|esten))(?: l[ao]s)?(?: que estan)? "
    rf"(?:(?P<paid>{_PAID_WORD})|(?P<overdue>{_OVERDUE_WORD})|(?P<returned>{_RETURNED_WORD})"
    rf"|(?P<unpaid>{_UNPAID_WORD})))"
)
_COMPLEMENTS = {
    "paid": UNPAID,
    "overdue": _ALL - {State.OVERDUE},
    "returned": _ALL - {State.RETURNED},
    "unpaid": frozenset({State.PAID}),
}
_MEANINGS: tuple[tuple[str, States], ...] = (
    (r"(?:aun |todavia )?(?:no (?:ha|han) vencido|sin vencer|no vencid[oa]s?|en plazo)(?: (?:aun"
        r"|todavia))?", _NOT_DUE_YET),
    (
        r"por vencer|a punto de vencer|proxim[oa]s? (?:a|de) (?:vencer|vencimiento)|(?:van|va"
        r"|vayan) a vencer(?: pronto)?|proximos vencimientos"
        r"|(?:que )?(?:vencen|venceran) (?:pronto|proximamente|en breve)|cerca de vencer|proximas a su vencimiento",
        frozenset({State.DUE}),
    ),
    (rf"(?:que )?(?:aun |todavia |ya )?no (?:(?:se|me|nos) )?{_HAVE} (?:sido |estado )?{_PAID_WORD}"
        rf"|no {_PAID_WORD}", UNPAID),
    (r"que no (?:se|me|nos)? ?(?:pagaron|cobraron|pagan|paga|pago)", UNPAID),
    (_RETURNED_WORD, frozenset({State.RETURNED})),
    (r"(?:que )?(?:me |nos |se )?(?:ha |han |hemos )?(?:devuelto|devolvieron|devolvio|devolvimos|rechazado"
        r"|rechazo)(?: el banco)?", frozenset({State.RETURNED})),
    (_OVERDUE_WORD, frozenset({State.OVERDUE})),
    (r"(?:ya )?(?:ha|han) vencido|(?:ya )?(?:vencieron|vencio)", frozenset({State.OVERDUE})),
    (r"impagad[oa]s?|impagos?|moros[oa]s?|morosidad", _GONE_WRONG),
    (_UNPAID_WORD, UNPAID),
    (_LEFT, UNPAID),
    (_OWING, UNPAID),
    (rf"(?:(?:ya )?{_HAVE} (?:sido )?)?{_PAID_WORD}", frozenset({State.PAID})),
    (r"(?<=cuanto )(?:(?:se|me|nos|le|les) )?(?:pago|pagaron|pagamos|pagaste|pague|pagasteis|abono"
        r"|abonaron)", frozenset({State.PAID})),
    (r"recien (?:emitid|salid|hech|creada)[oa]?s?", frozenset({State.ISSUED})),
)  # fmt: skip
_PATTERNS = tuple((phrase(source), states) for source, states in _MEANINGS)


def take_states(line: Line) -> States:
    """Finds the states of a line and takes their words away; empty if none is asked for."""
    line.taken(_NOT_MEANT)
    but = line.taken(_BUT)
    found: States = _COMPLEMENTS[str(but.lastgroup)] if but else frozenset()
    for pattern, states in _PATTERNS:
        for _ in line.each_taken(pattern):
            found |= states
    return found
