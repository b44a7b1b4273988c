"""What is stored can be read with our key only, and whatever is changed in it is seen."""

from __future__ import annotations

import base64
import os
import random
from itertools import pairwise

import pytest

from bot.documents.sealing import HEADER_BYTES, PIECE_BYTES, TAG_BYTES, Keyring, Tampered, read_keyring, seal, unseal

SECRET = b"a secret of thirty-two characters"
KEYRING = read_keyring("", SECRET)
NAME = "kept/0123"
SEALED_PIECE = PIECE_BYTES + TAG_BYTES


def sealed(content: bytes, keyring: Keyring = KEYRING, name: str = NAME) -> bytes:
    return b"".join(seal(keyring, name, (content,)))


def opened(content: bytes, keyring: Keyring = KEYRING, name: str = NAME) -> bytes:
    return b"".join(unseal(keyring, name, (content,)))


@pytest.mark.parametrize("length", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 200_001])
def test_what_was_sealed_comes_back(length: int) -> None:
    content = os.urandom(length)
    stored = sealed(content)
    assert opened(stored) == content
    assert content[:64] not in stored or length < 8


def test_it_comes_back_however_the_bytes_are_cut_into_pieces() -> None:
    content, chance = os.urandom(150_000), random.Random(3)
    stored = b"".join(seal(KEYRING, NAME, in_pieces(content, chance)))
    assert b"".join(unseal(KEYRING, NAME, in_pieces(stored, chance))) == content


def in_pieces(content: bytes, chance: random.Random) -> list[bytes]:
    cuts = [0, *sorted(chance.sample(range(len(content)), 30)), len(content)]
    return [content[start:end] for start, end in pairwise(cuts)]


def test_the_same_file_never_looks_the_same() -> None:
    assert sealed(b"a deed") != sealed(b"a deed")


def test_every_changed_byte_is_seen() -> None:
    stored = sealed(b"a deed")
    for position in range(len(stored)):
        changed = bytearray(stored)
        changed[position] ^= 1
        with pytest.raises(Tampered):
            opened(bytes(changed))


def test_every_cut_is_seen() -> None:
    stored = sealed(b"a deed")
    for length in range(len(stored)):
        with pytest.raises(Tampered):
            opened(stored[:length])


def test_pieces_left_out_repeated_or_moved_are_seen() -> None:
    stored = sealed(os.urandom(3 * PIECE_BYTES + 5))
    header, pieces = stored[:HEADER_BYTES], stored[HEADER_BYTES:]
    first, second, third = (pieces[start : start + SEALED_PIECE] for start in range(0, 3 * SEALED_PIECE, SEALED_PIECE))
    last = pieces[3 * SEALED_PIECE :]
    for order in ((first, second, third), (second, first, third, last), (first, third, last), (first, first, second)):
        with pytest.raises(Tampered):
            opened(header + b"".join(order))
    with pytest.raises(Tampered):
        opened(stored + last)


def test_a_file_in_the_place_of_another_is_seen() -> None:
    with pytest.raises(Tampered):
        opened(sealed(b"of Ana", name="kept/aaaa"), name="kept/bbbb")


def test_a_piece_of_another_file_is_seen() -> None:
    one, other = sealed(os.urandom(PIECE_BYTES + 5)), sealed(os.urandom(PIECE_BYTES + 5))
    with pytest.raises(Tampered):
        opened(one[:HEADER_BYTES] + other[HEADER_BYTES:])


def test_a_new_key_seals_and_the_older_ones_still_open() -> None:
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    by_secret, by_old = sealed(b"first"), sealed(b"second", read_keyring(old, SECRET))
    both = read_keyring(f"{new}, {old}", SECRET)
    assert (opened(by_secret, both), opened(by_old, both)) == (b"first", b"second")
    with pytest.raises(Tampered):
        opened(sealed(b"third", both), read_keyring(old, SECRET))


@pytest.mark.parametrize("setting", ["short", base64.b64encode(b"31 bytes are one too few........").decode()[:-4], "ñ"])
def test_a_bad_key_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        read_keyring(setting, SECRET)


def test_keys_are_not_printed() -> None:
    assert "Keyring object" in repr(KEYRING)
