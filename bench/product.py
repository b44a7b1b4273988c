"""Our side: `python -m bot run` on a fresh SQLite file or on a PostgreSQL database made for the round."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bench.environments import PROJECT, WORKSHOP, environment, run
from bench.messages import distinct_sentences
from bench.server import Command

HELD_OUT = PROJECT / "tests" / "nlu" / "heldout.yml"
POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
BENCH_DATABASE = "ventanilla_bench"
# One generator is all users: limits per address and overall would be what is measured.
NO_LIMITS = {"RATE_LIMIT_MESSAGES_PER_MINUTE": "0", "RATE_LIMIT_TOTAL_MESSAGES_PER_MINUTE": "0"}
TRAIN = [str(Path(sys.executable).with_name("rasa")), "train", "--force"]


def prepare() -> Path:
    """Train our model when it is missing or old, and install the runtime lock alone; returns that environment."""
    print("Looking to our own model and environment …", flush=True)
    run([sys.executable, "-m", "bot", "train"], PROJECT, "product-train")
    return environment("product", sys.executable, PROJECT / "requirements.lock")


def command(database_url: str, data_folder: Path) -> Command:
    """The server as `make run` starts it, but with a database, a folder and a port of its own."""
    settings = {"PORT": "{port}", "DATABASE_URL": database_url, "DATA_FOLDER": str(data_folder), **NO_LIMITS}
    return Command([sys.executable, "-m", "bot", "run"], PROJECT, settings, WORKSHOP / "product-server.log")


def sentences(seed: int) -> Iterator[str]:
    return distinct_sentences(HELD_OUT, seed)


@contextmanager
def on_sqlite() -> Iterator[Command]:
    """The product on an empty SQLite file that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=WORKSHOP) as folder:
        yield command(f"sqlite:///{folder}/bench.db", Path(folder))


@contextmanager
def on_postgresql() -> Iterator[Command]:
    """The product on an empty PostgreSQL database that is dropped afterwards."""
    administer(f"DROP DATABASE IF EXISTS {BENCH_DATABASE} WITH (FORCE)", f"CREATE DATABASE {BENCH_DATABASE}")
    url = make_url(postgresql_address()).set(database=BENCH_DATABASE).render_as_string(hide_password=False)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=WORKSHOP) as folder:
            yield command(url, Path(folder))
    finally:
        administer(f"DROP DATABASE IF EXISTS {BENCH_DATABASE} WITH (FORCE)")


def postgresql_address() -> str:
    return os.environ.get("BENCH_POSTGRESQL_URL", POSTGRESQL)


def postgresql_version() -> str | None:
    """Version of the PostgreSQL server that may be used, None when there is none."""
    try:
        return administer("SHOW server_version").split()[0]
    except SQLAlchemyError:
        return None


def administer(*statements: str) -> str:
    """Run statements outside a transaction; returns the first value of the last one when it has one."""
    engine = create_engine(postgresql_address(), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            results = [connection.execute(text(statement)) for statement in statements]
            return str(results[-1].scalar()) if results[-1].returns_rows else ""
    finally:
        engine.dispose()
