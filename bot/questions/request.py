"""Reads a message for a request in writing: identifiers, name and e-mail, and how much of it is somebody's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.identity.email_addresses import is_email
from bot.identity.identifiers import Identifier, find_identifiers
from bot.identity.identifiers import Kind as IdentifierKind
from bot.procedures.model import Kind
from bot.questions.authorization import Part, read_authorization
from bot.questions.vocabulary import plain, vocabulary

WORDS = Path(__file__).with_name("request_words.yml")
FEWEST_OWN_WORDS = 4
"""What is left of a message without the wish to complain or to ask says something from so many words on."""
SHORT_WORDS, LONGEST_QUESTION = 6, 10

_WORD = re.compile(r"[^\W_]+")
_SLIPS_OF_LENGTH = ((7, 2), (5, 1))
"""(letters from which on, slips that are forgiven), for what is misspelt in a hurry."""
_HOW = re.compile(
    r"\b(?:como|donde|cuando|cuanto|cuantos|quien|puedo|se puede|hay que|tengo que|que (?:plazo|pasa|necesito)|telefono|formulario"
    r"|libro|hoja|how|where|on|com)\b"
)
_KINDS = (
    (Kind.COMPLAINT, re.compile(r"\breclam\w*|\bquej\w*")),
    (Kind.QUESTION, re.compile(r"\bpregunta\w*|\bconsulta\b|\bduda\b")),
    (Kind.REGISTRATION_UPDATE, re.compile(r"\bcif\b|\bregistro\b|\bactualizaci\w+")),
    (Kind.REPRESENTATIVE_CHANGE, re.compile(r"\brepresentante\b")),
    (Kind.EXTERNAL_MANAGER, re.compile(r"\bgestor\b")),
    (Kind.CLIENT_ASSIGNMENT, re.compile(r"\basigna\w*")),
)
_WANTS = re.compile(
    r"(?:(?:bueno|vale|oye|mejor|antes|primero|espera|ahora|perdona|no|hola|a ver|por favor)\s+)*"
    r"(?:ensena|muestra|dame|dime|quiero ver|quiero saber|ver|abre|descarga|busca|pon|autoriza|lista|entrar|ayuda|mis \w+(?: \w+)?$)"
)
_CALLS_OFF = re.compile(
    r"(?:(?:no|bueno|mejor|al final|pues|vale|ya|espera|perdona)\s+)*"
    r"(?:dejal[ao]|dejemosl[ao]|olvidal[ao]|(?:anul|cancel|borr|retir|elimin)al[ao]|no l[ao] (?:mandes|envies|pongas|hagas|quiero (?:mandar|enviar|poner))"
    r"|no (?:mandes|envies|hagas) nada|nada|no quiero (?:reclamar|seguir|enviarl[ao]|mandarl[ao])|mejor no)"
    r"(?:\s+(?:estar|por favor|porfa|gracias|nada|ya|no l[ao] (?:mandes|envies)|mejor no))*"
)
_LEADS_TO = re.compile(
    r"^\s*(?:y\s+)?(?:añade|anade|añadir|agrega|pon)\s+(?:tambi[eé]n\s+)?(?:que\s+|:\s*)", re.IGNORECASE
)
_ADDS = re.compile(
    r"(?:no |si |vale )?(?:y |ah |ademas|tambien|aparte|anade|anadir|agrega|pon que|pon tambien|falta|quiero anadir)"
)
_CANCELS = re.compile(
    r"\b(?:anula|anular|cancela|cancelar|retira|retirar|elimina|eliminar|borra|borrar|quita|quitar|desisto|desistir)"
    r"(?:me|la|las|lo|mela)?\b"
)
_SEND = re.compile(
    r"(?:si |vale |ok |okey |venga |pues |ya )*(?:si|vale|ok|okey|claro|correcto|perfecto|adelante|de acuerdo|confirmo|confirmar"
    r"|confirmado|envia(?:la|lo|selo|r)?|manda(?:la|lo|selo|r)?|hazlo|asi esta bien|esta bien|esta bien asi|todo bien|eso es|exacto)"
    r"(?: (?:por favor|porfa|gracias|ya|asi|todo|envia(?:la|lo)|manda(?:la|lo)|adelante|confirmo|esta bien|es correcto|correcto))*"
)


@dataclass(frozen=True, slots=True)
class Request:
    """A message as data; what is empty or None was not said.

    `identifier` is a person's, `cif` a company's, both valid; `wrong` is the first that cannot be right. `own_words`
    counts the words besides the wish itself, identifiers and e-mail.
    """

    identifier: str = ""
    cif: str = ""
    wrong: Identifier | None = None
    name: str = ""
    email: str = ""
    has_wrong_email: bool = False
    own_words: int = 0
    asks_how: bool = False

    @property
    def has_own_words(self) -> bool:
        """Whether somebody tells what happened, not only that they want to."""
        return self.own_words >= FEWEST_OWN_WORDS


def read_request(text: str, today: date, *, expects_identifier: bool = False, expects_name: bool = False) -> Request:
    """What a message brings. Never raises. What was asked for is taken also where its form alone says little."""
    found = find_identifiers(text, expected=expects_identifier)
    good = [one for one in found if one.problem is None]
    said = read_authorization(text, today, expected=Part.NAME if expects_name else None)
    email = said.email if is_email(said.email) else ""
    return Request(
        identifier=next((one.value for one in good if one.kind.is_person), ""),
        cif=next((one.value for one in good if one.kind is IdentifierKind.CIF), ""),
        wrong=next((one for one in found if one.problem or not _is_of_somebody(one)), None),
        name=said.name.whole,
        email=email.lower(),
        has_wrong_email=bool(said.email) and not email,
        own_words=_own_words(text, [one.value for one in found], said.email),
        asks_how=_asks_how(text),
    )


def kinds_meant(text: str) -> list[Kind]:
    """The kinds of request that a message names: "anula la reclamación"."""
    words = plain(text)
    return [kind for kind, cue in _KINDS if cue.search(words)]


def is_about_cancelling(text: str) -> bool:
    """Whether a message about a procedure wants it to end: "anúlala"."""
    return _CANCELS.search(plain(text)) is not None


def is_short_question(text: str) -> bool:
    """Whether a message is a question of a line, which is asked of who reads it."""
    return "?" in text and word_count(text) <= LONGEST_QUESTION


def asks_for_something(text: str) -> bool:
    """Whether a message wants something of the assistant: "enséñame mis facturas", "mis contratos"."""
    words = _spaced(text)
    return _WANTS.match(words) is not None and word_count(text) <= LONGEST_QUESTION


def adds_something(text: str) -> bool:
    """Whether a message says by its first word that it goes on with what was told before: "también la de febrero"."""
    return _ADDS.match(_spaced(text)) is not None


def is_called_off(text: str) -> bool:
    """Whether a message says nothing but that it is not to be done: "bueno, déjalo, no la mandes"."""
    return _CALLS_OFF.fullmatch(_spaced(text)) is not None


def own_text(text: str) -> str:
    """What somebody wants to be written down: "añade que también febrero" → "también febrero"."""
    return _LEADS_TO.sub("", text).strip() or text


def is_go_ahead(text: str) -> bool:
    """Whether a message says nothing but that what was shown is to be done: "sí", "vale, envíala"."""
    return _SEND.fullmatch(_spaced(text)) is not None


def word_count(text: str) -> int:
    """How many words a message has."""
    return len(_WORD.findall(text))


def _is_of_somebody(found: Identifier) -> bool:
    return found.kind not in (IdentifierKind.CUPS, IdentifierKind.IBAN)


def _own_words(text: str, identifiers: list[str], email: str) -> int:
    """Small words count where something else is said between them."""
    rest = text.replace(email, " ") if email else text
    names = {value.lower() for value in identifiers}
    words = [word for word in _WORD.findall(plain(rest)) if word not in names | vocabulary().politeness]
    own = [word for word in words if not _is_wish(word)]
    return len(own) if any(word not in _words()["small"] for word in own) else 0


@cache
def _words() -> dict[str, list[str]]:
    written: dict[str, str] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return {name: words.split() for name, words in written.items()}


@lru_cache(maxsize=2000)
def _is_wish(word: str) -> bool:
    slips = next((slips for letters, slips in _SLIPS_OF_LENGTH if len(word) >= letters), 0)
    return process.extractOne(word, _words()["wish"], scorer=OSA.distance, score_cutoff=slips) is not None


def _asks_how(text: str) -> bool:
    words = _spaced(text)
    return ("?" in text or word_count(text) <= SHORT_WORDS) and _HOW.search(words) is not None


def _spaced(text: str) -> str:
    return " ".join(_WORD.findall(plain(text)))
