"""Who offers a copy of an identity card is told that its number is enough; other questions about it keep their topic."""

from __future__ import annotations

import pytest

from bot.assistant.nlu.follow_up_reader import intent_of


@pytest.mark.parametrize(
    "text",
    ["¿hace falta copia del DNI?", "os envio foto del dni", "mando el pasaporte escaneado", "DNI por las dos caras"],
)
def test_an_offered_copy_is_read_by_its_form(text: str) -> None:
    assert intent_of(text) == "documents_identity_card"


@pytest.mark.parametrize(
    "text",
    [
        "¿para qué queréis la copia del DNI?",
        "¿dónde mando la foto del DNI?",
        "copia del DNI y de la escritura",
        "mi DNI es 12345678Z",
        "no encuentro el DNI",
        "una copia de la factura",
    ],
)
def test_what_is_about_something_else_is_left_to_the_model(text: str) -> None:
    assert intent_of(text) != "documents_identity_card"
