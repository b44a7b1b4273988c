"""A tracking key is read over the phone and typed as it comes: slips are found, looks and blanks do not matter."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.procedures.tracking_keys import ALPHABET, LENGTH, LOOK_ALIKES, find_key, has_misread_key, new_key, read_key

LOOKING_ALIKE = ["0OQ", "1IL", "5S", "2Z", "8B", "UV", "MN", "6G"]
TYPEABLE = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
KEYS = [new_key() for _ in range(200)]


@pytest.fixture
def key() -> str:
    return next(key for key in KEYS if len(set(key)) > 8)


def compacted(key: str) -> str:
    return key.replace("-", "")


def test_no_two_characters_look_alike() -> None:
    assert len(set(ALPHABET)) == 19
    assert [pair for pair in LOOKING_ALIKE if len(set(pair) & set(ALPHABET)) > 1] == []
    assert not set(ALPHABET) & set("0O1IL5S2Z8BU")
    assert not set(LOOK_ALIKES) & set(ALPHABET)
    assert set(LOOK_ALIKES.values()) <= set(ALPHABET)


def test_a_key_is_hard_enough_to_guess() -> None:
    letters = sum(character.isalpha() for character in ALPHABET)
    all_letters_or_all_digits = (letters**11 + (19 - letters) ** 11) / 19**11
    assert math.log2(19**11 * (1 - all_letters_or_all_digits)) >= 45


def test_keys_are_grouped_and_unlike_each_other() -> None:
    assert len(set(KEYS)) == len(KEYS)
    assert {tuple(map(len, key.split("-"))) for key in KEYS} == {(4, 4, 4)}
    assert all(any(c.isdigit() for c in key) and any(c.isalpha() for c in key) for key in KEYS)
    assert set("".join(map(compacted, KEYS))) == set(ALPHABET)


def test_a_draw_of_digits_alone_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter("3" * 11 + "3CDFH7JKMPR")
    monkeypatch.setattr("bot.procedures.tracking_keys.secrets.choice", lambda _: next(drawn))
    assert new_key().startswith("3CDF-H7JK-MPR")


def test_every_key_is_read_back() -> None:
    assert [read_key(key) for key in KEYS] == KEYS


def test_every_single_wrong_character_is_caught_or_put_right() -> None:
    for key in KEYS[:50]:
        plain = compacted(key)
        for place in range(LENGTH):
            for character in TYPEABLE:
                typed = plain[:place] + character + plain[place + 1 :]
                meant = LOOK_ALIKES.get(character, character)
                assert read_key(typed) == (key if meant == plain[place] else None)


def test_every_swap_of_two_characters_is_caught() -> None:
    for key in KEYS:
        for one, other in combinations(range(LENGTH), 2):
            typed = list(compacted(key))
            if typed[one] != typed[other]:
                typed[one], typed[other] = typed[other], typed[one]
                assert read_key("".join(typed)) is None


@pytest.mark.parametrize("change", [lambda key: key[:-1], lambda key: key + "3", lambda key: key[1:], lambda _: ""])
def test_a_key_has_its_length(key: str, change: object) -> None:
    assert callable(change)
    assert read_key(change(key)) is None


@pytest.mark.parametrize("all_alike", ["333333333333", "CCCCCCCCCCCC"])
def test_what_was_never_drawn_is_no_key(all_alike: str) -> None:
    assert read_key(all_alike) is None


@given(
    place=st.integers(0, len(KEYS) - 1), gaps=st.lists(st.sampled_from(["", " ", "-", " - ", "–", "."]), min_size=12)
)
def test_blanks_dashes_and_small_letters_do_not_matter(place: int, gaps: list[str]) -> None:
    key = KEYS[place]
    typed = "".join(letter + gap for letter, gap in zip(compacted(key).lower(), gaps, strict=False))
    assert read_key(typed) == key
    assert find_key(f"mi clave es {typed}, gracias") == key


@given(st.integers(0, len(KEYS) - 1), st.randoms())
def test_look_alikes_are_what_they_look_like(place: int, random: object) -> None:
    def misheard(letter: str) -> str:
        alike = [typed for typed, meant in LOOK_ALIKES.items() if meant == letter]
        return random.choice([letter, *alike])  # type: ignore[attr-defined, no-any-return]

    key = KEYS[place]
    assert read_key("".join(map(misheard, key))) == key


@pytest.mark.parametrize("typed", ["VMD673CFHJ", "BND673CFHJ", "UÑD673CFHJ", "VM0G13CFHJ", "VMOG73CFHJ", "vmqg13cfhj"])
def test_what_is_heard_or_seen_wrongly_is_put_right(typed: str) -> None:
    (check,) = [character for character in ALPHABET if read_key(f"VMD673CFHJ3{character}")]
    assert read_key(f"{typed}3{check}") == f"VMD6-73CF-HJ3{check}"


@pytest.mark.parametrize(
    "sentence",
    [
        "¿Cómo va lo mío? {key}",
        "{key}",
        "la clave:{key}.",
        "mi gestion {small} de ayer",
        "es la {blanks} creo",
        "tengo dos, {key} y otra más",
        "{fullwidth}",
        "clave\n{key}\n",
    ],
)
def test_a_key_is_found_in_a_sentence(key: str, sentence: str) -> None:
    forms = {
        "key": key,
        "small": compacted(key).lower(),
        "blanks": key.replace("-", " "),
        "fullwidth": "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in key),
    }
    assert find_key(sentence.format(**forms)) == key
    assert not has_misread_key(sentence.format(**forms))


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "¿Cómo va lo mío?",
        "Mi NIF es 12345678Z y mi CUPS ES0031300000000001JN0F",
        "la factura FE2603-000123 del contrato 0001000123",
        "mi teléfono es el 600 333 444 y el otro 976 334 467",
        "IBAN ES91 2100 0418 4502 0005 1332",
        "como 2026 pero no",
        "\ud800",
    ],
)
def test_other_codes_and_words_are_no_keys(sentence: str) -> None:
    assert find_key(sentence) is None
    assert not has_misread_key(sentence)


@pytest.mark.parametrize("form", ["{}-{}-{}", "{} {} {}", "{}{}{}", "{} - {} – {}", "{} {}-{}"])
def test_a_key_with_a_slip_is_told_from_no_key(key: str, form: str) -> None:
    slipped = key[:-1] + next(c for c in ALPHABET if c not in (key[-1], "-"))
    typed = f"mi clave es {form.format(*slipped.split('-'))}, gracias"
    assert find_key(typed) is None
    assert has_misread_key(typed)
    assert has_misread_key(typed.lower())


def test_a_character_that_is_none_of_ours_is_a_slip_between_dashes() -> None:
    assert has_misread_key("V7K3-9SCD-TCRX")


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    assert find_key(text) is None or not has_misread_key(text)
