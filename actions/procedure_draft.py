"""What somebody asks for in writing in the chat: what is known of it so far, and what is asked next."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from bot.procedures.model import LONGEST_DATUM, Datum, Kind

DRAFT = "procedure_draft"
NOBODY = 0


class Part(StrEnum):
    """What a request consists of; CONFIRM: nothing is missing but the yes."""

    TEXT = "text"
    IDENTIFIER = "identifier"
    CIF = "cif"
    NAME = "name"
    EMAIL = "email"
    CONFIRM = "confirm"


_ASKED_FOR = {
    Kind.REGISTRATION_UPDATE: (Part.IDENTIFIER, Part.CIF, Part.NAME, Part.EMAIL),
    Kind.COMPLAINT: (Part.TEXT, Part.EMAIL),
    Kind.QUESTION: (Part.TEXT, Part.EMAIL),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A request of the person with that id, or of NOBODY who is signed in. All of it is JSON.

    `of_person` is who was signed in at any time since it was begun: it becomes nobody else's any more.
    `once` makes the yes open one procedure and no second one. `cancels` is the id of a procedure that is to be
    cancelled; then nothing else is asked. `email` stays empty where the person's own mailbox serves.
    """

    kind: str
    person: int = NOBODY
    of_person: int = NOBODY
    once: str = field(default_factory=lambda: secrets.token_hex(8))
    text: tuple[str, ...] = ()
    identifier: str = ""
    cif: str = ""
    name: str = ""
    email: str = ""
    client: int = 0
    cancels: int = 0

    @classmethod
    def of(cls, saved: object) -> Self | None:
        """The draft that a slot holds."""
        if not isinstance(saved, dict):
            return None
        return cls(**(saved | {"text": tuple(saved["text"])}))

    def as_json(self) -> dict[str, Any]:
        """What the slot holds."""
        return asdict(self)

    @property
    def asks(self) -> Part:
        """What is asked next."""
        if self.cancels:
            return Part.CONFIRM
        parts = _ASKED_FOR[Kind(self.kind)]
        return next((part for part in parts if self._lacks(part)), Part.CONFIRM)

    @property
    def takes_words(self) -> bool:
        """Whether it holds what somebody wants to say in their own words."""
        return not self.cancels and Part.TEXT in _ASKED_FOR[Kind(self.kind)]

    @property
    def words(self) -> str:
        """All that was said, a line a message."""
        return "\n".join(self.text)

    @property
    def data(self) -> dict[str, str]:
        """What is kept with the procedure."""
        collected = {
            Datum.TEXT: self.words,
            Datum.REPRESENTATIVE_IDENTIFIER: self.identifier,
            Datum.REPRESENTATIVE_NAME: self.name,
            Datum.AGENCY_IDENTIFIER: self.cif,
        }
        return {what.value: value for what, value in collected.items() if value}

    def with_words(self, words: str) -> Self | None:
        """The draft with one message more; None when it has no room."""
        more = replace(self, text=(*self.text, " ".join(words.split())))
        return more if len(more.words) <= LONGEST_DATUM else None

    def before(self) -> Self:
        """The draft without what was said last, as far as that is known: the last message, or the last part."""
        if self.text:
            return replace(self, text=self.text[:-1])
        parts = reversed(_ASKED_FOR[Kind(self.kind)])
        last = next((part for part in parts if getattr(self, part.value)), None)
        if last is None or self.cancels:
            return self
        forgotten: dict[str, Any] = {last.value: ""}
        return replace(self, **forgotten)

    def for_person(self, person: int) -> Self | None:
        """The draft for who is signed in now; None when it is somebody else's.

        What was begun without a sign-in goes on after it. After a session has ended one's own words stay, and nothing
        that came from the account.
        """
        if person == self.person:
            return replace(self, of_person=person or self.of_person)
        if person == NOBODY:
            owner = self.of_person or self.person
            return replace(self, person=NOBODY, of_person=owner, client=0) if self.takes_words else None
        if self.person == NOBODY and self.of_person in (NOBODY, person):
            return replace(self, person=person, of_person=person, email="")
        return None

    def _lacks(self, part: Part) -> bool:
        if part is Part.EMAIL:
            return self.person == NOBODY and not self.email
        return not getattr(self, part.value)
