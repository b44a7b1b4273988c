"""A store for a running server, behind a gate that can be shut: our own small one, or a real one at S3_ENDPOINT.

pip install "moto[server,s3]" && moto_server -p 5000
S3_ENDPOINT=http://127.0.0.1:5000 python -m pytest tests/documents/test_real_store.py
"""

from __future__ import annotations

import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]

from tests.documents.s3_server import BUCKET, s3_server

KEY_ID, SECRET, REGION = "key", "secret", "eu-south-2"


class Gate(socketserver.ThreadingTCPServer):
    """Lets connections through to the store, or cuts them as a store that is away does."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, target: int) -> None:
        self.target, self.is_open = target, True
        super().__init__(("127.0.0.1", 0), _Connection)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Connection(socketserver.BaseRequestHandler):
    server: Gate

    def handle(self) -> None:
        if not self.server.is_open:
            return
        with socket.create_connection(("127.0.0.1", self.server.target)) as store:
            back = threading.Thread(target=self._copy, args=(store, self.request), daemon=True)
            back.start()
            self._copy(self.request, store)
            back.join()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while self.server.is_open and (piece := source.recv(65536)):
                if not self.server.is_open:
                    break
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class RealStore:
    """`url` leads through the gate; `client` goes past it."""

    def __init__(self, port: int) -> None:
        self.gate = Gate(port)
        self.url = f"http://127.0.0.1:{self.gate.server_address[1]}"
        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET, "region_name": REGION}
        self.client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **keys)

    def settings(self) -> dict[str, str]:
        """Those that a server needs to keep documents here."""
        keys = {"DOCUMENTS_BUCKET_KEY_ID": KEY_ID, "DOCUMENTS_BUCKET_SECRET": SECRET}
        where = {"DOCUMENTS_BUCKET": f"s3://{BUCKET}/area", "DOCUMENTS_BUCKET_ENDPOINT": self.url}
        return keys | where | {"DOCUMENTS_BUCKET_REGION": REGION}

    def stored(self) -> dict[str, bytes]:
        """What lies in the bucket, by name."""
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix="area/", MaxKeys=1000)
        found: list[dict[str, Any]] = listed.get("Contents", [])
        return {each["Key"]: self.client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in found}


@contextmanager
def real_store() -> Iterator[RealStore]:
    endpoint = os.environ.get("S3_ENDPOINT", "")
    if endpoint:
        store = RealStore(urlsplit(endpoint).port or 80)
        store.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield store
    else:
        with s3_server() as own:
            store = RealStore(own.server_address[1])
            yield store
    store.gate.shutdown()
    store.gate.server_close()
