"""Wanting notices, or none, is read by its form; what only sounds like it is left to the topics."""

from __future__ import annotations

import pytest

from bot.assistant.nlu.follow_up_reader import NOTICES, intent_of


@pytest.mark.parametrize(
    "text",
    [
        "avísame cuando una factura se pase de plazo",
        "Avísame si alguna factura vence.",
        "¿puedes avisarme cuando venza una factura?",
        "avísame de las facturas vencidas",
        "quiero que me avises si se pasa de plazo una factura",
        "avísame si alguna factura se queda sin pagar",
        "quiero avisos de facturas vencidas",
        "ya no me avises de facturas vencidas",
        "quita los avisos de facturas",
        "silencio",
        "avisos sí",
    ],
)
def test_who_wants_notices_or_none_is_heard(text: str) -> None:
    assert intent_of(text) == NOTICES


@pytest.mark.parametrize(
    "text",
    [
        "facturas vencidas",
        "dime las facturas vencidas",
        "avísame cuando pueda pagar la factura",
        "me ha llegado un aviso de factura vencida",
        "¿qué pasa si una factura se pasa de plazo?",
    ],
)
def test_other_sentences_about_invoices_are_no_wish_for_notices(text: str) -> None:
    assert intent_of(text) != NOTICES
