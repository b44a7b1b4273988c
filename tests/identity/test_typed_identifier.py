"""What may be typed to say who one is."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from bot.database import Database
from bot.identity.identifiers import Kind
from bot.identity.persons import person_table
from bot.identity.typed_identifier import person_of, typed_identifier
from tests.identity.house import person_row


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12345678Z", Kind.NIF, "12345678Z"),
        (" 12.345.678-z ", Kind.NIF, "12345678Z"),
        ("DNI: 12345678z", Kind.NIF, "12345678Z"),
        ("x1234567l", Kind.NIE, "X1234567L"),
        ("K1234567L", Kind.NIF, "K1234567L"),
        ("AAA123456", Kind.PASSPORT, "AAA123456"),
        ("C01X00T47", Kind.PASSPORT, "C01X00T47"),
        ("123456789", Kind.PASSPORT, "123456789"),
        ("pasaporte G12345678", Kind.PASSPORT, "G12345678"),
        ("Pasaporte 12345678", Kind.PASSPORT, "12345678"),
    ],
)
def test_a_persons_identifier_is_read(text: str, kind: Kind, value: str) -> None:
    typed = typed_identifier(text)
    assert typed is not None
    assert (typed.kind, typed.value) == (kind, value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hola",
        "12345678",
        "1234567",
        "12345678A",
        "X1234567",
        "B12345674",
        "CIF B12345674",
        "G12345678",
        "beatriz.12345678Z@people.example",
        "12345678Z@people.example",
        "12345678Z 87654321X",
        "12345678Z y algo más",
        "ES9121000418450200051332",
        pytest.param("12345678Z" * 1000, id="endless"),
        "\ud800",
        "12345678Z\x00x",
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert typed_identifier(text) is None


def test_a_passport_with_the_same_characters_is_somebody_else(database: Database) -> None:
    typed = typed_identifier("12345678Z")
    assert typed is not None
    with database.writing() as connection:
        assert person_of(connection, typed) is None
        connection.execute(insert(person_table), person_row(1, "12345678Z"))
        assert person_of(connection, typed) is not None
        connection.execute(update(person_table).values(identifier_kind="passport"))
        assert person_of(connection, typed) is None
