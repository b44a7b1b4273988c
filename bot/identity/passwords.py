"""Passwords: how they are hashed and verified (argon2id), and which ones are too easy to guess."""

from __future__ import annotations

import re
import secrets
import unicodedata
from base64 import b64encode
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Column, Connection, ForeignKey, String, Table, insert, select, update

from bot.database import Moment, metadata
from bot.identity.identifier_cues import folded
from bot.identity.persons import person_table

SHORTEST, LONGEST = 10, 128
FEWEST_CHARACTERS = 5
FEWEST_TELLING_DIGITS = 6
HASHES_AT_ONCE = 2
_OUTSIDE_OF_THE_WORD = re.compile(r"^[\W\d_]+|[\W\d_]+$")
COMMON = Path(__file__).with_name("common_passwords.txt")

hasher = PasswordHasher()
"""RFC 9106's setting for little memory: 64 MiB, three passes. The one place where tests put a cheaper one."""

_room = BoundedSemaphore(HASHES_AT_ONCE)

credential_table = Table(
    "credential",
    metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True, autoincrement=False),
    Column("password_hash", String(200), nullable=False),
    Column("changed_at", Moment, nullable=False),
)
credential = credential_table.c


class PasswordProblem(StrEnum):
    """Why a password is not taken."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    LIKE_IDENTIFIER = "like_identifier"
    COMMON = "common"
    DIFFERENT = "different"


def problem_of(password: str, repeated: str, identifier: str) -> PasswordProblem | None:
    """What is wrong with a new password of the person with that normalised identifier."""
    if len(password) < SHORTEST:
        return PasswordProblem.TOO_SHORT
    if len(password) > LONGEST:
        return PasswordProblem.TOO_LONG
    if _holds(password, identifier):
        return PasswordProblem.LIKE_IDENTIFIER
    if _is_common(password):
        return PasswordProblem.COMMON
    return None if password == repeated else PasswordProblem.DIFFERENT


def hash_password(password: str) -> str:
    """The argon2id hash to store. Takes tens of milliseconds and 64 MiB: never inside a transaction."""
    with _room:
        return hasher.hash(_bytes(password))


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash; without one it takes as long to say no. Never inside a transaction."""
    with _room:
        try:
            return hasher.verify(password_hash or _nobodys_hash(hasher), _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return hasher.check_needs_rehash(password_hash)


def set_password(connection: Connection, person_id: int, password_hash: str, now: datetime) -> None:
    """Store the hash of a person's password, in place of the former one."""
    values = {"password_hash": password_hash, "changed_at": now}
    changed = connection.execute(update(credential_table).where(credential.person_id == person_id).values(values))
    if changed.rowcount == 0:
        connection.execute(insert(credential_table), values | {"person_id": person_id})


def renew_hash(connection: Connection, person_id: int, former: str, password_hash: str) -> None:
    """Store another hash of the same password, unless the password was changed meanwhile."""
    same = (credential.person_id == person_id, credential.password_hash == former)
    connection.execute(update(credential_table).where(*same).values(password_hash=password_hash))


def password_hash_of(connection: Connection, person_id: int | None) -> str | None:
    """The hash of a person's password; None for nobody and for whom never chose one."""
    found = select(credential.password_hash).where(credential.person_id == person_id)
    return connection.execute(found).scalar_one_or_none()


def hold_person(connection: Connection, person_id: int) -> None:
    """Until the transaction ends nobody else who asks for the same changes how this person signs in."""
    # Weaker than a plain FOR UPDATE: rows that refer to the person may still be added meanwhile.
    held = select(person_table.c.id).where(person_table.c.id == person_id).with_for_update(key_share=True)
    connection.execute(held)


def _bytes(password: str) -> bytes:
    """One form for characters that keyboards compose differently: ñ is one sign or two."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys_hash(settings: PasswordHasher) -> str:
    """A hash that no password has, which costs what any other costs to verify."""
    salt, tag = (
        b64encode(secrets.token_bytes(length)).decode().rstrip("=") for length in (settings.salt_len, settings.hash_len)
    )
    costs = f"m={settings.memory_cost},t={settings.time_cost},p={settings.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${tag}"


def _holds(password: str, identifier: str) -> bool:
    """Whether the identifier is in it, or its digits without the letters."""
    plain = "".join(filter(str.isalnum, folded(password)))
    digits = "".join(filter(str.isdecimal, identifier))
    return identifier in plain or (len(digits) >= FEWEST_TELLING_DIGITS and digits in plain)


def _is_common(password: str) -> bool:
    """A well-known one, also repeated or with digits and signs around it, or one of very few characters."""
    plain = folded(password).lower()
    word = _OUTSIDE_OF_THE_WORD.sub("", plain)
    forms = {plain, _repeated(plain), word, _repeated(word)}
    return len(set(plain)) < FEWEST_CHARACTERS or not _common().isdisjoint(forms)


def _repeated(text: str) -> str:
    """What the text is a repetition of: "holahola" → "hola"; the text itself if of nothing shorter."""
    return text[: (text + text).find(text, 1)]


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").split())
