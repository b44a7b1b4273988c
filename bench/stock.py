"""The stock side: `pip install rasa`, `rasa init`, `rasa run`, nothing changed, in an environment of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.environments import WORKSHOP, environment, run
from bench.messages import moodbot_sentences
from bench.server import Command

# Rasa's package metadata asks for a Python below 3.11. Elsewhere the nearest set that installs is measured instead.
LOCKS = {
    (3, 10): Path(__file__).with_name("requirements-stock.lock"),
    (3, 11): Path(__file__).with_name("requirements-stock-3.11.lock"),
}
NO_TELEMETRY = {"RASA_TELEMETRY_ENABLED": "false"}


@dataclass(frozen=True)
class Stock:
    """The installed and trained stock bot."""

    environment: Path
    bot: Path
    python_version: str

    @property
    def version(self) -> str:
        return f"Rasa 3.6.21 on Python {self.python_version}"

    @property
    def train_arguments(self) -> list[str]:
        return [str(self.environment / "bin" / "rasa"), "train", "--force"]

    def command(self) -> Command:
        """Served the stock way: `rasa run` with the REST channel that `rasa init` switches on."""
        rasa = str(self.environment / "bin" / "rasa")
        return Command([rasa, "run", "--port", "{port}"], self.bot, NO_TELEMETRY, WORKSHOP / "stock-server.log")

    def sentences(self, seed: int) -> Iterator[str]:
        return moodbot_sentences(self.bot / "data" / "nlu.yml", seed)


def prepare() -> Stock:
    """Install and train the stock bot unless that is done already; raises CannotPrepare."""
    python, version = find_python()
    folder = environment("stock", python, LOCKS[version[:2]])
    bot = WORKSHOP / "moodbot"
    if not list(bot.glob("models/*.tar.gz")):
        print("Training the stock bot …", flush=True)
        bot.mkdir(parents=True, exist_ok=True)
        rasa = str(folder / "bin" / "rasa")
        run([rasa, "init", "--no-prompt", "--init-dir", str(bot)], bot, "stock-init", NO_TELEMETRY)
    return Stock(folder, bot, ".".join(map(str, version)))


def find_python() -> tuple[str, tuple[int, int, int]]:
    """A Python 3.10 that runs, named by BENCH_STOCK_PYTHON, on PATH or in pyenv's place; else this Python 3.11."""
    in_pyenv = sorted(str(path) for path in Path.home().glob(".pyenv/versions/3.10.*/bin/python"))
    for candidate in (os.environ.get("BENCH_STOCK_PYTHON"), shutil.which("python3.10"), *in_pyenv):
        version = candidate and python_version(candidate)
        if candidate and version and version[:2] in LOCKS:
            return candidate, version
    return sys.executable, sys.version_info[:3]


def python_version(python: str) -> tuple[int, int, int] | None:
    """Version of an interpreter, None when it does not run (a pyenv shim of a version not chosen, say)."""
    show = "import sys; print(*sys.version_info[:3])"
    try:
        done = subprocess.run([python, "-c", show], capture_output=True, text=True, check=False)
    except OSError:
        return None
    numbers = [int(part) for part in done.stdout.split()]
    return (numbers[0], numbers[1], numbers[2]) if done.returncode == 0 and len(numbers) == 3 else None
