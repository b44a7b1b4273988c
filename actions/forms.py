"""The forms of the assistant: which slots each asks for and which it fills on the way."""

from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import ActiveLoop, SlotSet

REQUESTED_SLOT = "requested_slot"
FAILURES = "form_failures"
ALLOWED_FAILURES = 3
"""Bad answers after which a form gives up and a person is offered."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of domain.yml: the slots that it asks for, in order, and those derived from the answers."""

    name: str
    questions: tuple[str, ...]
    derived: tuple[str, ...] = ()

    def clear(self) -> list[dict[str, Any]]:
        """Events that forget every answer and every failure."""
        return [*self.clear_from(self.questions[0]), SlotSet(FAILURES, 0.0)]

    def clear_from(self, question: str) -> list[dict[str, Any]]:
        """Events that forget the answers from that question on, so that it is asked again."""
        asked_again = self.questions[self.questions.index(question) :]
        return [SlotSet(slot, None) for slot in (*asked_again, *self.derived)]

    def leave(self) -> list[dict[str, Any]]:
        """Events that end the form and forget its answers."""
        return [*self.clear(), SlotSet(REQUESTED_SLOT, None), ActiveLoop(None)]

    def question_before(self, question: str | None) -> str:
        """The question asked before that one; the first one has none before it and is its own answer."""
        place = self.questions.index(question) if question in self.questions else 0
        return self.questions[max(place - 1, 0)]


REGISTRATION_FORM = Form(
    name="registration_form",
    questions=("registration_identifier", "still_representative"),
    derived=("registration_kind",),
)
CONTACT_FORM = Form(
    name="contact_form",
    questions=("contact_next",),
    derived=("contact_draft", "proposal"),
)
"""Asks for what is missing of a new contact until the person says yes or no: its one question is never answered."""
PROCEDURE_FORM = Form(
    name="procedure_form",
    questions=("procedure_next",),
    derived=("procedure_draft",),
)
"""Collects a request in writing until the person says yes or no; its one question is never answered either."""
ASSIGNMENT_FORM = Form(
    name="assignment_form",
    questions=("assignment_next",),
    derived=("assignment_draft", "proposal"),
)
"""Asks for what is missing to ask for a client, as the form of contacts does."""
FORMS = {form.name: form for form in (REGISTRATION_FORM, CONTACT_FORM, PROCEDURE_FORM, ASSIGNMENT_FORM)}
