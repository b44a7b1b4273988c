"""The model archive: trained when it is missing or when what it was trained from has changed."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
from pathlib import Path

from bot.logs import hide_warnings
from bot.settings import PROJECT, BadSetting

MODEL_NAME = "ventanilla"
SOURCES = (
    "config.yml",
    "domain.yml",
    "requirements.lock",
    "data/**/*.yml",
    "bot/assistant/nlu/*",
    "bot/identity/identifier*.py",
)


class TrainingFailed(Exception):
    """`rasa train` ended with an error; its own output says which."""


def fingerprint() -> str:
    """A hash over everything a model is made from; file times do not matter, so a fresh checkout trains nothing anew."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in PROJECT.glob(pattern) if path.is_file()):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def is_current(models: Path) -> bool:
    """Whether the archive exists and was trained from today's sources."""
    note = models / f"{MODEL_NAME}.fingerprint"
    return archive(models).exists() and note.exists() and note.read_text(encoding="ascii") == fingerprint()


def archive(models: Path) -> Path:
    """Where the model archive is."""
    return models / f"{MODEL_NAME}.tar.gz"


def train(models: Path) -> None:
    """Train in a process of its own, so that what training needs in memory is given back. Raises TrainingFailed."""
    made_from = fingerprint()
    try:
        models.mkdir(parents=True, exist_ok=True)
        (models / f"{MODEL_NAME}.fingerprint").unlink(missing_ok=True)
    except OSError as error:
        raise BadSetting(f"MODELS_FOLDER: {models} cannot be written ({error.strerror})") from None
    command = [sys.executable, "-m", "bot.assistant.training", str(models)]
    if subprocess.run(command, cwd=PROJECT, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}).returncode:
        raise TrainingFailed
    (models / f"{MODEL_NAME}.fingerprint").write_text(made_from, encoding="ascii")


def _train_here(models: str) -> int:
    """The child process: what `rasa train` does, without its command line's calls home."""
    hide_warnings()  # Rasa's advice about options that we chose; `rasa data validate` shows it
    from rasa.api import train as rasa_train
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(log_level=logging.WARNING)
    result = rasa_train(
        domain="domain.yml",
        config="config.yml",
        training_files=["data"],
        output=models,
        fixed_model_name=MODEL_NAME,
    )
    return int(result.code)


if __name__ == "__main__":
    sys.exit(_train_here(sys.argv[1]))
