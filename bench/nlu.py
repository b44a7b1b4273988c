"""`python -m bench.nlu`: how well and how fast messages are understood, measured inside Rasa; writes docs/nlu_report.html.

`--with-diet` trains Rasa's own default pipeline on the same data in the same run (its figures are kept in
bench/results/diet.json, so that later reports can show them); `--with-massive` adds MASSIVE, 8 examples an intent.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader

from bench import nlu_scores
from bench.machine import processor_model
from bench.nlu_scores import Answer

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "nlu_report.html"
KEPT = PROJECT / "bench" / "results" / "diet.json"
DATA_VARIABLE = "VENTANILLA_NLU_DATA"
OURS, DIET = "Ventanilla", "DIET (Rasa default)"
EXAMPLES_OF_MASSIVE = 8
# The pipeline that `rasa init` writes for Spanish.
DIET_EPOCHS = 100
DIET_PIPELINE: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": DIET_EPOCHS, "constrain_similarities": True, "random_seed": 1},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]

Sentences = list[tuple[str, str]]


@dataclass(frozen=True)
class DataSet:
    name: str
    train: Sentences
    test: Sentences
    two_needs: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Figures:
    """One pipeline on one data set."""

    pipeline: str
    data_set: str
    measured_on: str
    training_seconds: float
    loading_seconds: float
    megabytes: float
    archive_megabytes: float
    answers: list[Answer]
    needs: dict[str, float] | None = None

    @property
    def scores(self) -> dict[str, float]:
        """Everything that fits in one row of the table."""
        answers = self.answers
        return {
            "accuracy": nlu_scores.accuracy(answers),
            "decisions": nlu_scores.accuracy_of_decisions(answers),
            "in_scope": nlu_scores.accuracy(nlu_scores.in_scope(answers)),
            "in_scope_decisions": nlu_scores.accuracy_of_decisions(nlu_scores.in_scope(answers)),
            "out_of_scope": nlu_scores.out_of_scope_recall(answers),
            "wrongly_refused": nlu_scores.wrongly_refused(answers),
            "calibration": nlu_scores.calibration_error(answers),
            "mean": sum(answer.milliseconds for answer in answers) / len(answers),
            "p50": nlu_scores.milliseconds(answers, 50),
            "p95": nlu_scores.milliseconds(answers, 95),
            "slowest": nlu_scores.milliseconds(answers, 100),
        }


def sentences_of(file: Path) -> Sentences:
    """(text, topic) pairs of a Rasa NLU file."""
    blocks = yaml.safe_load(file.read_text("utf-8"))["nlu"]
    return [
        (line[2:].strip(), block["intent"])
        for block in blocks
        if "intent" in block
        for line in map(str.strip, block["examples"].splitlines())
        if line.startswith("- ")
    ]


def own_data() -> list[DataSet]:
    """The held-out questions, and the held-out requests of the customer area."""
    train = [pair for file in sorted((PROJECT / "data" / "nlu").glob("*.yml")) for pair in sentences_of(file)]
    tests = PROJECT / "tests" / "nlu"
    two_needs = yaml.safe_load((tests / "two_needs.yml").read_text("utf-8"))["two_needs"]
    return [
        DataSet("Own held-out set", train, sentences_of(tests / "heldout.yml"), tuple(two_needs)),
        DataSet("Own held-out set, customer area", train, sentences_of(tests / "heldout_area.yml")),
    ]


def corpus_50(file: Path) -> DataSet:
    """nlp.js Corpus-50 es: 50 intents, 5 examples each, 256 tests of which 6 belong to none of them."""
    intents = json.loads(file.read_text("utf-8"))["data"]
    train = [(text, intent["intent"]) for intent in intents for text in intent["utterances"]]
    return DataSet("nlp.js Corpus-50 es", train, [(t, intent["intent"]) for intent in intents for t in intent["tests"]])


def massive(folder: Path) -> DataSet:
    """MASSIVE es-ES, one draw of 8 examples an intent; its development part is the test."""
    parts = []
    for part in ("train", "dev"):
        lines = (folder / f"massive_es_{part}.jsonl").read_text("utf-8").splitlines()
        parts.append([(row["utt"], row["intent"]) for row in map(json.loads, lines)])
    by_intent: dict[str, list[str]] = {}
    for text, intent in parts[0]:
        by_intent.setdefault(intent, []).append(text)
    draw = random.Random(1)
    few = {intent: draw.sample(texts, min(EXAMPLES_OF_MASSIVE, len(texts))) for intent, texts in by_intent.items()}
    train = [(text, intent) for intent, texts in few.items() for text in texts]
    return DataSet("MASSIVE es, 8 examples an intent", train, [row for row in parts[1] if row[1] in by_intent])


def data_sets(with_massive: bool) -> list[DataSet]:
    """Our own, and the public ones where their files are."""
    file = Path(os.environ.get(DATA_VARIABLE, PROJECT.parent / "shared" / "nlu" / "nlpjs_corpus50_es.json"))
    sets = own_data()
    if file.is_file():
        sets.append(corpus_50(file))
    else:
        print(f"nlp.js Corpus-50 es is left out: there is no {file} (set {DATA_VARIABLE} to its path)")
    if with_massive and (file.parent / "massive_es_train.jsonl").is_file():
        sets.append(massive(file.parent))
    return sets


def our_config() -> dict[str, Any]:
    """What we ship, without the dialogue policies."""
    config = yaml.safe_load((PROJECT / "config.yml").read_text("utf-8"))
    return {key: config[key] for key in ("recipe", "language", "pipeline")}


def diet_config(epochs: int = DIET_EPOCHS) -> dict[str, Any]:
    pipeline = [part | {"epochs": epochs} if part["name"] == "DIETClassifier" else part for part in DIET_PIPELINE]
    return {"recipe": "default.v1", "language": "es", "pipeline": pipeline}


def measure_diet(data: DataSet, epochs: int) -> Figures:
    """Rasa's default pipeline; fewer epochs than its own default are told with the figures."""
    figures = measure(DIET, diet_config(epochs), data)
    return figures if epochs == DIET_EPOCHS else replace(figures, measured_on=f"{figures.measured_on}, {epochs} epochs")


def measure(pipeline: str, config: dict[str, Any], data: DataSet) -> Figures:
    """Train and ask in a new process with one thread, so that nothing is shared."""
    print(f"{pipeline}: training and asking, {data.name} …", flush=True)
    task = {"config": config, "train": data.train, "test": data.test, "two_needs": data.two_needs}
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RASA_TELEMETRY_ENABLED": "false"}
    with tempfile.TemporaryDirectory() as folder:
        task_file, result_file = Path(folder) / "task.json", Path(folder) / "result.json"
        task_file.write_text(json.dumps(task), "utf-8")
        command = [sys.executable, "-m", "bench.nlu_measure", str(task_file), str(result_file)]
        finished = subprocess.run(
            command, cwd=PROJECT, env={**os.environ, **one_thread}, capture_output=True, text=True
        )
        if finished.returncode:
            raise SystemExit(f"{pipeline} on {data.name} failed:\n{finished.stderr[-3000:]}")
        return figures_from(pipeline, data.name, json.loads(result_file.read_text("utf-8")))


def figures_from(pipeline: str, data_set: str, stored: dict[str, Any]) -> Figures:
    answers = [Answer(**answer) for answer in stored.pop("answers")]
    measured_on = stored.pop(
        "measured_on", f"{datetime.now(UTC):%Y-%m-%d} on {processor_model()}, {os.cpu_count()} cores"
    )
    return Figures(pipeline, data_set, measured_on, answers=answers, **stored)


def keep(figures: Figures) -> None:
    """Write DIET's figures on one data set down, beside those on the others."""
    KEPT.parent.mkdir(exist_ok=True)
    stored = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    stored[figures.data_set] = {k: v for k, v in asdict(figures).items() if k not in {"pipeline", "data_set"}}
    KEPT.write_text(json.dumps(stored, ensure_ascii=False, separators=(",", ":")), "utf-8")


def kept(names: Sequence[str]) -> list[Figures]:
    """DIET's last figures on these data sets."""
    stored = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    return [figures_from(DIET, name, stored[name]) for name in names if name in stored]


def write_page(all_figures: Sequence[Figures]) -> None:
    page = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template(
        "nlu_report.html.j2"
    )
    own = next(each for each in all_figures if each.pipeline == OURS)
    PAGE.write_text(
        page.render(
            figures=all_figures,
            topics=nlu_scores.topic_scores(own.answers),
            confusions=nlu_scores.confusions(own.answers),
            bins=nlu_scores.reliability(own.answers),
            own=own,
        ),
        "utf-8",
    )


def print_table(all_figures: Sequence[Figures]) -> None:
    for each in all_figures:
        row = "  ".join(f"{name} {value:.3f}" for name, value in each.scores.items())
        print(
            f"{each.data_set} | {each.pipeline} | {row} | training {each.training_seconds:.0f} s, {each.megabytes:.0f} MB"
        )
        if each.needs:
            print(f"two needs found {each.needs['recall']:.3f}, one need torn {each.needs['false_splits']:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.nlu", description=__doc__)
    parser.add_argument(
        "--with-diet",
        nargs="?",
        const=DIET_EPOCHS,
        type=int,
        metavar="EPOCHS",
        help="train Rasa's default pipeline too, for so many epochs (100, as Rasa does, take over an hour on two cores)",
    )
    parser.add_argument("--with-massive", action="store_true", help="add MASSIVE, where its files are")
    options = parser.parse_args()
    sets = data_sets(options.with_massive)
    ours = [measure(OURS, our_config(), data) for data in sets]
    for data in reversed(sets) if options.with_diet else []:  # our own data take the longest
        keep(measure_diet(data, options.with_diet))
    figures = sorted(
        [*ours, *kept([data.name for data in sets])], key=lambda f: [d.name for d in sets].index(f.data_set)
    )
    write_page(figures)
    print_table(figures)
    print(f"written: {PAGE.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
