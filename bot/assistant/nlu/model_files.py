"""A topic model on disk: names as JSON, numbers as arrays; nothing that runs code when it is read."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.assistant.nlu.encoder import SentenceEncoder
from bot.assistant.nlu.features import SparseFeatures
from bot.assistant.nlu.meaning import MeaningSpace
from bot.assistant.nlu.topic_model import TopicModel, WordHead

_NAMES_FILE = "names.json"
_TOPICS_FILE = "topics.npz"
_ENCODER_FILE = "encoder.npz"


def write_model(model: TopicModel, directory: Path) -> None:
    """Three files in `directory`."""
    names = {
        "topics": model.topics,
        "features": model.features.names,
        "pieces": model.meaning.encoder.vocabulary.pieces,
    }
    (directory / _NAMES_FILE).write_text(json.dumps(names, ensure_ascii=False), "utf-8")
    np.savez(directory / _TOPICS_FILE, **_topic_arrays(model))
    np.savez(directory / _ENCODER_FILE, **model.meaning.encoder.arrays())


def _topic_arrays(model: TopicModel) -> dict[str, NDArray[np.generic]]:
    return {
        "feature_weights": model.features.weights,
        "quick": model.quick.weights.astype(np.float16),
        "full": model.full.weights.astype(np.float16),
        "levels": np.array([model.quick.sharpness, model.full.sharpness, model.sure]),
        "mean": model.meaning.mean,
        "directions": model.meaning.directions.astype(np.float16),
        "examples": model.meaning.examples.astype(np.float16),
        "familiar": model.meaning.familiar,
        "duals": model.meaning_duals.astype(np.float16),
    }


def read_model(directory: Path) -> TopicModel:
    """The model that `write_model` left in `directory`. Raises FileNotFoundError where there is none."""
    names = json.loads((directory / _NAMES_FILE).read_text("utf-8"))
    with np.load(directory / _ENCODER_FILE, allow_pickle=False) as stored:
        encoder = SentenceEncoder(names["pieces"], {name: stored[name] for name in stored.files})
    with np.load(directory / _TOPICS_FILE, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    quick_sharpness, full_sharpness, sure = (float(level) for level in arrays["levels"])
    single = {name: array.astype(np.float32) for name, array in arrays.items()}
    return TopicModel(
        topics=names["topics"],
        features=SparseFeatures(names["features"], single["feature_weights"]),
        quick=WordHead(arrays["quick"], quick_sharpness),
        full=WordHead(arrays["full"], full_sharpness),
        meaning=MeaningSpace(encoder, single["mean"], single["directions"], single["examples"], arrays["familiar"]),
        meaning_duals=single["duals"],
        sure=sure,
    )
