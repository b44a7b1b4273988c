"""The product's server in a process of its own, for tests that talk to it from outside."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

PROJECT = Path(__file__).resolve().parents[2]
START_WITHIN_SECONDS = 300.0
STOP_WITHIN_SECONDS = 10.0


class Server:
    """`python -m bot run` on a port and a database of its own; it can be killed and started again."""

    command = (sys.executable, "-m", "bot", "run")

    def __init__(self, folder: Path, port: int, embed_origin: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.embed_origin = embed_origin
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.database_url = f"sqlite:///{folder / 'chat.sqlite'}"
        self._environment = os.environ | {
            "PORT": str(port),
            "DATA_FOLDER": str(folder),
            "DATABASE_URL": self.database_url,
            "PUBLIC_URL": self.url,
            "EMBED_ORIGINS": embed_origin,
            "RATE_LIMIT_MESSAGES_PER_MINUTE": "0",
        }

    def set(self, **settings: str) -> None:
        """Change settings; said before the start."""
        self._environment.update(settings)

    def use_database(self, url: str) -> None:
        """Keep everything in another database than the SQLite file; said before the start."""
        self.database_url = self._environment["DATABASE_URL"] = url

    def start(self) -> None:
        """Start unless it runs; return once it answers."""
        if self._process and self._process.poll() is None:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, cwd=PROJECT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        self._wait_until_healthy(self._process)

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_WITHIN_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, self._log.read_text()
            if is_healthy(self.url):
                return
            time.sleep(0.1)
        raise AssertionError(f"not healthy in time:\n{self._log.read_text()}")

    def run(self, *arguments: str) -> str:
        """What another command of the product prints, with the server's settings."""
        command = (sys.executable, "-m", "bot", *arguments)
        done = subprocess.run(command, cwd=PROJECT, env=self._environment, capture_output=True, text=True, check=True)
        return done.stdout

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait(STOP_WITHIN_SECONDS)
        self._process = None


def is_healthy(url: str) -> bool:
    """Whether the server says that it can answer."""
    try:
        with urlopen(f"{url}/health", timeout=1) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def always_open(folder: Path) -> Path:
    """The company's data with an office that never closes: the test runs by day and by night."""
    text = (PROJECT / "company.yml").read_text(encoding="utf-8")
    path = folder / "company.yml"
    path.write_text(re.sub(r"office_hours: .*", "office_hours: siempre", text), encoding="utf-8")
    return path


def open_desk(folder: Path) -> Server:
    """A server, not yet started, with the invented world and a desk that is open at every hour."""
    server = Server(folder, free_port(), "")
    server.set(COMPANY_FILE=str(always_open(folder)), DEMO_DATA="True")
    return server


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
