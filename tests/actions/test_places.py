"""Where "la segunda" is, also on the second page of a list."""

from __future__ import annotations

import pytest

from actions.places import at_place


@pytest.mark.parametrize(
    ("ids", "ordinals", "offset", "chosen"),
    [
        ((7, 8, 9), (1,), 0, 7),
        ((7, 8, 9), (3, 1), 0, 9),
        ((7, 8, 9), (-1,), 0, 9),
        ((7, 8, 9), (-3,), 6, 7),
        ((7, 8, 9), (8,), 6, 8),
        ((7, 8, 9), (2,), 6, 8),
        ((7, 8, 9), (10,), 6, None),
        ((7, 8, 9), (4,), 0, None),
        ((7, 8, 9), (-4,), 0, None),
        ((7, 8, 9), (0,), 0, None),
        ((7, 8, 9), (), 0, None),
        ((), (1,), 0, None),
    ],
)
def test_a_place_is_that_of_the_numbers_that_were_shown(
    ids: tuple[int, ...], ordinals: tuple[int, ...], offset: int, chosen: int | None
) -> None:
    assert at_place(ids, ordinals, offset) == chosen
