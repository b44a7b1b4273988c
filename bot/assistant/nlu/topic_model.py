"""What the topic classifier has learnt: features, one weight per feature and topic, and how sharp its scores are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.assistant.nlu.calibration import fitted_sharpness, softmax
from bot.assistant.nlu.features import SparseFeatures
from bot.assistant.nlu.ridge import fit_ridge

Floats = NDArray[np.float32]

_NAMES_FILE = "topic_model.json"
_NUMBERS_FILE = "topic_model.npz"


class TopicProbability(NamedTuple):
    """A candidate."""

    name: str
    probability: float


@dataclass(frozen=True)
class TopicModel:
    """`weights` has the shape (features, topics)."""

    topics: list[str]
    features: SparseFeatures
    weights: Floats
    sharpness: float

    @classmethod
    def train(cls, examples: Sequence[tuple[str, str]], stiffness: float) -> "TopicModel":
        """Learn from (text, topic) pairs. Raises ValueError when there are fewer than two topics."""
        topics = sorted({topic for _, topic in examples})
        if len(topics) < 2:
            raise ValueError("The training data has fewer than two topics.")
        texts = [text for text, _ in examples]
        labels = np.array([topics.index(topic) for _, topic in examples])
        features = SparseFeatures.learn(texts)
        rows = features.matrix(texts)
        fit = fit_ridge((rows @ rows.T).toarray(), labels, len(topics), stiffness)
        weights = np.asarray(rows.T @ fit.duals, dtype=np.float32)
        return cls(topics, features, weights, fitted_sharpness(fit.held_out, labels))

    def probabilities(self, text: str) -> Floats:
        """Probability of each topic, in the order of `topics`."""
        row = self.features.row(text)
        return softmax(row.values @ self.weights[row.columns] * np.float32(self.sharpness))

    def ranking(self, text: str) -> list[TopicProbability]:
        """All topics, the likeliest first."""
        probabilities = self.probabilities(text)
        order = np.argsort(-probabilities, kind="stable")
        return [TopicProbability(self.topics[topic], float(probabilities[topic])) for topic in order]

    def write(self, directory: Path) -> None:
        """Two files: names as JSON, numbers as arrays (nothing that runs code when it is read)."""
        names = {"topics": self.topics, "features": self.features.names}
        (directory / _NAMES_FILE).write_text(json.dumps(names, ensure_ascii=False), "utf-8")
        np.savez(
            directory / _NUMBERS_FILE,
            idf=self.features.weights,
            weights=self.weights.astype(np.float16),
            sharpness=np.float32(self.sharpness),
        )

    @classmethod
    def read(cls, directory: Path) -> "TopicModel":
        """The model that `write` left in `directory`."""
        names = json.loads((directory / _NAMES_FILE).read_text("utf-8"))
        with np.load(directory / _NUMBERS_FILE, allow_pickle=False) as numbers:
            features = SparseFeatures(names["features"], numbers["idf"])
            weights = numbers["weights"].astype(np.float32)
            return cls(names["topics"], features, weights, float(numbers["sharpness"]))
