"""`python -m bot …`: the commands. Each problem an operator can cause ends with one clear line and exit code 2."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.assistant import training
from bot.listening import listen
from bot.settings import BadSetting, Settings, read_settings

if TYPE_CHECKING:  # imported late: a bad setting is told before anything slow is loaded
    from bot.area import Area
    from bot.company import Company
    from bot.conversation.answering import Assistant
    from bot.database import Database

BAD_ROWS = 1
SOMETHING_LEFT = 1
SOMETHING_LATE = 1
USAGE_ERROR = 2
SECONDS_TO_END = 3.0
THREAD_SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps others waiting. Storing a message gives way a dozen times (each word with the database);
with Python's usual 5 ms each, acknowledging one took 90 ms beside a thread that understands another, with this 9 ms."""


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
    text = "show the procedures that have to be answered, the late ones first; exit code 1 when any is late"
    commands.add_parser("procedures", help=text, description=text).set_defaults(command=show_procedures)
    text = "show who did what, on whose behalf, when and with which result"
    auditing = commands.add_parser("audit", help=text, description=text)
    auditing.add_argument("--person", metavar="NIF", help="only what this person did")
    auditing.add_argument("--agency", type=int, metavar="NUMBER", help="only on behalf of this agency")
    auditing.add_argument("--action", help="only this action, e.g. invoice_downloaded")
    auditing.add_argument("--object", metavar="KIND[:ID]", help="only on objects of a kind, or on one of them")
    auditing.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="from this day on, e.g. 2026-11-22")
    auditing.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="up to this day")
    auditing.add_argument("--csv", action="store_true", help="as a table for a spreadsheet")
    auditing.set_defaults(command=show_audit)
    text = "questions that were not understood: write those with a topic to a file for review (docs/operating.md)"
    reviewing = commands.add_parser("unanswered", help=text, description=text)
    reviewing.add_argument("what", choices=["export"], help="export: write the file")
    reviewing.add_argument(
        "file", nargs="?", type=Path, help="empty: review/questions.yml in DATA_FOLDER; -: standard output"
    )
    reviewing.set_defaults(command=export_unanswered)
    text = "erase a person's conversations, as they may ask for; shows first what there is (docs/operating.md)"
    erasing = commands.add_parser("erase", help=text, description=text)
    erasing.add_argument(
        "who", help="a NIF or another identifier, or an address: telegram:123456, whatsapp:34600000000"
    )
    erasing.add_argument("--yes", action="store_true", help="erase it; cannot be undone")
    erasing.set_defaults(command=erase)
    _add_staff(commands)
    return parser


def _add_staff(commands: Any) -> None:
    text = "accounts of the people at the support desk"
    actions = commands.add_parser("staff", help=text, description=text).add_subparsers(required=True, metavar="action")
    for name, about in (("add", "make an account"), ("reset", "another password and app; signs out everywhere")):
        one = actions.add_parser(name, help=about, description=about)
        one.add_argument("login", help="what is typed to sign in, e.g. laura or laura@example.com")
        if name == "add":
            one.add_argument("--name", required=True, help="what customers see, e.g. 'Laura Gil'")
            one.add_argument("--role", default="agent", help="agent or supervisor")
            one.add_argument("--team", default="", help="conversations can be passed to a team")
            one.add_argument("--subject", default="", help="what the identity provider calls them (STAFF_OIDC_CLAIM)")
        one.add_argument("--ask-password", action="store_true", help="type a password instead of having one drawn")
        one.add_argument("--no-second-factor", action="store_true", help="sign in without the code of an app")
        one.set_defaults(command=change_staff, action=name)
    about = "have an account of the identity provider sign in as this one; signs out everywhere"
    one = actions.add_parser("link", help=about, description=about)
    one.add_argument("login")
    one.add_argument("subject", help="what STAFF_OIDC_CLAIM says of them; '' for nobody")
    one.set_defaults(command=change_staff, action="link")
    for name, about in (("disable", "nobody signs in with it any more"), ("list", "all accounts")):
        one = actions.add_parser(name, help=about, description=about)
        if name == "disable":
            one.add_argument("login")
        one.set_defaults(command=change_staff, action=name)


def run(settings: Settings) -> int:
    """Listen, train if needed, load, serve until a signal comes."""
    listening = listen(settings)
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
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
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


def _trained_assistant(settings: Settings, database: Database, company: Company, area: Area) -> Assistant:
    from bot.services import load_assistant

    _ensure_model(settings)
    print("Loading the assistant …", flush=True)
    started = time.monotonic()
    assistant = load_assistant(settings, database, company, area)
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


def show_audit(settings: Settings, csv: bool, **asked: Any) -> int:
    """Print what the audit holds, newest first."""
    from bot.audit.command import Asked, PersonUnknown, print_audit
    from bot.identity.persons import person_id_of
    from bot.services import open_database

    database = open_database(settings)
    try:
        print_audit(database, person_id_of, Asked(**asked), as_table=csv)
    except PersonUnknown:
        return _refuse(f"nobody with the identifier {asked['person']} is known")
    finally:
        database.close()
    return 0


def show_procedures(settings: Settings) -> int:
    """Print what has to be answered, what is due first comes first. 0: nothing is late, 1: something is."""
    from bot.database import utc_now
    from bot.procedures.command import print_due
    from bot.services import open_database

    database = open_database(settings)
    late = print_due(database, utc_now())
    database.close()
    return SOMETHING_LATE if late else 0


def export_unanswered(settings: Settings, what: str, file: Path | None) -> int:
    """Write the questions with a topic in the form of the training data."""
    from bot.services import open_database
    from bot.unanswered.review import write, written

    assert what == "export"
    path = file or settings.data_folder / "review" / "questions.yml"
    database = open_database(settings)
    try:
        with database.reading() as connection:
            if str(path) == "-":
                print(written(connection), end="")
                return 0
            write(connection, path)
    except OSError as error:
        return _refuse(f"{path} cannot be written ({error.strerror})")
    finally:
        database.close()
    print(path)
    return 0


def erase(settings: Settings, who: str, yes: bool) -> int:
    """Count or erase conversations. 0: done or counted, 1: some stay for now, 2: nothing found."""
    from bot.area import Area
    from bot.channels.contract import address_of_typed
    from bot.database import utc_now
    from bot.retention.command import NothingFound, erase_conversations
    from bot.services import open_database
    from bot.settings import session_secret

    database, area = open_database(settings), Area(settings.public_address, session_secret(settings))
    try:
        lines, is_all = erase_conversations(database, who, partial(address_of_typed, area), yes, utc_now())
    except NothingFound as error:
        return _refuse(str(error))
    finally:
        database.close()
    print(*lines, sep="\n")
    return 0 if is_all else SOMETHING_LEFT


def change_staff(settings: Settings, action: str, login: str = "", **asked: Any) -> int:
    """Add, reset, link, disable or list accounts of the staff."""
    from bot.area import Area
    from bot.database import utc_now
    from bot.desk import command
    from bot.desk.staff import BadAccount, NewAccount
    from bot.services import open_database
    from bot.settings import session_secret

    database, now = open_database(settings), utc_now()
    area = Area(settings.public_address, session_secret(settings))
    try:
        if action == "list":
            lines = command.listed(database)
        elif action == "link":
            lines = command.link(database, login, asked["subject"], now)
        elif action == "disable":
            lines = command.disable(database, login, now)
        else:
            how = {"asks": asked["ask_password"], "has_code": not asked["no_second_factor"]}
            if action == "reset":
                lines = command.reset(database, area, login, now, **how)
            else:
                account = NewAccount(
                    login, asked["name"], command.role_of(asked["role"]), asked["team"], asked["subject"]
                )
                lines = command.add(database, area, account, now, **how)
    except BadAccount as refused:
        return _refuse(str(refused))
    finally:
        database.close()
    print(*lines, sep="\n")
    return 0


def _ensure_model(settings: Settings) -> None:
    if training.is_current(settings.models_folder):
        return
    print("Training the model (about a minute, only when its data changed) …", flush=True)
    started = time.monotonic()
    training.train(settings.models_folder)
    print(f"Trained in {time.monotonic() - started:.0f} s.", flush=True)


def _refuse(reason: str) -> int:
    print(f"ventanilla: {reason}", file=sys.stderr)
    return USAGE_ERROR


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
