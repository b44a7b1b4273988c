"""A line between a browser and the server that can be cut in the middle of what it carries, and mended."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress

PIECE_BYTES = 64 * 1024
LOST = re.compile(r"net::ERR_|WebSocket connection to|WebSocket is closed")
"""What a browser complains of when a line is cut."""


class Line:
    """Listens on a port of its own and passes everything on."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection at once, and every new one, until it is mended."""
        self._is_cut = True
        for end in list(self._open):
            _close(end)

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        if self._is_cut:
            _close(near)
            return
        try:
            far = socket.create_connection(("127.0.0.1", self._to_port))
        except OSError:  # nobody is there now
            _close(near)
            return
        self._open |= {near, far}
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                target.sendall(piece)
        for end in (source, target):
            self._open.discard(end)
            _close(end)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
