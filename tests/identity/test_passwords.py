"""Which passwords are taken, how they are kept, and that checking one costs the same for nobody."""

from __future__ import annotations

import threading
from time import sleep

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from sqlalchemy import insert

from bot.database import Database
from bot.identity import passwords
from bot.identity.identifier_cues import folded
from bot.identity.passwords import PasswordProblem
from bot.identity.persons import person_table
from tests.identity.house import NOW, at_once, hash_cheaply, person_row

GOOD = "perro-verde-luna"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", PasswordProblem.TOO_SHORT),
        ("a1b2c3d4e", PasswordProblem.TOO_SHORT),
        ("a1b2c3d4ef", None),
        ("perro-" * 21 + "xy", None),
        ("perro-" * 21 + "xyz", PasswordProblem.TOO_LONG),
        ("12345678Z-hola", PasswordProblem.LIKE_IDENTIFIER),
        ("mi.12.345.678-z", PasswordProblem.LIKE_IDENTIFIER),
        ("luna 12345678 sol", PasswordProblem.LIKE_IDENTIFIER),
        ("0123456789", PasswordProblem.COMMON),
        ("Contraseña2026!", PasswordProblem.COMMON),
        ("PASSWORD1234", PasswordProblem.COMMON),
        ("holaholahola", PasswordProblem.COMMON),
        ("2026.holahola.", PasswordProblem.COMMON),
        ("abababababab", PasswordProblem.COMMON),
        ("una frase larga y mía", None),
    ],
)
def test_a_password_has_to_be_hard_to_guess(password: str, problem: PasswordProblem | None) -> None:
    identifier = "12345678Z" if problem is not PasswordProblem.COMMON else "87654321X"
    assert passwords.problem_of(password, password, identifier) is problem


def test_a_password_has_to_be_typed_twice_alike() -> None:
    assert passwords.problem_of(GOOD, GOOD + "x", "12345678Z") is PasswordProblem.DIFFERENT


def test_a_short_number_in_a_passport_is_no_reason_to_refuse() -> None:
    assert passwords.problem_of("casa 123 verde", "casa 123 verde", "ABC123D") is None


def test_every_common_password_can_be_met() -> None:
    lines = passwords.COMMON.read_text(encoding="utf-8").splitlines()
    assert len(lines) >= 200
    assert len(lines) == len(set(lines))
    assert [line for line in lines if folded(line).lower() != line] == []


def test_only_the_password_itself_belongs_to_its_hash() -> None:
    stored = passwords.hash_password(GOOD)
    assert GOOD not in stored
    assert passwords.is_right(GOOD, stored)
    assert not passwords.is_right(GOOD + " ", stored)
    assert not passwords.is_right("", stored)


def test_a_letter_counts_the_same_however_the_keyboard_makes_it() -> None:
    stored = passwords.hash_password("contrase\u00f1a m\u00eda")
    assert passwords.is_right("contrasen\u0303a mi\u0301a", stored)


def test_half_a_character_is_wrong_and_no_error() -> None:
    assert not passwords.is_right("\ud800", passwords.hash_password(GOOD))


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$v=19$m=8,t=1,p=1$xx", "$2b$12$abcdefghijklmnopqrstuv"])
def test_a_damaged_hash_lets_nobody_in(stored: str) -> None:
    assert not passwords.is_right(GOOD, stored)


def test_the_product_uses_argon2id_as_rfc_9106_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    parameters = extract_parameters(passwords._nobodys_hash(passwords.hasher))
    assert (parameters.type, parameters.memory_cost, parameters.time_cost) == (Type.ID, 65536, 3)


def test_nobodys_hash_costs_what_everybodys_costs() -> None:
    assert extract_parameters(passwords._nobodys_hash(passwords.hasher)) == extract_parameters(
        passwords.hash_password(GOOD)
    )


def test_a_hash_with_other_settings_is_outdated(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = passwords.hash_password(GOOD)
    assert not passwords.is_outdated(stored)
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    assert passwords.is_outdated(stored)


def test_a_password_is_stored_and_replaced(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(insert(person_table), person_row(1, "12345678Z"))
        assert passwords.password_hash_of(connection, 1) is None
        for stored in ("first", "second"):
            passwords.set_password(connection, 1, stored, NOW)
            assert passwords.password_hash_of(connection, 1) == stored
        assert passwords.password_hash_of(connection, None) is None


def test_a_renewed_hash_does_not_undo_a_change(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(insert(person_table), person_row(1, "12345678Z"))
        passwords.set_password(connection, 1, "chosen meanwhile", NOW)
        passwords.renew_hash(connection, 1, "former", "renewed")
        assert passwords.password_hash_of(connection, 1) == "chosen meanwhile"
        passwords.renew_hash(connection, 1, "chosen meanwhile", "renewed")
        assert passwords.password_hash_of(connection, 1) == "renewed"


def test_no_more_than_two_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, running, most = threading.Lock(), [0], [0]

    class Slow:
        def hash(self, password: bytes) -> str:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            sleep(0.02)
            with lock:
                running[0] -= 1
            return ""

    monkeypatch.setattr(passwords, "hasher", Slow())
    at_once(lambda: passwords.hash_password(GOOD), 6)
    assert most[0] == 2
