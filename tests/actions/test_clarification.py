"""Unsure once: two topics to choose from. Unsure twice in a row: a person."""

from typing import Any

import pytest

from actions.clarification import ActionClarify
from tests.actions.conversations import Outcome, outcome_of, tracker_of


def answer(title: str | None) -> list[dict[str, Any]]:
    return [{"text": "…", **({"metadata": {"title": title}} if title else {})}]


DOMAIN = {
    "responses": {
        "utter_access_how": answer("Cómo entrar"),
        "utter_invoices_view": answer("Ver facturas"),
        "utter_payment_day": answer("Día de pago"),
        "utter_human_request": answer("Una persona"),
        "utter_greet": answer("Saludo"),
        "utter_cancel": answer("Cancelar"),
        "utter_near_tariffs": answer("Tarifas"),
        "utter_promotions": answer(None),
    }
}
PERSON = {"title": "Una persona", "payload": "/human_request"}


def clarified(*ranking: str, before: tuple[tuple[str, str], ...] = ()) -> Outcome:
    return outcome_of(ActionClarify(), tracker_of("mmm", ranking=ranking, before=before), DOMAIN)


def test_the_two_likeliest_topics_and_a_person_are_offered() -> None:
    outcome = clarified("nlu_fallback", "access_how", "invoices_view", "payment_day")
    assert outcome.said == ["utter_clarify"]
    assert outcome.messages[0]["buttons"] == [
        {"title": "Cómo entrar", "payload": "/access_how"},
        {"title": "Ver facturas", "payload": "/invoices_view"},
        PERSON,
    ]


@pytest.mark.parametrize("never", ["greet", "cancel", "near_tariffs", "promotions", "human_request", "unknown"])
def test_what_is_no_topic_or_has_no_title_is_not_offered(never: str) -> None:
    buttons = clarified("nlu_fallback", never, "access_how", "payment_day").messages[0]["buttons"]
    assert [button["payload"] for button in buttons] == ["/access_how", "/payment_day", "/human_request"]


def test_without_a_ranking_a_person_is_the_only_choice() -> None:
    outcome = clarified()
    assert (outcome.said, outcome.messages[0]["buttons"]) == (["utter_clarify"], [PERSON])


def test_the_second_time_in_a_row_a_person_is_offered() -> None:
    outcome = clarified("nlu_fallback", "access_how", before=(("eh", "nlu_fallback"),))
    assert (outcome.said, outcome.messages[0]["buttons"]) == (["utter_person_offered"], [PERSON])


def test_a_message_understood_in_between_starts_the_count_again() -> None:
    outcome = clarified("access_how", before=(("eh", "nlu_fallback"), ("hola", "greet")))
    assert outcome.said == ["utter_clarify"]


def test_clarifying_changes_no_slot() -> None:
    assert clarified("access_how").events == []
