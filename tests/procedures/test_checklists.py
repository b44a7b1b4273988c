"""Which papers a procedure needs: the codes are stored with it, so they are not changed by the way."""

from __future__ import annotations

import pytest

from bot.procedures.checklists import CHECKLISTS, paper_of, papers_of
from bot.procedures.model import Kind, check_code

CODES = {
    Kind.REGISTRATION_UPDATE: ["authority"],
    Kind.REPRESENTATIVE_CHANGE: ["authority"],
    Kind.EXTERNAL_MANAGER: ["mandate"],
}
LONGEST_TITLE = 24


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_needs_these_papers_and_no_others(kind: Kind) -> None:
    assert [paper.code for paper in papers_of(kind)] == CODES.get(kind, [])


@pytest.mark.parametrize("kind", CODES)
def test_a_paper_has_a_title_for_a_button_a_sentence_and_what_serves(kind: Kind) -> None:
    for paper in papers_of(kind):
        check_code(paper.code)
        assert 0 < len(paper.title) <= LONGEST_TITLE
        assert paper.purpose.endswith(".")
        assert len(paper.accepted) > 1
        assert not any(each.endswith(".") for each in paper.accepted)


def test_no_copy_of_an_identity_card_is_asked_for() -> None:
    text = "\n".join(
        line for line in CHECKLISTS.read_text(encoding="utf-8").lower().splitlines() if not line.startswith("#")
    )
    assert not any(word in text for word in ("dni", "nie", "pasaporte", "identidad"))


def test_a_paper_is_found_by_its_code() -> None:
    assert paper_of(Kind.EXTERNAL_MANAGER, "mandate") in papers_of(Kind.EXTERNAL_MANAGER)
    assert paper_of(Kind.EXTERNAL_MANAGER, "deed") is None
