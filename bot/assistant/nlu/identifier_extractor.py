"""The identifiers of a message as Rasa entities."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.identity.identifiers import Identifier, find_identifiers

ENTITY = "identifier"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class IdentifierExtractor(GraphComponent, EntityExtractorMixin):
    """Adds an entity for each identifier: `value` normalised, `kind`, and `problem` when it is not valid."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "IdentifierExtractor":
        """Build the component; it has nothing to configure or to load."""
        del config, model_storage, resource, execution_context  # Rasa passes them by name
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Extends the messages in place, as Rasa's own extractors do; messages without text stay as they are."""
        for message in messages:
            found = find_identifiers(message.get(TEXT) or "")
            if found:
                entities = self.add_extractor_name([_entity(identifier) for identifier in found])
                message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages


def _entity(identifier: Identifier) -> dict[str, Any]:
    return {
        "entity": ENTITY,
        "value": identifier.value,
        "kind": str(identifier.kind),
        "problem": str(identifier.problem) if identifier.problem else None,
        "start": identifier.start,
        "end": identifier.end,
        "confidence_entity": 1.0,
    }
