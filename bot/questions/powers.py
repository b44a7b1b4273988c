"""What a sentence says beyond a role: that somebody may authorize others, or which kind of external manager it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.accounts.model import ManagerKind

_OTHERS = (
    r"(?: (?:a )?(?:(?:m[aá]s|otr[oa]s?|nuev[oa]s?|terceras?|los|las|sus|mis|su|alguien)\b(?: (?:m[aá]s|personas?|gente|"
    r"compañer[oa]s?|colaborador(?:es|as)|contactos?|equipo|suy[oa]s|propi[oa]s|emplead[oa]s))*|gente|terceros|"
    r"compañer[oa]s|colaborador(?:es|as)|contactos))?"
)
_POWER = re.compile(
    r"(?:(?:,|\by\b|\bpara\b) ?)?(?:\bque )?(?:tambi[eé]n )?(?P<no>\b(?:ya )?no |\bsin )?(?:tambi[eé]n )?"
    r"(?P<how>\b(?:pueda|puede|podr[aá]|podr[ií]a|poder|deje de|"
    r"(?:con |el |la |sin )*(?:permisos?|derecho|facultad|potestad|capacidad)(?: para| de| a)))"
    r"(?: poder)? autorizar" + _OTHERS,
    re.IGNORECASE,
)
_TAKEN_AWAY = re.compile(r"\b(?:qu[ií]ta|ret[ií]ra|sin|deja(?:r)? sin)\w*\b", re.IGNORECASE)
_PROPERTY = re.compile(r"\badministrador(?:a|es|as)? de (?:las? )?(?:fincas|comunidades)\b", re.IGNORECASE)
_ENERGY = re.compile(
    r"\b(?:gestor(?:a|es|as)?|consultor(?:a|es|as)?|asesor(?:a|es|as)?) energ[eé]tic[oa]s?\b", re.IGNORECASE
)
_MANAGER = re.compile(
    r"(?:\b(?:de|como|es|un|una|a|al|mi|nuestr[oa]|el|la)\b ?)*"
    rf"(?:{_PROPERTY.pattern}|{_ENERGY.pattern}|\bgestor(?:a|es)? extern[oa]s?\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Power:
    """Whether somebody may authorize others, and where it is said."""

    may_authorize: bool
    start: int
    end: int


def find_power(text: str) -> Power | None:
    """What is said of authorizing others: "y que pueda autorizar a otros", "sin permiso para autorizar"."""
    found = _POWER.search(text)
    if found is None:
        return None
    is_denied = found["no"] or found["how"].casefold() == "deje de" or _TAKEN_AWAY.search(text[: found.end()])
    return Power(not is_denied, *found.span())


def find_manager(text: str) -> tuple[ManagerKind | None, list[tuple[int, int]]]:
    """The kind of external manager that is named, None where none or both are, and where managers are named at all."""
    is_energy, is_property = _ENERGY.search(text) is not None, _PROPERTY.search(text) is not None
    spans = [found.span() for found in _MANAGER.finditer(text)]
    if is_energy == is_property:
        return None, spans
    return (ManagerKind.ENERGY if is_energy else ManagerKind.PROPERTY), spans
