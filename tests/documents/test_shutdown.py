"""The process ends in seconds while a file is looked at, and the file is looked at again after the next start."""

from __future__ import annotations

import base64
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from bot.channels.web.sessions import Sessions
from tests.browser.server import Server, free_port
from tests.documents.files import printed_pdf

KEY = "a key that is long enough for this test"
SECONDS_TO_END = 5.0
CHECK = "bot.documents.check"


class Sender:
    """A tus client in a conversation of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._headers = {"X-Conversation": Sessions(KEY.encode()).issue(), "Tus-Resumable": "1.0.0"}

    def begin(self, size: int) -> str:
        name = base64.b64encode(b"copia.pdf").decode()
        metadata = f"filename {name},purpose {base64.b64encode(b'unsorted').decode()}"
        headers = self._headers | {"Upload-Length": str(size), "Upload-Metadata": metadata}
        answer = requests.post(f"{self._url}/subidas/", headers=headers, timeout=20)
        assert answer.status_code == 201, answer.text
        return f"{self._url}{answer.headers['Location']}"

    def send(self, place: str, content: bytes) -> int:
        headers = self._headers | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        try:
            return requests.patch(place, data=content, headers=headers, timeout=60).status_code
        except requests.RequestException:  # the process ended
            return 0

    def look(self, place: str) -> requests.Response:
        return requests.head(place, headers=self._headers, timeout=60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, free_port(), "")
    server.set(SECRET_KEY=KEY)
    yield server
    server.kill()


def processes_that_look(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_it = (
                CHECK in (folder / "cmdline").read_text() and int((folder / "stat").read_text().split()[3]) == parent
            )
        except OSError:
            continue
        found += [int(folder.name)] if is_it else []
    return found


def stop_checks(server: Server, sender: Sender) -> None:
    """The process that looks at files is there and does nothing any more."""
    assert sender.send(sender.begin(len(printed_pdf(1))), printed_pdf(1)) == 204
    assert server._process is not None
    (process,) = processes_that_look(server._process.pid)
    os.kill(process, signal.SIGSTOP)


@pytest.mark.parametrize("looks", ["virus scanner", "check"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_loses_no_file(server: Server, looks: str, how: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        if looks == "virus scanner":
            server.set(CLAMD_URL=f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        server.start()
        sender, content = Sender(server.url), printed_pdf(1)
        if looks == "check":
            stop_checks(server, sender)
        place = sender.begin(len(content))
        sending = threading.Thread(target=sender.send, args=(place, content))
        sending.start()
        time.sleep(1)
        assert ended_within(lambda: server._end(how)) < SECONDS_TO_END
        sending.join(10)
    server.set(CLAMD_URL="")
    server.start()
    answer = sender.look(place)
    assert (answer.status_code, bool(answer.headers.get("Upload-Document"))) == (200, True), answer.headers


def ended_within(end: Callable[[], None]) -> float:
    begun = time.monotonic()
    end()
    return time.monotonic() - begun
