"""What the trained model makes of sentences that it has never seen; two sets, each written blind by another hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.assistant.engine import RasaAssistant

SETS = Path(__file__).resolve().parents[1] / "nlu"
REFUSALS = {"near_meter_reading", "near_tariffs", "near_tax_advice", "near_supply_changes", "out_of_scope"}
LEAST_ACCURACY, LEAST_REFUSED = 0.93, 0.88


def sentences(name: str) -> list[tuple[str, str]]:
    entries = yaml.safe_load((SETS / name).read_text(encoding="utf-8"))["nlu"]
    return [
        (entry["intent"], line.removeprefix("- ").strip())
        for entry in entries
        for line in entry["examples"].splitlines()
    ]


@pytest.fixture(scope="module", params=["heldout.yml", "heldout_second.yml"])
def read(request: pytest.FixtureRequest, assistant: RasaAssistant) -> list[tuple[str, str]]:
    """Pairs of the topic that a sentence is about and the one that it was taken for."""
    parse = assistant._processor.parse_text
    return [(topic, parse(text)["intent"]["name"]) for topic, text in sentences(request.param)]


def test_topics_are_told_apart(read: list[tuple[str, str]]) -> None:
    in_scope = [topic == taken for topic, taken in read if topic not in REFUSALS]
    assert sum(in_scope) / len(in_scope) >= LEAST_ACCURACY


def test_what_is_not_ours_is_refused_or_asked_about(read: list[tuple[str, str]]) -> None:
    refused = [taken in REFUSALS or taken == "nlu_fallback" for topic, taken in read if topic in REFUSALS]
    assert sum(refused) / len(refused) >= LEAST_REFUSED


def test_a_question_of_ours_is_hardly_ever_refused(read: list[tuple[str, str]]) -> None:
    refused = [taken in REFUSALS for topic, taken in read if topic not in REFUSALS]
    assert sum(refused) / len(refused) <= 0.03


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("donde veo la fra. de la cdad prop", "invoices_view"),
        ("COMO ENTRO EN EL AREA DE CLIENTES", "access_how"),
        ("he olvidao la contrasenya", "password_forgotten"),
        ("on puc veure les factures?", "invoices_view"),
        ("i forgot my password", "password_forgotten"),
        ("hola buenas mira que no me acuerdo de la contraseña y no puedo entrar me podeis decir como la cambio gracias",
         "password_forgotten"),
    ],
)  # fmt: skip
def test_abbreviations_typos_dictation_and_other_languages_do_not_break_it(
    assistant: RasaAssistant, text: str, topic: str
) -> None:
    assert assistant.understand(text)[0]["intent"]["name"] == topic
