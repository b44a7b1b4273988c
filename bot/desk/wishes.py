"""What a customer says of being attended: how, that nobody need come any more, or that the talk with a person is over.

Only whole sentences made of these phrases count: "no me entiendes, quiero una persona" has a "no" and a person in it too.
"""

from __future__ import annotations

import re

from bot.accounts.model import searchable
from bot.desk.model import Choice

LONGEST = 160
"""Who writes more than this wants something else as well."""
_NOBODY = r"(?:(?:a |con |por )?(?:nadie|alguien|(?:(?:una|la|ninguna|esa) )?persona|(?:(?:un|el|ningun) )?(?:agente|humano|operador|companero))(?: mas)?)"
_SOMEBODY_DOES = (
    r"(?:que (?:ya )?(?:me |nos )?(?:atiend\w+|llam\w+|contest\w+|respond\w+|escrib\w+|pas\w+)"
    rf"(?: {_NOBODY})?(?: por (?:correo|telefono|mail|email))?)"
)
_TALK = rf"(?:(?:seguir )?(?:hablar|esperar|esperando|hablando)(?: {_NOBODY})?(?: mas)?)"
_NOT_WANTED = (
    r"(?:ya )?no (?:me |nos )?(?:hace falta|es necesario|necesit\w+|quier\w+|queremos) (?:ya |esperar a )?"
    rf"(?:{_SOMEBODY_DOES}|{_TALK}|{_NOBODY}|la (?:llamada|espera))"
)
_CALLED_OFF = (
    r"(?:(?:quiero|puedes|podeis) )?(?:"
    rf"(?:cancel\w+|anul\w+|olvid\w+|quit\w+|dej\w+) (?:con )?(?:lo de |la peticion de |eso de )(?:{_SOMEBODY_DOES}|{_TALK}|{_NOBODY}|(?:la )?(?:llamada|espera|cola))"
    r"|(?:cancel\w+|anul\w+) (?:la |mi )?(?:llamada|espera|persona|agente))"
)
"""Taking "a person" away is said of those with access, too: that alone calls nobody off."""
_OUT_OF_THE_QUEUE = (
    r"(?:quiero )?(?:sac\w+|quit\w+|salir|salirme|borr\w+) de (?:la |esta )?(?:cola|espera|lista(?: de espera)?)"
)
_NO_WAITING = (
    r"(?:ya )?no (?:me |nos )?(?:esper\w+(?: mas)?|llam\w+|contest\w+|escrib\w+)"
    r"|(?:quiero )?dej\w+ de esperar|no (?:quiero )?esperar(?: mas)?"
)
_NO_PERSON = re.compile(rf"(?:{_NOT_WANTED}|{_CALLED_OFF}|{_OUT_OF_THE_QUEUE}|{_NO_WAITING})\b")
_CALLED_OFF_WHATEVER_IT_WAS = re.compile(
    r"(?:deja(?:lo|dlo|rlo|moslo)|dejelo|deixa ho|olvid(?:alo|adlo|elo)|cancel(?:a|ar|alo|adlo|arlo)|anul(?:a|ar|alo|adlo|arlo)"
    r"|(?:ya )?no (?:me )?(?:hace falta|es necesario)(?: nada)?|ya no(?: lo)? (?:necesito|quiero)(?: nada)?|no lo necesito"
    r"|ja no cal|mejor no|da igual|ya no)(?: estar| ya| eso| esto)?\b"
)
_COURTESY = re.compile(
    r"(?:muchas )?gracias|ya esta|(?:ya )?(?:lo |me )?(?:he |ha )?(?:encontrado|resuelto|solucionado|arreglado|visto|apano|arreglo)(?: yo)?(?: sol[oa])?"
    r"|vale|ok|okey|perdona|perdon|disculpa|bueno|pues|mira|nada|al final|por favor|de momento|por ahora|no pasa nada"
    r"|hola|adios|hasta luego|un saludo|no|si|oye|entonces|y|que"
)
_LEAVES = re.compile(
    r"(?:(?:quiero|prefiero|puedo|vamos a) )?(?:"
    r"(?:volver|hablar|seguir|seguimos|continuar|vuelve|vuelvo)(?: a hablar)?(?: al| con el| con) (?:asistente|bot|robot)(?: automatico)?"
    r"|que me (?:atienda|responda|conteste) el (?:asistente|bot|robot)(?: automatico)?"
    r"|(?:ponme|pasame|pasadme) con el (?:asistente|bot|robot)(?: automatico)?|que vuelva el (?:asistente|bot|robot)(?: automatico)?"
    r"|(?:terminar|termina|terminamos|acabar|acaba|acabamos|cerrar|cierra|finalizar|finaliza|dejar)(?: ya)?"
    r" (?:la |el |esta |este )?(?:conversacion|chat|charla)"
    r"|(?:ya )?no (?:quiero|necesito) (?:seguir )?habl(?:ar|ando) mas(?: con (?:esta|la|una) persona| contigo| con usted| con vosotros)?)\b"
)
_LEAVES_ALONE = re.compile(
    r"(?:(?:vale|gracias|ya esta|quiero|prefiero) )*(?:terminar|salir|volver)(?: (?:ya|gracias|por favor|adios))*"
)
_PREFERS = r"(?:(?:prefiero|quiero|quisiera|mejor|casi mejor|que sea|pues) )?"
_ASKED_FOR = {
    Choice.MAIL: re.compile(
        _PREFERS
        + r"(?:(?:la |una )?respuesta |que me (?:contest|respond|escrib|mand)\w+ |(?:contest|respond|escrib|mand)\w*me )?"
        r"(?:por |al |un |a mi |en mi )?(?:correo(?: electronico)?|e ?mail|mail)\b"
    ),
    Choice.CALL: re.compile(
        _PREFERS
        + r"(?:que me (?:llam|telefone)\w+|llam(?:ad|en|a)me|(?:por|una llamada de|a mi) telefono|(?:una )?llamada)\b"
    ),
    Choice.WAIT: re.compile(
        _PREFERS
        + r"(?:(?:me )?(?:espero|esperare|espera(?:mos|r)|quedo esperando|quedo))(?: aqui(?: mismo)?| en el chat| entonces)*\b"
    ),
}
Phrases = tuple[re.Pattern[str], ...]


def wants_nobody(text: str) -> bool:
    """Whether nobody need come any more, said of the person, the call, the answer or the queue."""
    return _is_made_of(searchable(text), (_NO_PERSON,), (_CALLED_OFF_WHATEVER_IT_WAS, _COURTESY))


def calls_it_off(text: str) -> bool:
    """Whether something is called off without saying what: it is the person only right after the hand-off."""
    return _is_made_of(searchable(text), (_NO_PERSON, _CALLED_OFF_WHATEVER_IT_WAS), (_COURTESY,))


def choice_in(text: str) -> Choice | None:
    """How somebody who was just handed off wants to be answered; None where it is not said, or only what is not wanted."""
    words = searchable(text)
    if "no" in words.split():
        return None
    said = (choice for choice, phrase in _ASKED_FOR.items() if _is_made_of(words, (phrase,), (_COURTESY,)))
    return next(said, None)


def leaves_the_talk(text: str) -> bool:
    """Whether the talk with a person is over for who writes this to them. A bare verb means it only by itself."""
    words = searchable(text)
    return bool(_LEAVES_ALONE.fullmatch(words)) or _is_made_of(words, (_LEAVES,), (_COURTESY,))


def _is_made_of(words: str, meant: Phrases, allowed: Phrases) -> bool:
    """Whether there is nothing but such phrases, one that is `meant` at least. Taken off one after the other, so it is quick."""
    if len(words) > LONGEST:
        return False
    is_said = False
    while words:
        rest = _without_first(words, meant)
        is_said = is_said or rest is not None
        rest = _without_first(words, allowed) if rest is None else rest
        if rest is None:
            return False
        words = rest
    return is_said


def _without_first(words: str, phrases: Phrases) -> str | None:
    """What follows the first of the phrases that stands whole at the beginning; None where none does."""
    found = (match for phrase in phrases if (match := phrase.match(words)))
    rests = (words[match.end() :] for match in found)
    return next((rest.strip() for rest in rests if not rest or rest.startswith(" ")), None)
