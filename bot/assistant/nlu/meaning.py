"""How near in meaning a message is to each training example."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.assistant.nlu.encoder import SentenceEncoder

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

KEPT_DIMENSIONS = 256  # of 512; the rest holds no information about our topics (docs/adr/0004)
FAMILIAR_PIECES = 500
STEEPNESS = np.float32(1.4)
WEIGHT = np.float32(2.0)  # against 1 for words and characters


def _of_length_one(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


class MeaningSpace:
    """`mean` (512,), `directions` (512, k): the main directions; `examples` (n, k): the training examples in them.

    `familiar`: the most frequent pieces of the examples, prepared when the model is read.
    """

    def __init__(
        self, encoder: SentenceEncoder, mean: Floats, directions: Floats, examples: Floats, familiar: Rows
    ) -> None:
        self.encoder = encoder
        self.mean, self.directions, self.examples, self.familiar = mean, directions, examples, familiar
        encoder.make_familiar(familiar)

    @classmethod
    def learn(cls, encoder: SentenceEncoder, lines: Sequence[str]) -> "MeaningSpace":
        """The main directions of the training lines, which are plain."""
        vectors = encoder.encode_all(lines)
        mean = vectors.mean(axis=0)
        centred = _of_length_one(vectors - mean)
        _, directions = np.linalg.eigh(centred.T @ centred)
        kept = np.ascontiguousarray(directions[:, -KEPT_DIMENSIONS:], dtype=np.float32)
        seen = Counter(row for line in encoder.cut_all(lines) for row in line)
        familiar = np.array([row for row, _ in seen.most_common(FAMILIAR_PIECES)], dtype=np.int64)
        return cls(encoder, mean, kept, _of_length_one(centred @ kept), familiar)

    def nearness(self, line: str) -> Floats:
        """Similarity (n,) of a plain line to each example, from 0 to `WEIGHT`."""
        vector = _of_length_one((self.encoder.encode(line) - self.mean) @ self.directions)
        return self._bent(self.examples @ vector)

    def kernel(self) -> Floats:
        """Similarity (n, n) of the examples to each other."""
        return self._bent(self.examples @ self.examples.T)

    @staticmethod
    def _bent(cosines: Floats) -> Floats:
        return np.asarray(WEIGHT * np.exp(STEEPNESS * (cosines - np.float32(1))), dtype=np.float32)
