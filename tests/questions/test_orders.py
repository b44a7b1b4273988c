"""Which messages only put what was shown in another order, and which ask something of the one that was opened."""

from __future__ import annotations

import pytest

from bot.questions.detail import Detail, detail_asked
from bot.questions.orders import says_only_an_order


@pytest.mark.parametrize(
    "text",
    [
        "ordénalas por importe",
        "ordenalas x importe",
        "Por vencimiento, por favor",
        "de mayor a menor",
        "las más caras primero",
        "enséñamelas por orden de fecha",
        "¿y por cliente?",
    ],
)
def test_an_order_alone_is_known_by_its_form(text: str) -> None:
    assert says_only_an_order(text)


@pytest.mark.parametrize(
    "text",
    [
        "facturas por fecha",
        "ordéname las facturas por importe",
        "por importe de 300 euros",
        "las más caras",
        "la más cara",
        "por favor",
        "cambia el ordenador",
        "facturas de la calle Mayor por fecha",
        "de mayor",
        "",
    ],
)
def test_other_messages_are_no_order_alone(text: str) -> None:
    assert not says_only_an_order(text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("¿está pagada?", Detail.STATE),
        ("esta pagada ya o no", Detail.STATE),
        ("¿y se ha cobrado?", Detail.STATE),
        ("sigue pendiente?", Detail.STATE),
        ("¿cuándo vence?", Detail.DUE),
        ("cuando bence", Detail.DUE),
        ("¿qué vencimiento tiene?", Detail.DUE),
        ("¿y cuándo hay que pagarla?", Detail.DUE),
        ("¿cuánto es?", Detail.AMOUNT),
        ("de cuanto es", Detail.AMOUNT),
        ("cuánto vale", Detail.AMOUNT),
        ("¿de quién es?", Detail.CLIENT),
        ("de kien es", Detail.CLIENT),
        ("de qué comunidad es", Detail.CLIENT),
        ("¿a nombre de quién está?", Detail.CLIENT),
        ("¿de qué fecha es?", Detail.ISSUED),
    ],
)
def test_what_is_asked_of_one_invoice_is_read(text: str, detail: Detail) -> None:
    assert detail_asked(text) is detail


@pytest.mark.parametrize(
    "text",
    [
        *("¿están pagadas?", "las pagadas", "la pagada", "¿cuánto suman?", "¿cuánto debe Sol 14?", "¿cuánto es todo?"),
        *("¿está pagada la FE2603-000123?", "¿quién es el representante?", "¿cuándo vence la de marzo?", "vale", ""),
    ],
)
def test_what_is_asked_of_several_or_of_another_is_not(text: str) -> None:
    assert detail_asked(text) is None
