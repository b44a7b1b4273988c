"""The Rasa component that tells what a message is about."""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.assistant.nlu.model_files import read_model, write_model
from bot.assistant.nlu.topic_model import TopicModel, TopicProbability, train


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent, IntentClassifier):
    """Sets `intent` and `intent_ranking`; `nlu_fallback` when no topic is likely enough."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threshold`: least probability of a topic that is answered; `ranking_length`: candidates that are kept."""
        return {"threshold": 0.35, "ranking_length": 10, "stiffness": 0.2, "allowed_loss": 0.005}

    @staticmethod
    def required_packages() -> list[str]:
        """Nothing that Rasa could look for by its distribution name."""
        return []

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: TopicModel | None = None
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TopicClassifier":
        """A component that has learnt nothing yet."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TopicClassifier":
        """The component as it was trained. Raises ValueError when the model archive does not hold it."""
        with model_storage.read_from(resource) as directory:
            return cls(config, model_storage, resource, read_model(directory))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples that have a text and an intent."""
        examples = [(str(m.get(TEXT)), str(m.get(INTENT))) for m in training_data.intent_examples if m.get(TEXT)]
        self._model = train(examples, self._config["stiffness"], self._config["allowed_loss"]).model
        with self._model_storage.write_to(self._resource) as directory:
            write_model(self._model, directory)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing after this component learns from its predictions."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the topic of each message and the ranking of its candidates."""
        for message in messages:
            ranking = self._ranking(str(message.get(TEXT) or ""))
            message.set(INTENT, self._decision(ranking), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def _ranking(self, text: str) -> list[dict[str, Any]]:
        """The likeliest topics, best first; none for a text without letters or digits."""
        if self._model is None or not any(map(str.isalnum, text)):
            return []
        return [_as_intent(topic) for topic in self._model.ranking(text)[: self._config["ranking_length"]]]

    def _decision(self, ranking: list[dict[str, Any]]) -> dict[str, Any]:
        """The first of the ranking where it is likely enough."""
        if ranking and ranking[0][PREDICTED_CONFIDENCE_KEY] >= self._config["threshold"]:
            return ranking[0]
        doubt = 1.0 - ranking[0][PREDICTED_CONFIDENCE_KEY] if ranking else 1.0
        return {INTENT_NAME_KEY: DEFAULT_NLU_FALLBACK_INTENT_NAME, PREDICTED_CONFIDENCE_KEY: doubt}


def _as_intent(topic: TopicProbability) -> dict[str, Any]:
    return {INTENT_NAME_KEY: topic.name, PREDICTED_CONFIDENCE_KEY: topic.probability}
