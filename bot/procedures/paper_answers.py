"""What a typed answer to "¿qué papel es?" means: one of the papers that were offered, none of them, different ones, away with it.

Plain rules on words, with their slips; nothing is looked up. A paper is known by its title and by what serves for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache
from itertools import chain

from rapidfuzz import fuzz

from bot.accounts.model import searchable
from bot.identity.identifiers import find_identifiers
from bot.procedures.checklists import papers_of
from bot.procedures.model import Kind
from bot.procedures.papers import Place
from bot.procedures.wording import kind_name

LONGEST = 100
ALIKE = 80
SHORTEST_MISSPELT = 5
END_OF_KEY = 4
_OF_THE_TITLE, _OF_THE_KEY = 3, 9
_SMALL = frozenset(
    [
        "a",
        "al",
        "con",
        "de",
        "del",
        "el",
        "en",
        "es",
        "esa",
        "ese",
        "eso",
        "esta",
        "este",
        "esto",
        "este",
        "ha",
        "la",
        "las",
        "le",
        "les",
        "lo",
        "los",
        "mi",
        "o",
        "para",
        "por",
        "que",
        "se",
        "ser",
        "son",
        "su",
        "un",
        "una",
        "y",
        "yo",
        "creo",
        "seria",
        "pues",
        "vale",
        "nombre",
        "si",
    ]
)
_PLACES = {
    **dict.fromkeys(("1", "primero", "primera", "uno"), 1),
    **dict.fromkeys(("2", "segundo", "segunda", "dos"), 2),
    **dict.fromkeys(("3", "tercero", "tercera", "tres"), 3),
    **dict.fromkeys(("4", "cuarto", "cuarta", "cuatro"), 4),
    **dict.fromkeys(("ultimo", "ultima"), -1),
}
_AT_PLACE = re.compile(
    r"(?:(?:pues|vale|creo que|es|son|el|la|los|las|numero|opcion|de)\s+)*(\w+)(?: (?:opcion|de ellas|de ellos))?"
)
_NONE = re.compile(r"\b(?:ningun[oa]?|nada de (?:eso|esto)|otra cosa|otro papel)\b")
_DIFFER = re.compile(r"\b(?:distint[oa]s|diferentes|cada un[oa]|no son l[oa] mism[oa])\b")
_DELETE = re.compile(
    r"\b(?:borr(?:al[oa]s?|ar(?:l[oa]s?)?)|elimin(?:al[oa]s?|ar(?:l[oa]s?)?)|quital[oa]s?|descartal[oa]s?)\b"
)
_CARD = re.compile(r"\b(?:dni|nie|pasaporte|carnet?|documento (?:nacional )?de identidad)\b")
_WISH = re.compile(
    r"[?¿]|^\W*(?:como|que|cual|cuando|donde|por ?que|quien|quiero|quisiera|necesito|tengo que|puedo|hay que|me gustaria|mi[sr]?|ver"
    r"|autoriza|cambia|anula|cancela|reclama)\b"
)


class Meant(StrEnum):
    """What an answer means that names no paper of those that were offered."""

    NONE = "none"
    DIFFER = "differ"
    DELETE = "delete"
    IDENTITY_CARD = "identity_card"
    UNCLEAR = "unclear"


def may_answer(text: str) -> bool:
    """Whether a message could answer the question at all; what asks or wants something, or names somebody, does not."""
    said = searchable(text)
    if (
        "@" in text
        or find_identifiers(text)
        or len(text) > LONGEST
        or _WISH.search(text.casefold())
        or _WISH.search(said)
    ):
        return False
    return _special(said) is not None or _place_said(said) is not None or any(_like(said.split(), _vocabulary()))


def answer_meant(text: str, places: Sequence[Place]) -> Place | Meant:
    """The one that fits best of the papers that were offered, in the order of the buttons, else what is meant."""
    said = searchable(text)
    special = _special(said)
    if special is not None:
        return special
    at = _place_said(said)
    if at is not None:
        return places[at - 1 if at > 0 else at] if -len(places) <= at <= len(places) else Meant.UNCLEAR
    scored = sorted(((_score(said.split(), place), index) for index, place in enumerate(places)), reverse=True)
    if not scored or not scored[0][0] or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return Meant.UNCLEAR
    return places[scored[0][1]]


def _special(said: str) -> Meant | None:
    forms = ((_NONE, Meant.NONE), (_DIFFER, Meant.DIFFER), (_DELETE, Meant.DELETE), (_CARD, Meant.IDENTITY_CARD))
    return next((meant for form, meant in forms if form.search(said)), None)


def _place_said(said: str) -> int | None:
    found = _AT_PLACE.fullmatch(said)
    return _PLACES.get(found[1]) if found else None


def _score(said: Sequence[str], place: Place) -> int:
    title = _words([place.paper.title])
    others = _words([*place.paper.accepted, kind_name(place.procedure.kind)]) - title
    key = place.procedure.tracking_key[-END_OF_KEY:].casefold()
    return _OF_THE_TITLE * sum(_like(said, title)) + sum(_like(said, others)) + _OF_THE_KEY * (key in said)


def _like(said: Iterable[str], words: frozenset[str]) -> list[bool]:
    """Of each word that counts, whether it is one of these, a slip or two allowed in long ones."""
    return [
        word in words or (len(word) >= SHORTEST_MISSPELT and any(fuzz.ratio(word, other) >= ALIKE for other in words))
        for word in said
        if word not in _SMALL
    ]


def _words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(chain.from_iterable(searchable(text).split() for text in texts)) - _SMALL


@cache
def _vocabulary() -> frozenset[str]:
    """The words of every paper's title and of what serves for it."""
    papers = [paper for kind in Kind for paper in papers_of(kind)]
    return _words(chain.from_iterable([paper.title, *paper.accepted] for paper in papers))
