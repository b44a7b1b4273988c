"""Least squares on topics, solved over examples, so that leave-one-out scores come for free."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class RidgeFit:
    """`duals` (examples, topics) weigh the examples; `held_out` has the score of each example by a fit without it."""

    duals: Floats
    held_out: Floats


def example_weights(labels: Labels) -> NDArray[np.float64]:
    """Weight of each example: rare topics weigh more (square root, so that few examples do not shout)."""
    counts = np.bincount(labels)
    return np.asarray(np.sqrt(counts[counts > 0].mean() / counts[labels]))


def fit_ridge(kernel: Floats, labels: Labels, topics: int, stiffness: float) -> RidgeFit:
    """Fit one-against-all targets; `kernel` (n, n) holds the dot products of the examples."""
    targets = np.eye(topics)[labels]
    system = kernel.astype(np.float64) + np.diag(stiffness / example_weights(labels))
    inverse = cho_solve(cho_factor(system), np.eye(len(labels)))
    duals = inverse @ targets
    held_out = targets - duals / np.diag(inverse)[:, None]
    return RidgeFit(duals.astype(np.float32), held_out.astype(np.float32))
