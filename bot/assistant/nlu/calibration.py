"""Probabilities that mean what they say, and levels of certainty, learnt from scores that were held out."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

NEVER = 2.0  # a level that no probability reaches


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


def level_of_agreement(quick: Floats, full: Floats, labels: Labels, allowed_loss: float) -> float:
    """Least certainty of `quick` from which it may answer alone.

    Both are held-out probabilities (n, topics). Answers of `full` that were right and are lost by not asking it may be
    `allowed_loss` of all examples. Returns NEVER when not even the surest example may go without.
    """
    order = np.argsort(-quick.max(axis=1), kind="stable")
    right_in_full = (full.argmax(axis=1) == labels)[order]
    right_in_quick = (quick.argmax(axis=1) == labels)[order]
    lost = np.maximum.accumulate(np.cumsum(right_in_full & ~right_in_quick))
    affordable = int(np.searchsorted(lost, allowed_loss * len(labels), side="right"))
    return NEVER if affordable == 0 else float(quick.max(axis=1)[order[affordable - 1]])


def calibration_error(certainty: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: mean distance between certainty and share of right answers, over equal bins."""
    places = np.minimum((certainty * bins).astype(int), bins - 1)
    gaps = [abs(certainty[places == b].mean() - right[places == b].mean()) * (places == b).sum() for b in set(places)]
    return float(sum(gaps) / max(len(certainty), 1))
