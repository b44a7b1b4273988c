"""The e-mail address in a sentence, also where it is spelt: "marta punto ruiz arroba ejemplo punto es"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\¿?¡!]+@[^\s@<>()\[\],;:\"\\¿?¡!]+")
_SPELT_EMAIL = re.compile(
    r"(?<![\w.])([\w-]+(?:(?:\.| punto )[\w-]+){0,3}) arroba ([\w-]+(?:(?:\.| punto )[\w-]+){1,3})(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address as it was meant, and where it stands in the text."""

    address: str
    start: int
    end: int


def find_mailbox(text: str) -> Mailbox | None:
    """The first address of a text."""
    found = _EMAIL.search(text)
    if found:
        return Mailbox(found[0].strip(".'’-"), *found.span())
    spelt = _SPELT_EMAIL.search(text)
    if spelt is None:
        return None
    local, domain = (re.sub(r" punto ", ".", part, flags=re.IGNORECASE) for part in spelt.groups())
    return Mailbox(f"{local}@{domain}", *spelt.span())
