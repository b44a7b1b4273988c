"""Starts a server, waits for its first answer, reads its memory, ends it."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load import Connection, Lost
from bench.machine import Memory, memory

START_LIMIT_SECONDS = 240.0
STOP_LIMIT_SECONDS = 15.0
POLL_SECONDS = 0.05


class NotServed(Exception):
    """The server ended, or gave no answer in time; the text names its log."""


@dataclass(frozen=True)
class Command:
    """How a server is started. `{port}` in an argument or a setting becomes the port."""

    arguments: list[str]
    folder: Path
    settings: Mapping[str, str]
    log: Path


@dataclass(frozen=True)
class Running:
    """A server that has given its first answer, `start_seconds` after its process was started."""

    pid: int
    port: int
    start_seconds: float

    def memory(self) -> Memory:
        return memory(self.pid)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def running(command: Command) -> AsyncIterator[Running]:
    """The server, from its first answer to the end of the block; raises NotServed."""
    port = free_port()
    started_at = time.perf_counter()
    process = _start(command, port)
    try:
        await _first_answer(process, port, command.log)
        yield Running(process.pid, port, time.perf_counter() - started_at)
    finally:
        _stop(process)


def _start(command: Command, port: int) -> subprocess.Popen[bytes]:
    arguments = [argument.replace("{port}", str(port)) for argument in command.arguments]
    settings = {name: value.replace("{port}", str(port)) for name, value in command.settings.items()}
    with command.log.open("wb") as log:
        return subprocess.Popen(
            arguments,
            cwd=command.folder,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


async def _first_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    connection = Connection(port)
    give_up_at = time.perf_counter() + START_LIMIT_SECONDS
    while process.poll() is None and time.perf_counter() < give_up_at:
        try:
            await connection.ask("first", "hola")
        except Lost:
            await asyncio.sleep(POLL_SECONDS)
        else:
            await connection.close()
            return
    ended = "it still runs" if process.poll() is None else f"it ended with {process.returncode}"
    raise NotServed(f"no answer from the server, {ended}; its log is {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server with everything it started; it has a process group of its own."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
