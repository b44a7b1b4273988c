"""What a file can do that has taken over its check: nothing that is felt outside of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.documents.checker import Checker
from bot.documents.model import Reason

PROJECT = Path(__file__).resolve().parents[2]
# The process with another check in it: the file is Python, and is run.
TAKEN_OVER = """
    import sys, socket
    from bot.documents import check

    check.PROCESSOR_SECONDS = 1
    check.SECONDS = 2
    check.check = lambda content: exec(content.decode()) or check.Passed("image/png", b"kept")
    check.serve(socket.socket(fileno=int(sys.argv[1])))
"""
DEEDS = {
    "eats_memory": "held = bytearray(700_000_000)",
    "computes_for_ever": "while True: pass",
    "sleeps_for_ever": "import time; time.sleep(99)",
    "crashes": "import os; os.abort()",
    "kills_itself": "import os; os.kill(os.getpid(), 9)",
    "leaves": "import os; os._exit(0)",
    "recurses": "f = lambda g: g(g)\nf(f)",
}


@pytest.fixture
def taken_over() -> Iterator[Checker]:
    checker = Checker()
    checker._control, theirs = socket.socketpair()
    script = textwrap.dedent(TAKEN_OVER)
    checker._process = subprocess.Popen(
        [sys.executable, "-c", script, str(theirs.fileno())], cwd=PROJECT, pass_fds=(theirs.fileno(),)
    )
    theirs.close()
    yield checker
    checker.close()


def verdict(checker: Checker, deed: str) -> tuple[Reason | None, bytes]:
    with checker.checked([deed.encode()]) as checked:
        return checked.reason, b"".join(checked.content or ())


def test_the_process_of_this_test_runs_what_it_gets(taken_over: Checker) -> None:
    assert verdict(taken_over, "pass") == (None, b"kept")
    assert verdict(taken_over, "raise KeyError") == (Reason.DAMAGED, b"")


@pytest.mark.parametrize("deed", DEEDS)
def test_it_ends_within_its_limits_and_the_next_file_is_looked_at(taken_over: Checker, deed: str) -> None:
    began = time.monotonic()
    assert verdict(taken_over, DEEDS[deed]) == (Reason.BOMB, b"")
    assert time.monotonic() - began < 20
    assert verdict(taken_over, "pass") == (None, b"kept")


def test_it_writes_no_file(taken_over: Checker, tmp_path: Path) -> None:
    path = tmp_path / "written"
    assert verdict(taken_over, f"with open({str(path)!r}, 'w') as file: file.write('x' * 99)")[0] is Reason.DAMAGED
    assert path.read_bytes() == b""


def test_no_process_is_left(taken_over: Checker) -> None:
    assert verdict(taken_over, "pass")[0] is None
    assert taken_over._process is not None
    children = Path(f"/proc/{taken_over._process.pid}/task/{taken_over._process.pid}/children")
    for _ in range(100):
        if not children.read_text(encoding="ascii").strip():
            break
        time.sleep(0.02)
    assert children.read_text(encoding="ascii").strip() == ""
    assert os.path.exists(f"/proc/{taken_over._process.pid}")
