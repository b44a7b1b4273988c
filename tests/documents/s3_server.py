"""As much of S3 as we use, in memory: it answers what a real store answered when it was asked the same."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "papers"


class Store(BaseHTTPRequestHandler):
    server: Any
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_PUT(self) -> None:
        self.server.stored[self._key()] = self._body()
        self._answer(200)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            keys = sorted(key for key in self.server.stored if key.startswith(query["prefix"][0]))
            found = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys[: int(query["max-keys"][0])])
            self._answer(200, f"<ListBucketResult>{found}</ListBucketResult>".encode())
        elif self._key() in self.server.stored:
            self._answer(200, self.server.stored[self._key()])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")

    def do_DELETE(self) -> None:
        self.server.stored.pop(self._key(), None)
        self._answer(204)

    def do_POST(self) -> None:
        keys = re.findall(r"<Key>(.*?)</Key>", self._body().decode())
        refused = [f"<Error><Key>{key}</Key><Code>AccessDenied</Code></Error>" for key in keys if self.server.refusing]
        for key in keys[len(refused) :]:
            self.server.stored.pop(key, None)
        self._answer(200, f"<DeleteResult>{''.join(refused)}</DeleteResult>".encode())

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}/")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, body: bytes = b"") -> None:
        if self.server.failing:
            status, body = 503, b"<Error><Code>SlowDown</Code></Error>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def s3_server() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    server.stored, server.failing, server.refusing = {}, False, False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
