"""Runs a module of ours in this process and ends it when anything looks up or connects to another machine.

`python tests/guarded.py bot.assistant.training models`: exit code 66 tells a breach, named on standard error.
"""

from __future__ import annotations

import os
import runpy
import sys
from typing import Any

BREACH = 66
LOCAL = ("127.", "::1", "localhost", "0.0.0.0", "/", "\0")


def is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    return name == "" or name.startswith(LOCAL)


def watch(event: str, values: tuple[Any, ...]) -> None:
    if event == "socket.connect" and not is_local(values[1][0] if isinstance(values[1], tuple) else values[1]):
        stop(event, values[1])
    if event == "socket.getaddrinfo" and values[0] is not None and not is_local(values[0]):
        stop(event, values[0])


def stop(event: str, target: object) -> None:
    """A `raise` could be swallowed on the way: end the process."""
    sys.stderr.write(f"breach: {event} {target}\n")
    sys.stderr.flush()
    os._exit(BREACH)


if __name__ == "__main__":
    sys.addaudithook(watch)
    sys.path.insert(0, os.getcwd())
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
