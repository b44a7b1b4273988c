"""Identifiers reach Rasa as entities."""

import time
from typing import Any

from rasa.shared.nlu.training_data.message import Message

from bot.assistant.nlu.identifier_extractor import IdentifierExtractor


def entities_of(text: str | None, **data: Any) -> list[dict[str, Any]]:
    message = Message({"text": text, **data} if text is not None else data)
    (processed,) = IdentifierExtractor().process([message])
    found: list[dict[str, Any]] = processed.get("entities", [])
    return found


def test_an_identifier_becomes_an_entity_with_its_normalised_value() -> None:
    (entity,) = entities_of("mi dni es 12.345.678-z")
    assert entity == {
        "entity": "identifier",
        "value": "12345678Z",
        "kind": "nif",
        "problem": None,
        "start": 10,
        "end": 22,
        "confidence_entity": 1.0,
        "extractor": "IdentifierExtractor",
    }


def test_an_invalid_identifier_carries_its_problem() -> None:
    assert [entity["problem"] for entity in entities_of("12345678A")] == ["wrong_letter"]


def test_entities_of_other_extractors_stay() -> None:
    other = {"entity": "date", "value": "hoy"}
    assert entities_of("hoy, 12345678Z", entities=[other])[0] == other


def test_a_message_without_text_or_without_identifier_stays_as_it_is() -> None:
    assert [entities_of(None), entities_of(""), entities_of("hola")] == [[], [], []]


def test_the_entities_are_part_of_the_output() -> None:
    message = Message({"text": "12345678Z"})
    IdentifierExtractor().process([message])
    assert "entities" in message.output_properties


def test_a_usual_message_takes_less_than_a_tenth_of_a_millisecond() -> None:
    messages = [Message({"text": "Hola, ¿cómo entro en el área de clientes?"}) for _ in range(1_000)]
    start = time.process_time()
    IdentifierExtractor().process(messages)
    assert time.process_time() - start < 0.1
