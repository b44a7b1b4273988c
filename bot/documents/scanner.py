"""The virus scanner: clamd over a socket, as ClamAV's own `clamdscan --stream` speaks to it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from bot.documents.model import ScanState

SECONDS = 20.0
LONGEST_ANSWER = 1024
PIECE_BYTES = 64 * 1024
DEFAULT_PORT = 3310

log = structlog.get_logger()


class Scanner(Protocol):
    """Looks at a file."""

    def scan(self, content: Iterable[bytes]) -> ScanState:
        """Never raises for a scanner that does not answer: the file is then not scanned."""

    def close(self) -> None:
        """Wait for nothing any more."""


class NoScanner:
    """None is installed."""

    def scan(self, content: Iterable[bytes]) -> ScanState:
        """Nothing is looked at."""
        return ScanState.NOT_SCANNED

    def close(self) -> None:
        """There is nothing to wait for."""


class ClamdScanner:
    """A ClamAV daemon at `tcp://host:port` or `unix:///path`. Raises ValueError for any other address."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        parts = urlsplit(url)
        if not (parts.scheme == "unix" and parts.path) and not (parts.scheme == "tcp" and parts.hostname):
            raise ValueError("use tcp://host:3310 or unix:///path/of/the/socket")
        self._path = parts.path if parts.scheme == "unix" else ""
        self._host = (parts.hostname or "", parts.port or DEFAULT_PORT)
        self._seconds = seconds
        self._open: set[socket.socket] = set()
        self._is_closed = False

    def scan(self, content: Iterable[bytes]) -> ScanState:
        """What the daemon says; NOT_SCANNED when it cannot be reached, breaks off, or reports an error of its own."""
        try:
            answer = self._ask(content)
        except OSError as error:
            log.warning("virus scanner unreachable", error=type(error).__name__)
            return ScanState.NOT_SCANNED
        if answer.endswith(b" FOUND"):
            return ScanState.INFECTED
        if answer.endswith(b": OK"):
            return ScanState.CLEAN
        log.warning("virus scanner did not scan")
        return ScanState.NOT_SCANNED

    def _ask(self, content: Iterable[bytes]) -> bytes:
        with self._connected() as connection:
            self._open.add(connection)
            try:
                return self._exchange(connection, content)
            finally:
                self._open.discard(connection)

    def _exchange(self, connection: socket.socket, content: Iterable[bytes]) -> bytes:
        if self._is_closed:
            raise ConnectionAbortedError
        connection.sendall(b"zINSTREAM\0")
        for piece in content:
            for start in range(0, len(piece), PIECE_BYTES):
                part = piece[start : start + PIECE_BYTES]
                connection.sendall(len(part).to_bytes(4, "big") + part)
        connection.sendall(bytes(4))
        return _answer(connection)

    def close(self) -> None:
        """Break off every scan: its file counts as not scanned."""
        self._is_closed = True
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _connected(self) -> socket.socket:
        if not self._path:
            return socket.create_connection(self._host, self._seconds)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(self._seconds)
            connection.connect(self._path)
        except OSError:
            connection.close()
            raise
        return connection


def _answer(connection: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
        piece = connection.recv(LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n")
