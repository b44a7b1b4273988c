"""Least squares on topics, solved over the examples, so that leave-one-out scores come for free."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class RidgeFit:
    """`duals` (examples, topics) weigh the examples; `held_out` has each example's scores by a fit without it."""

    duals: Floats
    held_out: Floats


def fit_ridge(kernel: Floats, labels: Labels, topics: int, stiffness: float) -> RidgeFit:
    """Fit one target of 0 or 1 for each topic; `kernel` (n, n) holds the similarities of the examples.

    The scores without an example follow from the inverse of the whole system (Rifkin and Lippert, 2007).
    """
    targets = np.eye(topics, dtype=np.float32)[labels]
    identity = np.eye(len(labels), dtype=np.float32)
    factor = cho_factor(kernel + np.float32(stiffness) * identity, overwrite_a=True, check_finite=False)
    inverse = cho_solve(factor, identity, overwrite_b=True, check_finite=False)
    duals = inverse @ targets
    held_out = targets - duals / np.diag(inverse)[:, None]
    return RidgeFit(duals.astype(np.float32), held_out.astype(np.float32))
