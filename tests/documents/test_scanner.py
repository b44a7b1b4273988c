"""Talking to clamd: what it says, and what we say when it says nothing."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from bot.documents.model import ScanState
from bot.documents.scanner import ClamdScanner, NoScanner
from tests.documents.hostile import EICAR
from tests.documents.house import clamd


def test_a_virus_is_found_also_where_pieces_meet() -> None:
    with clamd() as (url, heard):
        scanner = ClamdScanner(url)
        assert scanner.scan((b"x" * 200_000 + EICAR[:30], EICAR[30:])) is ScanState.INFECTED
        assert scanner.scan((b"x" * 200_000,)) is ScanState.CLEAN
        assert scanner.scan(()) is ScanState.CLEAN
    assert heard == [b"zINSTREAM\0"] * 3


def test_a_socket_in_a_file_is_asked_alike(tmp_path: Path) -> None:
    with clamd(path=str(tmp_path / "s")) as (url, _):
        assert ClamdScanner(url).scan((EICAR,)) is ScanState.INFECTED


@pytest.mark.parametrize(
    "answer",
    [b"INSTREAM size limit exceeded. ERROR\0", b"stream: Can't allocate memory ERROR\0", b"what?", b"x" * 5000],
)
def test_an_answer_that_says_neither_is_no_scan(answer: bytes) -> None:
    with clamd(answer) as (url, _):
        assert ClamdScanner(url).scan((EICAR,)) is ScanState.NOT_SCANNED


def test_a_daemon_that_is_away_is_no_scan(tmp_path: Path) -> None:
    for url in ("tcp://127.0.0.1:1", f"unix://{tmp_path}/nothing"):
        assert ClamdScanner(url).scan((b"x",)) is ScanState.NOT_SCANNED
    assert NoScanner().scan((b"x",)) is ScanState.NOT_SCANNED


def test_a_daemon_that_never_answers_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        assert ClamdScanner(url, seconds=0.2).scan((b"x",)) is ScanState.NOT_SCANNED


def test_at_the_end_nobody_waits_for_the_daemon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        scanner = ClamdScanner(f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        found: list[ScanState] = []
        scanning = threading.Thread(target=lambda: found.append(scanner.scan((b"x",))))
        scanning.start()
        time.sleep(0.3)
        scanner.close()
        scanning.join(2)
        assert found == [ScanState.NOT_SCANNED]
        assert scanner.scan((b"x",)) is ScanState.NOT_SCANNED


def test_a_daemon_that_hangs_up_is_no_scan() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hang_up = threading.Thread(target=lambda: server.accept()[0].close())
        hang_up.start()
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert ClamdScanner(url).scan((b"x" * 1_000_000,)) is ScanState.NOT_SCANNED
        hang_up.join()


@pytest.mark.parametrize("url", ["", "clamd", "http://localhost:3310", "tcp://", "unix://"])
def test_an_address_has_its_form(url: str) -> None:
    with pytest.raises(ValueError, match="tcp://"):
        ClamdScanner(url)
