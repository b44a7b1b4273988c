"""Several needs in one message are found, and one need is not torn apart."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.assistant.nlu.needs import Need, needs_of, split_needs

SAID = {
    "cómo autorizo a mi socio": ("contacts_add", 0.9),
    "dónde veo las facturas": ("invoices_view", 0.9),
    "gracias por todo": ("thanks", 0.99),
    "quiero el mejor trato": ("complaint", 0.5),
    "cómo cierro sesión": ("sign_out", 0.9),
    "quién me ha autorizado": ("contacts_list", 0.9),
}


def parse(text: str) -> Mapping[str, Any]:
    """Knows the clauses above; a longer message is about the clauses that stand in it, the first one first."""
    found = [topic for clause, topic in SAID.items() if clause in text] or [("nlu_fallback", 1.0)]
    ranking = [{"name": name, "confidence": confidence} for name, confidence in found]
    return {"intent": ranking[0], "intent_ranking": ranking}


def topics(text: str) -> list[str]:
    return [need.topic for need in needs_of(parse, text)]


@pytest.mark.parametrize(
    "text",
    [
        "hola, quiero saber cómo entro en el área",
        "el NIF y el CIF de la comunidad",
        "somos cinco y nos hace falta entrar a todos",
        "",
        "   ",
        "???",
    ],
)
def test_one_need_stays_one_clause(text: str) -> None:
    assert split_needs(text) == [text.strip()]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("¿Dónde veo las facturas? ¿Y cómo entro?", ["¿Dónde veo las facturas", "¿Y cómo entro"]),
        ("quiero ver contratos y además quiero pagar", ["quiero ver contratos", "quiero pagar"]),
        ("cómo entro al área y dónde veo las facturas", ["cómo entro al área", "dónde veo las facturas"]),
        ("com puc entrar? per cert, teniu promocions?", ["com puc entrar", "teniu promocions"]),
        ("ver contratos\nquiero pagar", ["ver contratos", "quiero pagar"]),
    ],
)
def test_a_second_need_is_cut_off(text: str, clauses: list[str]) -> None:
    assert split_needs(text) == clauses


@pytest.mark.parametrize(
    "text",
    [
        "autoriza a Ana. No quiero que tramite",
        "autoriza a Ana. Que solo pueda ver",
        "quiero autorizar a mi hermana, necesito que vea las facturas",
        "autoriza a Ana. Solo lectura",
        "dale acceso a Ana; autorización total",
        "quiero las facturas de marzo y también el total",
        "la fra. de marzo",
        "facturas de Llorente y Vega, S. L. de este año",
        "autoriza a D. Luis Pérez",
        "enséñame las facturas de marzo y las de abril",
        "autoriza a Marta Ruiz, 12345678Z, y dale acceso total",
    ],
)
def test_details_and_abbreviations_are_not_cut_off(text: str) -> None:
    assert split_needs(text) == [text]


def test_no_more_than_three_needs_are_answered() -> None:
    text = "cómo autorizo a mi socio. dónde veo las facturas. cómo cierro sesión. quién me ha autorizado."
    assert len(needs_of(parse, text)) == 3


def test_no_more_than_six_clauses_are_read() -> None:
    read: list[str] = []

    def counting(text: str) -> Mapping[str, Any]:
        read.append(text)
        return parse(text)

    needs_of(counting, "quiero ver esto. " * 9)
    assert len(read) == 1 + 6


def test_each_need_keeps_what_was_said_of_it() -> None:
    text = (
        "Hola. Por favor, cómo autorizo a mi socio. Su NIF es 12345678Z. Solo lectura. Y además dónde veo las facturas."
    )
    assert needs_of(parse, text) == [
        Need("contacts_add", "Por favor, cómo autorizo a mi socio. Su NIF es 12345678Z. Solo lectura"),
        Need("invoices_view", "dónde veo las facturas"),
    ]


def test_a_detail_that_would_change_the_topic_is_left_out() -> None:
    changed = {"dónde veo las facturas. Otro tema": "contracts_view"}

    def unsteady(text: str) -> Mapping[str, Any]:
        found = parse(text)
        return found if text not in changed else {**found, "intent": {"name": changed[text], "confidence": 0.9}}

    text = "dónde veo las facturas. Otro tema. cómo autorizo a mi socio"
    assert Need("invoices_view", "dónde veo las facturas") in needs_of(unsteady, text)


def test_two_sure_topics_are_two_needs_the_main_one_first() -> None:
    text = "dónde veo las facturas y cómo autorizo a mi socio"
    assert needs_of(parse, text) == [
        Need("contacts_add", "cómo autorizo a mi socio"),
        Need("invoices_view", "dónde veo las facturas"),
    ]


def test_thanks_are_no_second_need() -> None:
    assert topics("cómo autorizo a mi socio. gracias por todo.") == ["contacts_add"]


def test_an_unsure_clause_is_no_second_need() -> None:
    assert topics("cómo autorizo a mi socio. quiero el mejor trato.") == ["contacts_add"]


def test_the_same_topic_twice_is_one_need() -> None:
    assert topics("cómo autorizo a mi socio. Repito: cómo autorizo a mi socio.") == ["contacts_add"]


def test_a_single_need_keeps_the_words_of_the_whole_message() -> None:
    text = "Buenas, somos nuevos. cómo autorizo a mi socio."
    assert needs_of(parse, text) == [Need("contacts_add", text)]


def test_an_empty_message_has_one_need_that_is_not_understood() -> None:
    assert topics("") == ["nlu_fallback"]
