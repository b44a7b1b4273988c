"""The process that looks at files: `python -m bot.documents.check <number of a socket>`.

It waits on that socket; each message brings another socket, on which a file comes and its verdict goes back. For each file
it makes a copy of itself that may use little memory, little time and no disk, and that ends with the file. So a file that
breaks a library, or makes it eat all it can get, takes nothing with it; and Python starts once, not once a file.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys

from bot.documents.checks import Passed, check
from bot.documents.image_checks import prepare
from bot.documents.model import LARGEST_FILE_BYTES, Reason, Refused

# An image of 60 megapixels in memory twice, while it is turned upright.
MEMORY_BYTES = 640 * 1024 * 1024
PROCESSOR_SECONDS = 20
SECONDS = 60
SECONDS_TO_HAND_OVER = 120
OPEN_FILES = 32
READ_BYTES = 256 * 1024


def serve(control: socket.socket) -> None:
    """Look at files until nobody holds the other end of the socket."""
    prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the copies
    while True:
        message, descriptors, _flags, _sender = socket.recv_fds(control, 1, 1)
        if not message:
            return
        for descriptor in descriptors:
            if os.fork() == 0:
                control.close()
                _look_and_end(socket.socket(fileno=descriptor))
            os.close(descriptor)


def _look_and_end(connection: socket.socket) -> None:
    try:
        _limit()
        _hand_over(connection, *_verdict(_received(connection)))
    finally:
        os._exit(0)


def _limit() -> None:
    """No handler of ours: when the time is over the system ends the process, whatever it is doing."""
    signal.alarm(SECONDS)
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: PROCESSOR_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
    }
    for name, most in limits.items():
        resource.setrlimit(name, (most, most))


def _received(connection: socket.socket) -> bytes:
    """The file; what is beyond the limit is read and dropped."""
    held = bytearray()
    while piece := connection.recv(READ_BYTES):
        held += piece[: LARGEST_FILE_BYTES + 1 - len(held)]
    return bytes(held)


def _verdict(content: bytes) -> tuple[dict[str, object], bytes]:
    try:
        passed = check(content)
    except Refused as refused:
        return _refusal(refused.reason)
    except (MemoryError, RecursionError):
        return _refusal(Reason.BOMB)
    except Exception:  # noqa: BLE001 - a hostile file makes the libraries raise anything; all of it means one thing
        return _refusal(Reason.DAMAGED)
    return _passed(passed)


def _refusal(reason: Reason) -> tuple[dict[str, object], bytes]:
    return {"reason": reason, "media_type": None, "length": 0}, b""


def _passed(passed: Passed) -> tuple[dict[str, object], bytes]:
    content = passed.content
    length = None if content is None else len(content)
    return {"reason": None, "media_type": passed.media_type, "length": length}, content or b""


def _hand_over(connection: socket.socket, verdict: dict[str, object], content: bytes) -> None:
    """One line of JSON, and the image as it was written anew."""
    signal.alarm(SECONDS_TO_HAND_OVER)
    connection.sendall(json.dumps(verdict).encode() + b"\n")
    connection.sendall(content)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
