"""Response texts with the company's data filled in: names, phones and mailboxes come from `company.yml`."""

from __future__ import annotations

from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.company import Company, read_company
from bot.settings import read_settings


class CompanyResponses(TemplatedNaturalLanguageGenerator):
    """Named in `endpoints.yml`. A value that an action passes goes before a slot, a slot before the company's data."""

    def __init__(
        self,
        endpoint_config: EndpointConfig | None = None,
        domain: Domain | None = None,
        company: Company | None = None,
    ) -> None:
        super().__init__(domain.responses if domain else {})
        self._company = company or read_company(read_settings().company_file)

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **values: Any
    ) -> dict[str, Any] | None:
        """One variation of a response, filled. None when the domain has no such response."""
        return self.fill(utter_action, {**tracker.current_slot_values(), **values})

    def fill(self, response: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """A response outside any dialogue."""
        filled: dict[str, Any] | None = self.generate_from_slots(response, {**self._company, **values}, "")
        return filled
