"""The identifier that a person types into a form of ours to say who they are."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from bot.identity.identifier_cues import folded
from bot.identity.identifiers import Identifier, find_identifiers
from bot.identity.persons import Person, person_by_identifier

_LONGEST = 60
_SEPARATORS = re.compile(r"[\W_]+")
_NUMBER_WITHOUT_LETTER = re.compile(r"[0-9]{7,8}")
_LABEL = re.compile(r"[\W_]*(?:(?:DNI|NIF|NIE|PASAPORTE|PASSPORT)[\W_]*)?")


def typed_identifier(text: str) -> Identifier | None:
    """The valid NIF, NIE or passport that is typed, dots and dashes allowed; None for a CIF, an e-mail address or a slip.

    A code of 6 to 9 letters and digits that looks like nothing else is a passport. One that looks like a NIF or a CIF
    counts as a passport when the word stands before it ("pasaporte G12345678").
    """
    if len(text) > _LONGEST or "@" in text:
        return None
    found = find_identifiers(text)
    if not found and not _NUMBER_WITHOUT_LETTER.fullmatch(_SEPARATORS.sub("", text)):
        text = f"pasaporte {text}"
        found = find_identifiers(text)
    if len(found) != 1 or found[0].problem is not None or not found[0].kind.is_person:
        return None
    rest = folded(text[: found[0].start]) + folded(text[found[0].end :])
    return found[0] if _LABEL.fullmatch(rest) else None


def person_of(connection: Connection, typed: Identifier) -> Person | None:
    """Whose identifier it is; the kind has to be the same: a passport's number may look like somebody's NIF."""
    person = person_by_identifier(connection, typed.value)
    return person if person is not None and person.kind is typed.kind else None
