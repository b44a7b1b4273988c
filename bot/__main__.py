"""`python -m bot …`: the commands. Each problem an operator can cause ends with one clear line and exit code 2."""

from __future__ import annotations

import argparse
import gc
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.assistant import training
from bot.settings import BadSetting, Settings, read_settings

if TYPE_CHECKING:  # imported late: a bad setting is told before anything slow is loaded
    from bot.company import Company
    from bot.conversation.router import Assistant
    from bot.database import Database

BAD_ROWS = 1
USAGE_ERROR = 2
SECONDS_TO_END = 3.0


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    os.umask(0o077)  # what we write holds personal data
    for library in ("OPENBLAS", "OMP"):  # a message is too small to share between cores; threads answer others
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    chosen = _parser().parse_args(arguments)
    try:
        settings = read_settings()
        options = {name: value for name, value in vars(chosen).items() if name != "command"}
        command: Callable[..., int] = chosen.command
        return command(settings, **options)
    except BadSetting as error:
        return _refuse(str(error))
    except training.TrainingFailed:
        return _refuse("the model could not be trained: see the lines above")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Ventanilla, the assistant of the agencies.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command, text in (
        ("run", run, "start the assistant and everything around it"),
        ("train", train, "train the model, if its data changed"),
        ("migrate", migrate, "bring the database to the newest schema"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(command=command)
    text = "load clients, contracts and invoices from CSV files (docs/import.md)"
    loading = commands.add_parser("import", help=text, description=text)
    loading.add_argument("files", nargs="+", type=Path, metavar="file", help="clients, contracts or invoices as CSV")
    loading.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
    loading.set_defaults(command=import_files)
    return parser


def run(settings: Settings) -> int:
    """Listen, train if needed, load, serve until a signal comes."""
    listening = _listen(settings)
    import uvloop
    from aiohttp import web

    from bot.app import make_app
    from bot.logs import configure_logs
    from bot.services import make_services

    configure_logs(settings.log_level)
    services = make_services(settings, _trained_assistant)
    for person in services.demo_people:
        print(f"Demo: {person}", flush=True)
    app = make_app(services)
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector need not walk it again and again
    ready = f"Ready. Open {settings.address} — Ctrl-C ends."
    web.run_app(
        app,
        sock=listening,
        print=lambda *_: print(ready, flush=True),
        access_log=None,
        shutdown_timeout=SECONDS_TO_END,
        loop=uvloop.new_event_loop(),
    )
    return 0


def _trained_assistant(settings: Settings, database: Database, company: Company) -> Assistant:
    from bot.services import load_assistant

    _ensure_model(settings)
    print("Loading the assistant …", flush=True)
    started = time.monotonic()
    assistant = load_assistant(settings, database, company)
    print(f"Loaded in {time.monotonic() - started:.1f} s.", flush=True)
    return assistant


def train(settings: Settings) -> int:
    """Train the model unless it is up to date."""
    _ensure_model(settings)
    return 0


def migrate(settings: Settings) -> int:
    """Bring the database to the newest schema."""
    from bot.services import open_database

    open_database(settings).close()
    return 0


def import_files(settings: Settings, files: list[Path], dry_run: bool) -> int:
    """Load CSV files, all or nothing. 0: done, 1: rows that cannot be taken, listed on standard error, 2: no such file."""
    from bot.imports.model import FileRefused
    from bot.imports.report import Bars, said
    from bot.imports.service import load, open_files
    from bot.services import open_database

    try:
        opened = open_files(files)
        database = open_database(settings)
        with Bars(opened) as progress:
            outcome = load(database, opened, dry_run, progress)
    except FileRefused as error:
        return _refuse(str(error))
    database.close()
    print(*said(outcome), sep="\n", file=sys.stderr if outcome.problems.count else sys.stdout)
    return BAD_ROWS if outcome.problems.count else 0


def _ensure_model(settings: Settings) -> None:
    if training.is_current(settings.models_folder):
        return
    print("Training the model (about a minute, only when its data changed) …", flush=True)
    started = time.monotonic()
    training.train(settings.models_folder)
    print(f"Trained in {time.monotonic() - started:.0f} s.", flush=True)


def _listen(settings: Settings) -> socket.socket:
    """The port is taken before anything slow happens, so that a busy one is told at once."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise BadSetting(f"HOST: {settings.host} is no address of this machine") from None
    listening = socket.socket(family, kind)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
    except OSError as error:
        raise BadSetting(f"PORT: {settings.host}:{settings.port} cannot be used ({error.strerror})") from None
    return listening


def _refuse(reason: str) -> int:
    print(f"ventanilla: {reason}", file=sys.stderr)
    return USAGE_ERROR


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
