"""What the topic classifier has learnt: a quick look at the words, and a full look at the meaning too where that pays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.assistant.nlu.calibration import fitted_sharpness, level_of_agreement, softmax
from bot.assistant.nlu.encoder import encoder_from_package
from bot.assistant.nlu.features import SparseFeatures, SparseRow
from bot.assistant.nlu.meaning import MeaningSpace
from bot.assistant.nlu.ridge import RidgeFit, fit_ridge
from bot.assistant.nlu.text import plain

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


class TopicProbability(NamedTuple):
    """A candidate."""

    name: str
    probability: float


@dataclass(frozen=True)
class WordHead:
    """`weights` (features, topics), kept as halves once trained; `sharpness` turns the scores into probabilities."""

    weights: Floats
    sharpness: float

    def scores(self, row: SparseRow) -> Floats:
        """Score of each topic, shape (topics,)."""
        return np.asarray(row.values @ self.weights[row.columns].astype(np.float32))

    def probabilities(self, row: SparseRow) -> Floats:
        """Probability of each topic, by the words alone."""
        return softmax(self.scores(row) * np.float32(self.sharpness))


@dataclass(frozen=True)
class HeldOut:
    """Probabilities (n, topics) of the training examples by fits that had not seen them, and their labels."""

    quick: Floats
    full: Floats
    labels: Labels

    def served(self, sure: float) -> Floats:
        """What the model answers: `quick` where it is sure, else `full`."""
        return np.where(self.quick.max(axis=1, keepdims=True) >= sure, self.quick, self.full)


@dataclass(frozen=True)
class TopicModel:
    """`quick` answers alone from the probability `sure` on; else `full` and `meaning_duals` (examples, topics) add up."""

    topics: list[str]
    features: SparseFeatures
    quick: WordHead
    full: WordHead
    meaning: MeaningSpace
    meaning_duals: Floats
    sure: float

    def probabilities(self, text: str) -> Floats:
        """Probability of each topic, in the order of `topics`."""
        row = self.features.row(text)
        quick = self.quick.probabilities(row)
        return quick if float(quick.max()) >= self.sure else self._full_probabilities(row, plain(text))

    def _full_probabilities(self, row: SparseRow, line: str) -> Floats:
        scores = self.full.scores(row) + self.meaning.nearness(line) @ self.meaning_duals
        return softmax(scores * np.float32(self.full.sharpness))

    def ranking(self, text: str) -> list[TopicProbability]:
        """All topics, the likeliest first."""
        probabilities = self.probabilities(text)
        order = np.argsort(-probabilities, kind="stable")
        return [TopicProbability(self.topics[topic], float(probabilities[topic])) for topic in order]


class Training(NamedTuple):
    """A model and what it said about its own examples while they were held out."""

    model: TopicModel
    held_out: HeldOut


def train(examples: Sequence[tuple[str, str]], stiffness: float, allowed_loss: float) -> Training:
    """Learn from (text, topic) pairs. Raises ValueError when there are fewer than two topics.

    `allowed_loss`: share of answers that may get worse because the words alone decided.
    """
    topics = sorted({topic for _, topic in examples})
    if len(topics) < 2:
        raise ValueError("The training data has fewer than two topics.")
    texts = [text for text, _ in examples]
    place = {topic: index for index, topic in enumerate(topics)}
    labels = np.array([place[topic] for _, topic in examples])
    features = SparseFeatures.learn(texts)
    rows = features.matrix(texts)
    word_kernel = (rows @ rows.T).toarray()
    meaning = MeaningSpace.learn(encoder_from_package(), [plain(text) for text in texts])
    quick_fit = fit_ridge(word_kernel.copy(), labels, len(topics), stiffness)
    full_fit = fit_ridge(word_kernel + meaning.kernel(), labels, len(topics), stiffness)
    quick, quick_held_out = _head(rows.T @ quick_fit.duals, quick_fit, labels)
    full, full_held_out = _head(rows.T @ full_fit.duals, full_fit, labels)
    sure = level_of_agreement(quick_held_out, full_held_out, labels, allowed_loss)
    model = TopicModel(topics, features, quick, full, meaning, full_fit.duals, sure)
    return Training(model, HeldOut(quick_held_out, full_held_out, labels))


def _head(weights: Floats, fit: RidgeFit, labels: Labels) -> tuple[WordHead, Floats]:
    """A head with calibrated probabilities, and the probabilities of the examples while they were held out."""
    sharpness = fitted_sharpness(fit.held_out, labels)
    head = WordHead(np.asarray(weights, dtype=np.float32), sharpness)
    return head, softmax(fit.held_out * np.float32(sharpness))
