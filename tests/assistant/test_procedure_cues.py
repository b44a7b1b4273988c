"""Messages about procedures that are known by their form, and what only looks like them."""

from __future__ import annotations

import pytest

from bot.assistant.nlu.follow_up_reader import intent_of


@pytest.mark.parametrize(
    "text",
    [
        "V7K3-9MCD-TCR9",
        "v7k39mcdtcr9",
        "hola, la v7k3 9mcd tcr9 ¿cómo va?",
        "V7K3-9MCD-TCR8",
        "¿cómo va mi reclamasion?",
    ],
)
def test_a_key_however_it_is_typed_asks_how_it_goes(text: str) -> None:
    assert intent_of(text) == "procedures_track"


@pytest.mark.parametrize(
    "text",
    [
        "anula la V7K3-9MCD-TCR9",
        "quiero retirar mi queja",
        "cancela la gestión del representante",
        "al final anula la consulta",
    ],
)
def test_the_end_of_one_is_told_from_the_end_of_what_is_being_said(text: str) -> None:
    assert intent_of(text) == "procedure_cancel"


@pytest.mark.parametrize(
    "text",
    [
        "Me han cobrado dos veces marzo, ¿podéis mirarlo?",
        "nos han cobrado dos veces la luz",
        "le estáis cobrando de más a la comunidad Sol 2",
        "nos cobrasteis el recibo de mayo por duplicado",
        "me han pasado la factura dos veces",
        "les han vuelto a facturar el doble",
    ],
)
def test_a_wrong_charge_that_is_told_is_a_complaint(text: str) -> None:
    assert intent_of(text) == "complaint"


@pytest.mark.parametrize(
    "text",
    [
        "¿cuándo me cobráis la factura?",
        "facturas que han cobrado en marzo",
        "¿nos han pasado la de mayo?",
        "dos veces más caro",
    ],
)
def test_other_words_about_charges_are_left_to_the_model(text: str) -> None:
    assert intent_of(text) == ""


@pytest.mark.parametrize("text", ["deja la pregunta", "Dejar la pregunta", "quiero dejar una duda por escrito"])
def test_a_question_can_be_left(text: str) -> None:
    assert intent_of(text) == "leave_question"


@pytest.mark.parametrize(
    "text",
    ["actualízalo", "actualiza la cuenta ya", "alta con B57337925, representante 12345678Z, pasadlo a su nombre"],
)
def test_the_update_is_asked_for(text: str) -> None:
    assert intent_of(text) == "registration_update"


@pytest.mark.parametrize(
    "text",
    [
        *("cancelar", "cancélalo", "cancela el contrato", "anula el recibo", "quiero cancelar"),
        *("ES0022408442062375ZB", "FE2609-004126", "ES91 2100 0418 4502 0005 1332", "12345678Z", "B57337925"),
        *("autoriza a Ana, 12345678Z, para B57337925", "actualiza el correo de Paula", "tengo una consulta"),
        *("¿cómo va lo del gas?", "¿cómo reclamo?", "las reclamaciones tardan mucho"),
    ],
)
def test_what_is_something_else_is_left_to_the_model(text: str) -> None:
    assert intent_of(text) not in {
        "procedures_track",
        "procedure_cancel",
        "leave_question",
        "registration_update",
        "complaint",
    }
