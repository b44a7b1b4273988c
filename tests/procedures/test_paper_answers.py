"""A typed answer to "¿qué papel es?" is read with its slips; what asks for something else is left alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.procedures.checklists import papers_of
from bot.procedures.model import Kind, Procedure, State
from bot.procedures.paper_answers import Meant, answer_meant, may_answer
from bot.procedures.papers import Place

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KINDS = (Kind.REGISTRATION_UPDATE, Kind.REPRESENTATIVE_CHANGE, Kind.EXTERNAL_MANAGER)
KEYS = ("V7K3-9MCD-TCR9", "F4P6-XW7H-M3KD", "R9C4-6TVJ-PX7M")
DEED, APPOINTMENT, MANDATE = range(3)


def place(number: int, kind: Kind) -> Place:
    nobody = (None, None, None)
    known = Procedure(
        number, KEYS[number], kind, State.OPENED, "web:one", *nobody, NOON, date(2026, 12, 14), *nobody, None
    )
    return Place(known, papers_of(kind)[0], is_missing=True)


PLACES = [place(number, kind) for number, kind in enumerate(KINDS)]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("es la escritura de constitución", DEED),
        ("la escritrua de constitucion de la gestoria", DEED),
        ("el poder del nuevo representante", APPOINTMENT),
        ("es el nombramiento", APPOINTMENT),
        ("es el nonbramiento", APPOINTMENT),
        ("la autorización firmada", MANDATE),
        ("autorizacion fimada por el cliente", MANDATE),
        ("el contrato de gestión", MANDATE),
        ("lo del gestor externo", MANDATE),
        ("la primera", DEED),
        ("pues es la segunda", APPOINTMENT),
        ("el 3", MANDATE),
        ("la última", MANDATE),
        ("la de la clave TCR9, escritura", DEED),
    ],
)
def test_a_paper_is_named_by_its_title_by_what_serves_or_by_its_place(said: str, meant: int) -> None:
    assert answer_meant(said, PLACES) is PLACES[meant]
    assert may_answer(said)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("no es ninguno de esos", Meant.NONE),
        ("ninguna", Meant.NONE),
        ("son papeles distintos", Meant.DIFFER),
        ("cada uno es una cosa, son diferentes", Meant.DIFFER),
        ("bórralo", Meant.DELETE),
        ("mejor eliminarlos", Meant.DELETE),
        ("el dni del nuevo representante", Meant.IDENTITY_CARD),
        ("mi pasaporte", Meant.IDENTITY_CARD),
        ("la cuarta", Meant.UNCLEAR),
        ("un poder", Meant.UNCLEAR),
        ("no sé", Meant.UNCLEAR),
    ],
)
def test_an_answer_may_also_name_none(said: str, meant: Meant) -> None:
    assert answer_meant(said, PLACES) is meant


@pytest.mark.parametrize(
    "said",
    [
        "¿qué escritura necesitáis?",
        "quiero cambiar el representante",
        "mis facturas de marzo",
        "hola",
        "gracias",
        "autoriza a Marta Ruiz, 12345678Z",
        "necesito mandar la escritura",
        "cómo mando el poder notarial",
        "sí",
        "la escritura " * 20,
        "me di de alta con el CIF B57337925, el representante es Ana Ruiz Gil, 12345678Z",
        "la representante nueva es ana@correo.example",
    ],
)
def test_what_asks_for_something_else_is_no_answer(said: str) -> None:
    assert not may_answer(said)


def test_of_two_such_papers_the_end_of_the_key_says_which() -> None:
    two = [place(0, Kind.REGISTRATION_UPDATE), place(1, Kind.REGISTRATION_UPDATE)]
    assert answer_meant("la escritura", two) is Meant.UNCLEAR
    assert answer_meant("la escritura (M3KD)", two) is two[1]


def test_where_nothing_waits_for_papers_no_paper_is_meant() -> None:
    assert answer_meant("la escritura", []) is Meant.UNCLEAR
    assert answer_meant("la primera", []) is Meant.UNCLEAR
