"""The topic classifier: trained on a small world of its own, inside Rasa's component contract."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.assistant.nlu.calibration import NEVER, calibration_error, fitted_sharpness, level_of_agreement, softmax
from bot.assistant.nlu.features import SparseFeatures
from bot.assistant.nlu.model_files import read_model, write_model
from bot.assistant.nlu.ridge import fit_ridge
from bot.assistant.nlu.text import plain, words
from bot.assistant.nlu.topic_classifier import TopicClassifier
from bot.assistant.nlu.topic_model import train

WORLD = {
    "invoices_view": ["ver mis facturas", "descargar una factura", "dónde está la última factura", "bajar recibos"],
    "password_forgotten": ["he olvidado la contraseña", "no recuerdo mi contraseña", "cambiar la clave", "contraseña"],
    "gas_smell": ["huele a gas", "creo que hay una fuga de gas", "olor a gas en la cocina", "escape de gas"],
    "greet": ["hola", "buenos días", "buenas tardes", "muy buenas"],
}


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> LocalModelStorage:
    return LocalModelStorage(tmp_path_factory.mktemp("storage"))


@pytest.fixture(scope="module")
def trained(storage: LocalModelStorage) -> TopicClassifier:
    examples = [Message({"text": text, "intent": topic}) for topic, texts in WORLD.items() for text in texts]
    component = TopicClassifier.create(TopicClassifier.get_default_config(), storage, RESOURCE, CONTEXT)
    component.train(TrainingData(examples))
    return component


RESOURCE = Resource("topics")
CONTEXT = ExecutionContext(GraphSchema({}))


def load(storage: LocalModelStorage, **config: Any) -> TopicClassifier:
    return TopicClassifier.load({**TopicClassifier.get_default_config(), **config}, storage, RESOURCE, CONTEXT)


def parsed(component: TopicClassifier, text: str | None) -> dict[str, Any]:
    (message,) = component.process([Message({"text": text} if text is not None else {})])
    return {"intent": message.get("intent"), "ranking": message.get("intent_ranking")}


def topic(component: TopicClassifier, text: str) -> str:
    return str(parsed(component, text)["intent"]["name"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quiero descargar las facturas", "invoices_view"),
        ("se me olvido la contrasena", "password_forgotten"),
        ("noto olor a gas", "gas_smell"),
        ("where can I download my invoices?", "invoices_view"),
        ("he oblidat la contrasenya", "password_forgotten"),
    ],
)
def test_sentences_that_it_never_saw_are_understood(trained: TopicClassifier, text: str, expected: str) -> None:
    assert topic(trained, text) == expected


def test_accents_and_capitals_change_nothing(trained: TopicClassifier) -> None:
    assert parsed(trained, "DÓNDE ESTÁ LA ÚLTIMA FACTURA") == parsed(trained, "donde esta la ultima factura")


@pytest.mark.parametrize("text", ["", "   ", "???", "🙂", "\u200b\u200b", None])
def test_a_message_without_words_falls_back_without_candidates(trained: TopicClassifier, text: str | None) -> None:
    assert parsed(trained, text) == {"intent": {"name": "nlu_fallback", "confidence": 1.0}, "ranking": []}


def test_below_the_threshold_the_candidates_stay_in_the_ranking(
    trained: TopicClassifier, storage: LocalModelStorage
) -> None:
    answer = parsed(load(storage, threshold=1.01), "ver facturas")
    assert answer["intent"]["name"] == "nlu_fallback"
    assert answer["ranking"][0]["name"] == "invoices_view"


def test_probabilities_are_sorted_and_add_up_to_one(trained: TopicClassifier) -> None:
    confidences = [each["confidence"] for each in parsed(trained, "ver una factura")["ranking"]]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) == pytest.approx(1, abs=1e-3)


def test_a_loaded_model_says_what_the_trained_one_says(trained: TopicClassifier, storage: LocalModelStorage) -> None:
    for text in ("no me acuerdo de la clave", "hay un escape en la caldera"):
        before, after = parsed(trained, text)["ranking"], parsed(load(storage), text)["ranking"]
        assert [each["name"] for each in after] == [each["name"] for each in before]
        assert after[0]["confidence"] == pytest.approx(before[0]["confidence"], abs=0.01)


def test_what_is_read_looks_at_the_meaning_as_what_was_written(tmp_path: Path) -> None:
    written = replace(
        train([(text, topic) for topic, texts in WORLD.items() for text in texts], 0.2, 0).model, sure=NEVER
    )
    write_model(written, tmp_path)
    for text in ("no me acuerdo de la clave", "hay un escape en la caldera", "hey there"):
        assert read_model(tmp_path).probabilities(text) == pytest.approx(written.probabilities(text), abs=0.01)


def test_the_stored_model_holds_nothing_that_runs_code(trained: TopicClassifier, storage: LocalModelStorage) -> None:
    with storage.read_from(RESOURCE) as directory:
        assert {file.suffix for file in directory.iterdir()} == {".json", ".npz"}
        for file in directory.glob("*.npz"):
            with np.load(file, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype != object for name in arrays.files)


def test_loading_a_model_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="topics"):
        load(LocalModelStorage(tmp_path))


def test_one_topic_alone_cannot_be_learnt(storage: LocalModelStorage) -> None:
    component = TopicClassifier.create(TopicClassifier.get_default_config(), storage, Resource("one"), CONTEXT)
    with pytest.raises(ValueError, match="fewer than two topics"):
        component.train(TrainingData([Message({"text": "hola", "intent": "greet"})]))


def test_a_message_of_a_hundred_kilobytes_is_answered(trained: TopicClassifier) -> None:
    assert parsed(trained, "factura " * 12_500)["intent"]["name"] == "invoices_view"


def test_identifiers_are_masked_and_abbreviations_written_out() -> None:
    assert words("la FRA. de 12.345.678-Z") == ["la", "factura", "de", "zznif"]


def test_plain_text_has_no_accents_and_no_hidden_characters() -> None:
    assert plain("  Contraseña\u200b\tNUEVA\x00 ") == "contrasena nueva"


def test_a_sparse_row_has_length_one() -> None:
    features = SparseFeatures.learn(["ver facturas", "ver contratos"])
    assert np.square(features.row("ver facturas").values).sum() == pytest.approx(1, abs=1e-5)


def test_leave_one_out_scores_are_those_of_a_fit_without_the_example() -> None:
    rows = np.random.default_rng(1).normal(size=(12, 5)).astype(np.float32)
    kernel, labels = rows @ rows.T, np.arange(12) % 3
    without = fit_ridge(kernel[1:, 1:].copy(), labels[1:], 3, 0.5)
    assert fit_ridge(kernel.copy(), labels, 3, 0.5).held_out[0] == pytest.approx(
        kernel[0, 1:] @ without.duals, abs=1e-3
    )


def test_sharpness_makes_the_probabilities_honest() -> None:
    draw = np.random.default_rng(1)
    scores = draw.normal(size=(4000, 3)).astype(np.float32)
    labels = np.array([draw.choice(3, p=row / row.sum()) for row in softmax(3 * scores).astype(np.float64)])
    sharp = fitted_sharpness(scores, labels)
    probabilities = softmax(scores * np.float32(sharp))
    assert sharp == pytest.approx(3, abs=0.3)
    assert calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels) < 0.03


def test_the_quick_look_answers_alone_only_where_the_full_one_would_not_do_better() -> None:
    quick = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], dtype=np.float32)
    full = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1]], dtype=np.float32)
    labels = np.array([0, 0, 1, 0])
    assert level_of_agreement(quick, full, labels, 0) == pytest.approx(0.8)
    assert level_of_agreement(quick, full, labels, 0.25) == pytest.approx(0.6)
    assert level_of_agreement(quick[2:3], full[2:3], labels[2:3], 0) == NEVER
