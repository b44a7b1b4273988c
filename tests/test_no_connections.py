"""No connection leaves the machine: not at a start, not in a turn, not in training, not by Rasa's own commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.browser.server import PROJECT, Server, free_port
from tests.guarded import BREACH
from tests.talk import Talk

GUARD = (sys.executable, "tests/guarded.py")


class GuardedServer(Server):
    """The server under the guard."""

    command = (*GUARD, "bot", "run")


def guarded(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "RASA_TELEMETRY_ENABLED"}
    return subprocess.run([*GUARD, *command], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=600)


def test_the_guard_sees_a_connection(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text("import socket\nsocket.create_connection(('192.0.2.1', 9), 0.1)\n")
    ended = subprocess.run(
        [sys.executable, str(PROJECT / "tests" / "guarded.py"), "caller"], cwd=tmp_path, capture_output=True
    )
    assert ended.returncode == BREACH


def test_a_start_and_turns_stay_on_this_machine(tmp_path: Path) -> None:
    server = GuardedServer(tmp_path, free_port(), "")
    server.start()
    talk = Talk(server.url)
    for text in ("hola", "¿cómo entro?", "no recuerdo si fue con nif o cif", "B12345674", "zxcv", "adiós"):
        assert talk.say(text)
    server.stop()
    assert "breach" not in (tmp_path / "server.log").read_text()


def test_training_stays_on_this_machine(tmp_path: Path) -> None:
    ended = guarded("bot.assistant.training", str(tmp_path))
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_rasa_s_own_command_line_stays_on_this_machine() -> None:
    ended = guarded("rasa", "data", "validate", "--max-history", "5")
    assert ended.returncode != BREACH, ended.stderr[-2000:]
    assert "error" not in ended.stderr.lower().replace("errors were found", "")


def test_rasa_has_nowhere_to_report_to() -> None:
    code = "import rasa.telemetry as t; assert t.telemetry_write_key() is None and t.sentry_write_key() is None"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=PROJECT).returncode == 0
