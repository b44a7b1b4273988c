from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.model import Button, chosen_payload, has_words, is_address, readable


@pytest.mark.parametrize("address", ["web:AbC-_1", "rest:gestoria@ejemplo", "telegram:12345"])
def test_an_address_names_its_channel(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize("address", ["", "web", "web:", "WEB:1", "web:con espacio", "web:" + "a" * 200, "web:a\n"])
def test_anything_else_is_no_address(address: str) -> None:
    assert not is_address(address)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  hola \x00\x07 mundo  ", "hola  mundo"),
        ("una\r\ndos\ttres", "una\ndos\ttres"),
        ("\ud83dsuelto", "suelto"),
        ("\u202eodnum", "odnum"),
        ("gestori\u0301a", "gestoría"),
        ("👩‍👧 ok", "👩‍👧 ok"),
    ],
)
def test_only_what_nobody_typed_is_removed(typed: str, kept: str) -> None:
    assert readable(typed) == kept


@given(st.text())
def test_a_readable_text_can_be_stored_anywhere(text: str) -> None:
    kept = readable(text)
    assert "\x00" not in kept
    assert kept.encode().decode() == kept
    assert readable(kept) == kept


@pytest.mark.parametrize("text", ["", " \n ", "\u200b\u200d", "\u2060"])
def test_nothing_visible_is_no_message(text: str) -> None:
    assert not has_words(text)


def test_the_title_of_an_offered_button_chooses_it_however_it_is_written() -> None:
    offered = (Button("Cómo entrar", "/access_how"), Button("Sí", "/affirm"))
    assert chosen_payload(" cómo ENTRAR. ", offered) == "/access_how"


def test_a_payload_that_was_not_offered_chooses_nothing() -> None:
    assert chosen_payload("/affirm", (Button("Sí", "/affirm"),)) is None


def test_the_newest_of_two_equal_titles_is_meant() -> None:
    assert chosen_payload("Sí", (Button("Sí", "/new"), Button("Sí", "/old"))) == "/new"
