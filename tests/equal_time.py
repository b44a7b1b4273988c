"""Two kinds of questions take as long: medians of interleaved ones, held against what single ones scatter."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence

ROUNDS, ASKED_OF_EACH = 3, 200


def check_equal_time(ask: Callable[[bool, int], object]) -> None:
    """`ask(is_there, number)` asks about something that is there, or is not; numbers are new in every round.

    The medians of interleaved questions differ by less than 5 %, or than a quarter of what single ones scatter, which also a busy
    machine keeps, as both kinds are asked side by side. Three rounds may try: a real difference shows in each of them.
    """
    told = []
    for number in range(ROUNDS):
        known, unknown = _round(ask, number * ASKED_OF_EACH)
        medians = statistics.median(known), statistics.median(unknown)
        noise = max(0.05 * medians[0], quartile_distance([*known, *unknown]) / 4)
        told.append(f"there {medians[0]:.3f} ms, not there {medians[1]:.3f} ms, noise {noise:.3f} ms")
        if abs(medians[0] - medians[1]) < noise:
            break
    sys.stdout.write("\n".join(["", *told, ""]))
    assert abs(medians[0] - medians[1]) < noise, told


def _round(ask: Callable[[bool, int], object], first: int) -> tuple[list[float], list[float]]:
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(first, first + ASKED_OF_EACH):
        for is_there in (True, False) if number % 2 else (False, True):
            began = time.perf_counter()
            ask(is_there, number)
            took[is_there].append(1000 * (time.perf_counter() - began))
    return took[True], took[False]


def quartile_distance(values: Sequence[float]) -> float:
    quartiles = statistics.quantiles(values, n=4)
    return quartiles[2] - quartiles[0]
