"""Encryption of stored files: AES-256-GCM piece by piece, with a key of its own for each file.

A sealed file is a header and sealed pieces. The header holds which of our keys wraps the file's key, and the wrapped key.
A piece's nonce is its number and whether it is the last, so that nobody can leave out, repeat, reorder or cut pieces;
its associated data are the header and the file's storage key, so that nobody can put one file in the place of another.
docs/adr/0012 says why.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PIECE_BYTES = 64 * 1024
KEY_BYTES = 32
MARK = b"VSF1"
KEY_ID_BYTES = 8
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(MARK) + KEY_ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES
LAST, NOT_LAST = b"\x01", b"\x00"


class Tampered(Exception):
    """A stored file is not what was stored: changed, cut, or sealed with a key that we do not have."""


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The keys that open stored files, 32 bytes each. The first seals new ones."""

    keys: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) != KEY_BYTES for key in self.keys):
            raise ValueError(f"a key has {KEY_BYTES} bytes")


def read_keyring(setting: str, secret: bytes) -> Keyring:
    """The keys of the setting (base64, commas between them, the newest first), and last the one that the secret gives.

    Files that were stored before a key was set stay readable. Raises ValueError for a bad key.
    """
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"ventanilla documents").derive(secret)
    return Keyring((*(_key(value) for value in setting.split(",") if value.strip()), derived))


def _key(value: str) -> bytes:
    try:
        key = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{KEY_BYTES} random bytes in base64, such as `openssl rand -base64 32` makes")
    return key


def seal(keyring: Keyring, name: str, content: Iterable[bytes]) -> Iterator[bytes]:
    """Seal a file that is stored as `name`. Needs the memory of two pieces, however long the file is."""
    file_key, nonce = AESGCM.generate_key(256), os.urandom(NONCE_BYTES)
    start = MARK + _key_id(keyring.keys[0]) + nonce
    header = start + AESGCM(keyring.keys[0]).encrypt(nonce, file_key, start + name.encode())
    yield header
    cipher, bound = AESGCM(file_key), header + name.encode()
    for number, (piece, is_last) in enumerate(_pieces(content, PIECE_BYTES)):
        yield cipher.encrypt(_nonce(number, is_last), piece, bound)


def unseal(keyring: Keyring, name: str, sealed: Iterable[bytes]) -> Iterator[bytes]:
    """The file that was stored as `name`; every piece is proved before it is given.

    Raises Tampered, for a cut file only where it ends: what was given before that is genuine but not all.
    """
    header, rest = _header_and_rest(iter(sealed))
    cipher, bound = AESGCM(_file_key(keyring, name, header)), header + name.encode()
    for number, (piece, is_last) in enumerate(_pieces(rest, PIECE_BYTES + TAG_BYTES)):
        yield _opened(cipher, _nonce(number, is_last), piece, bound)


def _file_key(keyring: Keyring, name: str, header: bytes) -> bytes:
    mark, key_id = header[: len(MARK)], header[len(MARK) : len(MARK) + KEY_ID_BYTES]
    start = header[: len(MARK) + KEY_ID_BYTES + NONCE_BYTES]
    keys = [key for key in keyring.keys if _key_id(key) == key_id]
    if mark != MARK or len(header) != HEADER_BYTES or not keys:
        raise Tampered
    return _opened(AESGCM(keys[0]), start[-NONCE_BYTES:], header[len(start) :], start + name.encode())


def _opened(cipher: AESGCM, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, bound)
    except (InvalidTag, ValueError):
        raise Tampered from None


def _key_id(key: bytes) -> bytes:
    return sha256(b"key id " + key).digest()[:KEY_ID_BYTES]


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + (LAST if is_last else NOT_LAST)


def _header_and_rest(sealed: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    start = b""
    for piece in sealed:
        start += piece
        if len(start) >= HEADER_BYTES:
            break
    return start[:HEADER_BYTES], _chain(start[HEADER_BYTES:], sealed)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _pieces(content: Iterable[bytes], length: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of that length, the last one shorter or empty, each with whether it is the last."""
    held = bytearray()
    for piece in content:
        held += piece
        while len(held) > length:
            yield bytes(held[:length]), False
            del held[:length]
    yield bytes(held), True
