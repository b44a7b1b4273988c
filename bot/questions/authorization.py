"""Reads what a sentence says of an authorization: who, with which e-mail and right, over which clients, until when.

"autoriza a Marta Ruiz, 12345678Z, marta@ejemplo.es, solo lectura hasta junio". What is understood is taken away before
the next part is looked for; the name, which has no form of its own, comes last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.accounts.model import ManagerKind, Role
from bot.identity.identifiers import Kind, Problem, find_identifiers
from bot.questions.last_day import LastDay, find_last_day
from bot.questions.mailboxes import find_mailbox
from bot.questions.person_names import Name, find_name, possible_names
from bot.questions.powers import find_manager, find_power
from bot.questions.rest import Rest
from bot.questions.vocabulary import plain, vocabulary

LONGEST_TEXT = 600


NOBODY = Name()


class Part(StrEnum):
    """What an authorization consists of."""

    NAME = "name"
    IDENTIFIER = "identifier"
    EMAIL = "email"
    ROLE = "role"
    UNTIL = "until"
    CLIENTS = "clients"


@dataclass(frozen=True, slots=True)
class Authorization:
    """A sentence as data; what is empty or None was not said.

    `until` is the last day; `is_endless`: it is said that there is none. `clients` are names as they were written, and
    `all_clients` says that all are meant. `unreadable` are the parts that are said in a way that nobody can be sure of.
    """

    name: Name = NOBODY
    identifier: str = ""
    kind: Kind | None = None
    problem: Problem | None = None
    email: str = ""
    role: Role | None = None
    until: date | None = None
    is_endless: bool = False
    clients: tuple[str, ...] = ()
    all_clients: bool = False
    unreadable: frozenset[Part] = frozenset()
    is_question: bool = False
    asks_how: bool = False
    """A question about how it is done or what is possible, not one that asks politely for it."""
    may_authorize: bool | None = None
    """Whether somebody may authorize others in turn."""
    manager_kind: ManagerKind | None = None
    stands_alone: bool = False
    """Whether nothing else is said but small words: "no, hasta el 31 de marzo"."""

    @property
    def names_somebody(self) -> bool:
        """Whether it is said who is meant."""
        return bool(self.name.whole or self.identifier or self.email)

    @property
    def says_anything(self) -> bool:
        """Whether any part is said."""
        parts = (self.role, self.until, self.is_endless, self.clients, self.all_clients, self.unreadable)
        return self.names_somebody or any(parts) or self.may_authorize is not None or self.manager_kind is not None


_WORD = re.compile(r"[^\W_]+")
_ASKS = re.compile(
    r"(?:^|(?<=[\s¿(,]))(?:c[oó]mo(?! (?:contact|autorizad|person|usuari|represent|antes|siempre|colab|a |el |la |su |quien))|d[oó]nde|cu[aá]l(?:es)?|qui[eé]n(?:es)?|cu[aá]nt[oa]s?|cu[aá]ndo|por qu[eé]|para qu[eé] sirve"
    r"|(?:qué|(?<!\w )que) (?:es|son|pasa|puede)|qu[eé] (?:diferencia|significa|necesit\w+|permisos?|hay que|tengo que|hace falta|tipos?|clases?)|diferencia"
    r"|se puede|puedo|podemos|podr[ií]a yo|hace falta|hay que|hay (?:l[ií]mite|alguna?|forma|manera)|es (?:posible|necesario|obligatorio)"
    r"|tengo que(?=[^.]*\?)|pasos|procedimiento|instrucciones|com (?=puc|es|s'|afeg|dono)|how|where|who|can i)(?=\W|$)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"\b(?:en vez de|en lugar de|no(?: quiero| es| era|,)?(?: (?:de|la|con|una?|autorizaci[oó]n|acceso))*) "
    r"(?:la |una? |de )*(?:solo lectura|s[oó]lo lectura|lectura|consulta|total|complet[oa])\b"
    r"|\b(?:s[oó]lo )?(?:lectura|consulta|total) no(?=\s*,)",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    r"\bde (?:solo |s[oó]lo )?(?:lectura|consulta|total|mirar) a (?P<to>(?:solo |s[oó]lo )?(?:lectura|consulta|total|tramitar))\b",
    re.IGNORECASE,
)
_READ = re.compile(
    r"\b(?:de |en |con |a )?(?:s[oó]lo|solamente|[uú]nicamente|nom[eé]s|mera) (?:de |la |en |que )?(?:pueda |puede )?"
    r"(?:lectura|consult\w*|mir\w*|leer|lea|ve(?:r|a|as)?\b)"
    r"|\b(?:autorizaci[oó]n|permisos?|acceso|rol|derechos?)?\s*(?:de |en |con )?(?:lectura|consulta)\b|\bread.only\b"
    r"|\b(?:mir|consult|ve|le)\w* (?:y )?(?:nada m[aá]s|y punto)\b|\bno (?:pueda |debe |quiero que )?(?:tramit\w+(?: nada)?|ha[cg]\w+ (?:cambios|gestiones|tr[aá]mites))"
    r"|\b(?:lo|la opci[oó]n|la posibilidad|deje|dejar) de (?:tramitar|gestionar|hacer (?:cambios|tr[aá]mites|gestiones))\b",
    re.IGNORECASE,
)
_LOOK = re.compile(r"\b(?:para |que )?(?:pueda |pueden )?(?:ver|mirar|consultar|consulte|mire|vea)\b", re.IGNORECASE)
_FULL = re.compile(
    r"\b(?:(?:con |de |a |la |en )*(?:autorizaci[oó]n|acceso|permisos?|facultades|poderes|control|rol|derechos?)(?: es)? )?"
    r"(?:(?:con |de |a )?(?:total(?:es|mente)?|plen[oa]s?|complet[oa]s?|full(?: access| rights)?))\b"
    r"|\b(?:con|para|hacerlo|tener|tenga|hacer) todo\b|\bpermisos? para todo\b|\btodas las gestiones\b"
    r"|\b(?:tramit(?:ar|e)|gestion(?:ar|e)|contratar|firmar|firme)\b|\bhacer (?:los |las |de )?(?:tr[aá]mites|gestiones|cambios)\b",
    re.IGNORECASE,
)
_ALL_CLIENTS = re.compile(
    r"\b(?:(?:en |sobre |a |para |de )?(?:todos (?:los|mis|nuestros) clientes|todas (?:las|mis|nuestras) (?:comunidades|fincas|empresas))"
    r"|toda (?:la|mi) cartera)\b",
    re.IGNORECASE,
)
_EXCEPT = re.compile(r"^\s*,?\s*(?:menos|excepto|salvo|quitando|que no sean?)\b[^,;.]*", re.IGNORECASE)
_AND = re.compile(r"\s+y\s+(?:(?:en|de|a|para|sobre)\s+)?(?:(?:la|el|los|las)\s+)?(?:de\s+)?", re.IGNORECASE)
_ARTICLES = re.compile(
    r"^(?:(?:la|el|los|las|lo|de|del|a|en|mi|mis|sus?|facturas|recibos|contratos|y|comunidades)\s+)+", re.IGNORECASE
)
_ONLY_FOR = (
    r"(?:(?:(?:s[oó]lo|solamente|[uú]nicamente|nom[eé]s|exclusivamente|limitad[oa]s?|restringid[oa]s?)\s+)"
    r"(?:(?:que\s+)?(?:pueda\s+)?(?:vea|ver|lleve|consulte|gestione|mire)\s+)?"
    r"(?:(?:para|en|a|al|de|sobre|con|lo\s+de|las\s+facturas\s+de|las\s+de)\s+)?)"
)
_NO_CLIENTS = frozenset(
    (
        "cliente",
        "clienta",
        "sr",
        "sra",
        "senor",
        "senora",
        "don",
        "dona",
        "dna",
        "titular",
        "empresa",
        "cp",
        "gestoria",
        "asesoria",
    )
)
_CLIENT_END = (
    r"(?=\s*(?:[,;()?!|]|\.(?:\s|$)|$|\s(?:hasta|nada m[aá]s|con|que|durante|y (?:que|su|el (?:correo|nif|dni)))\b))"
)


def read_authorization(text: str, today: date, *, expected: Part | None = None) -> Authorization:
    """What a sentence says of an authorization. Never raises; only the first 600 characters are read.

    `expected` is the part that was asked for: then a number without its letter, or a single word, is taken for it.
    """
    rest = Rest(text[:LONGEST_TEXT])
    asks_how = _ASKS.search(rest.text) is not None
    is_question = asks_how or "?" in rest.text or "¿" in rest.text
    email = _take_email(rest)
    identifier, kind, problem = _take_identifier(rest, expected is Part.IDENTIFIER)
    may_authorize, manager_kind = _take_power(rest), _take_manager(rest)
    last_day = find_last_day(rest.text, today, expected=expected is Part.UNTIL)
    rest.take(last_day.start, last_day.end)
    clients, all_clients, unclear = _take_clients(rest, expected is Part.CLIENTS)
    role = _take_role(rest)
    name = NOBODY if expected is Part.CLIENTS and clients else find_name(rest.text, expected=expected is Part.NAME)
    return Authorization(
        name=name,
        identifier=identifier,
        kind=kind,
        problem=problem,
        email=email,
        role=role,
        until=last_day.day,
        is_endless=last_day.is_endless,
        clients=clients,
        all_clients=all_clients,
        unreadable=_unreadable(last_day, unclear),
        is_question=is_question,
        may_authorize=may_authorize,
        manager_kind=manager_kind,
        asks_how=asks_how,
        stands_alone=_stands_alone(rest.text, name),
    )


@dataclass(frozen=True, slots=True)
class Meant:
    """What may say which contact is meant, the likeliest first; `is_sure`: the first is surely said of a person."""

    words: tuple[str, ...] = ()
    is_sure: bool = False


def contact_meant(text: str, today: date) -> Meant:
    """The identifier or the name of a contact; single words in small letters too, which may be anything."""
    rest = Rest(text[:LONGEST_TEXT])
    _take_email(rest)
    identifier, _, _ = _take_identifier(rest, expected=False)
    if identifier:
        return Meant((identifier,), True)
    _take_power(rest)
    _take_manager(rest)
    last_day = find_last_day(rest.text, today)
    rest.take(last_day.start, last_day.end)
    _take_clients(rest, expected=False)
    _take_role(rest)
    name = find_name(rest.text).whole
    return Meant((name,), True) if name else Meant(tuple(possible_names(rest.text)))


def _take_email(rest: Rest) -> str:
    found = find_mailbox(rest.text)
    if found is None:
        return ""
    rest.take(found.start, found.end)
    return found.address


def _take_power(rest: Rest) -> bool | None:
    found = find_power(rest.text)
    if found is None:
        return None
    rest.take(found.start, found.end)
    return found.may_authorize


def _take_manager(rest: Rest) -> ManagerKind | None:
    kind, spans = find_manager(rest.text)
    for span in spans:
        rest.take(*span)
    return kind


def _take_identifier(rest: Rest, expected: bool) -> tuple[str, Kind | None, Problem | None]:
    """The first that can be a person's; a company's counts where there is no other."""
    found = [one for one in find_identifiers(rest.text, expected=expected) if one.kind not in (Kind.CUPS, Kind.IBAN)]
    for one in found:
        rest.take(one.start, one.end)
    if not found:
        return "", None, None
    best = min(found, key=lambda one: (not one.kind.is_person, one.problem is not None))
    return best.value, best.kind, best.problem


def _take_role(rest: Rest) -> Role | None:
    """The role that is said; None also where both are ("de total o de lectura")."""
    changed = _FROM_TO.search(rest.text)
    if changed:
        rest.take(*changed.span())
        return Role.FULL if re.search(r"total|tramitar", changed["to"], re.IGNORECASE) else Role.READ_ONLY
    both = _FULL.search(rest.text) and _READ.search(rest.text)
    if both:
        rest.taken(_INSTEAD)
    reads = rest.taken(_READ)
    fully = rest.taken(_FULL)
    if reads != fully:
        return Role.READ_ONLY if reads else Role.FULL
    return Role.READ_ONLY if rest.taken(_LOOK) and not reads else None


def _take_clients(rest: Rest, expected: bool) -> tuple[tuple[str, ...], bool, bool]:
    """The names of clients, whether all are meant, and whether it is said in a way that is not understood."""
    everything = _ALL_CLIENTS.search(rest.text)
    if everything:
        but = _EXCEPT.match(rest.text[everything.end() :])
        rest.take(everything.start(), everything.end() + (but.end() if but else 0))
        return (), but is None, but is not None
    found = _client_pattern().search(rest.text)
    if found is None and expected and not re.search(r"^\W*(?:no|s[ií])(?!\w)", rest.text, re.IGNORECASE):
        written = _ARTICLES.sub("", rest.text.replace("|", " ").strip(" .,;"))
        return ((written,) if re.search(r"\w", written) else ()), plain(written) in ("todos", "todas", "todo"), False
    if found is None:
        return (), False, False
    rest.take(found.start("clients"), found.end())
    names = [_ARTICLES.sub("", name).strip() for name in _AND.split(found["clients"])]
    kind = names[0].split()[0] if names[0].split() else ""
    whole = [name if at == 0 or len(name.split()) > 1 else f"{kind} {name}" for at, name in enumerate(names) if name]
    return tuple(dict.fromkeys(whole)), False, False


_CLIENT: list[re.Pattern[str]] = []


def _client_pattern() -> re.Pattern[str]:
    """A client begins with a word such as "comunidad" or "talleres", or follows "solo para"."""
    if not _CLIENT:
        cues = "|".join(
            sorted(map(_accented, (vocabulary().name_cues | vocabulary().streets) - _NO_CLIENTS), key=len, reverse=True)
        )
        place = r"(?:en |de |a |para |por |sobre |con )?(?:(?:la|el|los|las|lo|mi|del?) )*"
        named = rf"(?:{_ONLY_FOR})?{place}\b(?P<clients>(?:{cues}) (?!que\b|nada\b|\|)[^,;|()?!\n]+?)"
        _CLIENT.append(re.compile(rf"(?<!\w){named}{_CLIENT_END}", re.IGNORECASE))
    return _CLIENT[0]


def _accented(word: str) -> str:
    """A pattern for a plain word however its vowels are accented."""
    accents = {"a": "[aá]", "e": "[eé]", "i": "[ií]", "o": "[oó]", "u": "[uúü]", "n": "[nñ]"}
    return "".join(accents.get(letter, re.escape(letter)) for letter in word)


def _stands_alone(rest: str, name: Name) -> bool:
    named = {plain(word) for word in _WORD.findall(name.whole)}
    left = {plain(word) for word in _WORD.findall(rest)} - named
    return all(word in vocabulary().glue or word in vocabulary().politeness for word in left)


def _unreadable(last_day: LastDay, clients_unclear: bool) -> frozenset[Part]:
    parts = ((Part.UNTIL, last_day.is_unreadable), (Part.CLIENTS, clients_unclear))
    return frozenset(part for part, is_said in parts if is_said)
