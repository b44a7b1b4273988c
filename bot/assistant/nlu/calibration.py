"""Probabilities that mean what they say, learnt from scores of examples that were held out."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


def softmax(scores: Floats) -> Floats:
    """Probabilities along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def log_loss(probabilities: Floats, labels: Labels) -> float:
    """Mean of −log of what the true label was given."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(given, 1e-9)).mean())


def fitted_sharpness(held_out_scores: Floats, labels: Labels) -> float:
    """The factor on (n, topics) held-out scores under which their softmax is calibrated best."""

    def loss(logarithm: float) -> float:
        return log_loss(softmax(held_out_scores * np.float32(np.exp(logarithm))), labels)

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 5.0), method="bounded").x))
