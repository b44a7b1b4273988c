"""The way to the process that looks at files. It starts with the first file and again whenever it is gone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.documents.model import LARGEST_KEPT_BYTES, MediaType, Reason

PROJECT = Path(__file__).resolve().parents[2]
MOST_AT_ONCE = 2
# The looking process ends itself before; this is for one that was stopped.
SECONDS = 75.0
LONGEST_VERDICT = 1024
READ_BYTES = 256 * 1024


class CheckUnavailable(Exception):
    """No process can be started, or it broke off while it handed a good file over; later it may work."""


@dataclass(frozen=True, slots=True)
class Checked:
    """`reason` says why a file is refused; else `media_type` says what it is.

    `content` is what to keep in its place; None: keep it as it came.
    """

    reason: Reason | None
    media_type: MediaType | None
    content: Iterator[bytes] | None


class Checker:
    """Looks at files, at most two at once, in processes that have limits; memory here stays at a piece of the file."""

    def __init__(self, most_at_once: int = MOST_AT_ONCE) -> None:
        self._room = threading.BoundedSemaphore(most_at_once)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._is_closed = False

    @contextmanager
    def checked(self, content: Iterable[bytes]) -> Iterator[Checked]:
        """Look at a file. What the verdict holds is good inside the block. Raises CheckUnavailable.

        A file whose check ends without a verdict asked for more memory or time than it gets: it counts as a bomb.
        """
        with self._room, self._connected() as connection:
            _send(connection, content)
            verdict = _verdict(connection)
            if self._is_closed:  # a check that we broke off ourselves says nothing about the file
                raise CheckUnavailable
            yield verdict

    def close(self) -> None:
        """End the process; files that are being looked at are not waited for, their checks raise CheckUnavailable at once."""
        with self._lock:
            self._is_closed = True
            self._end()
            for connection in list(self._open):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        ours, theirs = socket.socketpair()
        ours.settimeout(SECONDS)
        with ours:
            try:
                with theirs:
                    self._give(theirs, ours)
                yield ours
            finally:
                self._open.discard(ours)

    def _give(self, theirs: socket.socket, ours: socket.socket) -> None:
        with self._lock:
            if self._is_closed:
                raise CheckUnavailable
            self._open.add(ours)
            if self._control is None or not self._handed(theirs):
                self._end()
                self._start()
                if not self._handed(theirs):
                    raise CheckUnavailable

    def _handed(self, theirs: socket.socket) -> bool:
        assert self._control is not None
        try:
            return socket.send_fds(self._control, [b"f"], [theirs.fileno()]) == 1
        except OSError:
            return False

    def _start(self) -> None:
        """Our own environment stays here: it holds secrets, and a broken library could be made to read it."""
        self._control, theirs = socket.socketpair()
        command = [sys.executable, "-m", "bot.documents.check", str(theirs.fileno())]
        environment = {"PYTHONPATH": str(PROJECT), "MALLOC_ARENA_MAX": "1", "PATH": os.defpath}
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                    command,
                    pass_fds=(theirs.fileno(),),
                    cwd=PROJECT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                self._end()
                raise CheckUnavailable(type(error).__name__) from None

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._control, self._process = None, None


def _send(connection: socket.socket, content: Iterable[bytes]) -> None:
    """A process that ended early has said why, or says nothing: both are found when its answer is read."""
    pieces = iter(content)
    with suppress(OSError):
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)


def _verdict(connection: socket.socket) -> Checked:
    line, rest = _first_line(connection)
    if not line:
        return Checked(Reason.BOMB, None, None)
    said = json.loads(line)
    if said["reason"] is not None:
        return Checked(Reason(said["reason"]), None, None)
    if said["length"] is None:
        return Checked(None, MediaType(said["media_type"]), None)
    if said["length"] > LARGEST_KEPT_BYTES:
        return Checked(Reason.BOMB, None, None)
    return Checked(None, MediaType(said["media_type"]), _content(connection, rest, said["length"]))


def _first_line(connection: socket.socket) -> tuple[bytes, bytes]:
    received = b""
    while b"\n" not in received and len(received) <= LONGEST_VERDICT:
        piece = _read(connection)
        if not piece:
            return b"", b""
        received += piece
    line, _, rest = received.partition(b"\n")
    return line, rest


def _content(connection: socket.socket, start: bytes, length: int) -> Iterator[bytes]:
    received = len(start)
    yield start
    while received < length:
        piece = _read(connection)
        if not piece:
            raise CheckUnavailable
        received += len(piece)
        yield piece


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(READ_BYTES)
    except OSError:
        return b""
