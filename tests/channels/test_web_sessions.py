from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.web.sessions import Sessions, identifier_of

OURS = Sessions(b"a" * 32)


def test_an_issued_id_is_ours_and_another_one_each_time() -> None:
    ids = {OURS.issue() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(OURS.is_ours(session_id) for session_id in ids)


def test_an_id_signed_with_another_key_is_not_ours() -> None:
    assert not OURS.is_ours(Sessions(b"b" * 32).issue())


def test_a_known_conversation_cannot_be_taken_without_its_signature() -> None:
    victim = identifier_of(OURS.issue())
    own_signature = OURS.issue().partition(".")[2]
    assert not OURS.is_ours(victim)
    assert not OURS.is_ours(f"{victim}.")
    assert not OURS.is_ours(f"{victim}.{own_signature}")


@given(st.one_of(st.none(), st.text(), st.integers(), st.binary(), st.lists(st.text())))
def test_nothing_else_is_ours_and_nothing_breaks_the_check(value: object) -> None:
    assert not OURS.is_ours(value)


@pytest.mark.parametrize("change", [lambda s: s.upper(), lambda s: s + "0", lambda s: s[:-1], lambda s: " " + s])
def test_a_changed_id_is_not_ours(change: object) -> None:
    assert not OURS.is_ours(change("x" + OURS.issue()))  # type: ignore[operator]
