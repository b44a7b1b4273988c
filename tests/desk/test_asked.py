"""What a page sends with an event is checked before it is used."""

from __future__ import annotations

import pytest

from bot.conversation.reading import NO_END
from bot.desk.asked import number_in, sequence_in
from bot.desk.model import NoSuchCase


@pytest.mark.parametrize("sent", [None, "7", 7.0, True, 0, -1, 2**53, []])
def test_what_is_no_number_of_a_row_is_no_case(sent: object) -> None:
    with pytest.raises(NoSuchCase):
        number_in({"case_id": sent}, "case_id")


@pytest.mark.parametrize("sent", [None, "7", 7.0, True, -1, NO_END + 1, {}])
def test_what_is_no_place_in_a_conversation_counts_as_not_said(sent: object) -> None:
    assert sequence_in({"before": sent}, "before", NO_END) == NO_END


def test_what_can_be_one_is_taken() -> None:
    assert (number_in({"case_id": 7}, "case_id"), sequence_in({"before": 7}, "before", 0)) == (7, 7)
