"""Virtual environments of the bench, made once under `.bench/` from hash-pinned locks and made again when a lock changes."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
WORKSHOP = PROJECT / ".bench"


class CannotPrepare(Exception):
    """A part of the bench could not be made ready; the text says which and why."""


def environment(name: str, python: str, lock: Path) -> Path:
    """Folder of a virtual environment that holds exactly `lock`, made when it is missing or out of date.

    The requirement "Python below 3.11" and the requirements of the packages on each other are not checked
    (`--no-deps`): the lock says all that is to be installed. Raises CannotPrepare.
    """
    folder = WORKSHOP / name
    mark = folder / "made-from"
    wanted = f"{python} {hashlib.sha256(lock.read_bytes()).hexdigest()}"
    if not mark.exists() or mark.read_text() != wanted:
        print(f"Installing {lock.name} into {folder.relative_to(PROJECT)} …", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        run([python, "-m", "venv", str(folder)], PROJECT, f"venv-{name}")
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        run([*pip, "--ignore-requires-python", "-r", str(lock)], PROJECT, f"install-{name}")
        mark.write_text(wanted)
    return folder


def site_packages(environment_folder: Path) -> Path:
    """Where the packages of an environment lie."""
    return next(environment_folder.glob("lib/python3.*/site-packages"))


def run(arguments: list[str], folder: Path, name: str, settings: dict[str, str] | None = None) -> None:
    """Run a command to its end with its output in `.bench/<name>.log`; raises CannotPrepare when it fails."""
    WORKSHOP.mkdir(exist_ok=True)
    log = WORKSHOP / f"{name}.log"
    with log.open("wb") as output:
        environ = {**os.environ, **(settings or {})}
        done = subprocess.run(arguments, cwd=folder, env=environ, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise CannotPrepare(f"{' '.join(arguments[:4])} … ended with {done.returncode}; see {log}")
