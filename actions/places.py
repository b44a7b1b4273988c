"""Places in a list that was shown: "la segunda", "la 8" on its second page, "la última"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def at_place(ids: Iterable[int], ordinals: Sequence[int], offset: int = 0) -> int | None:
    """The id at the place that is said first; None where none is said or nothing stands there.

    Places count from 1 and on over the pages of a list, of which `offset` rows were shown before these; negative ones
    count from the end.
    """
    rows = list(ids)
    place = ordinals[0] if ordinals else 0
    if place > offset:
        place -= offset
    if place == 0 or not -len(rows) <= place <= len(rows):
        return None
    return rows[place - 1 if place > 0 else place]
