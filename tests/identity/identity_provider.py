"""Identity providers for tests: the certified one in a process of its own, and one of ours that lies."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.browser.server import PROJECT, free_port

NODE_MODULES = Path(os.environ.get("PROVIDER_NODE_MODULES", PROJECT / ".cache" / "provider" / "node_modules"))
SCRIPT = Path(__file__).with_name("provider") / "provider.mjs"
SECRET = "a secret & of =ours%"
START_WITHIN_SECONDS = 60.0


class CertifiedProvider:
    """npm's `oidc-provider`. Whoever signs in there as "nif:12345678Z" has that identifier."""

    def __init__(self, redirect_uri: str, claims_parameter: bool = True) -> None:
        port = free_port()
        self.issuer = f"http://localhost:{port}"
        settings = json.dumps({"redirectUri": redirect_uri, "claimsParameter": claims_parameter})
        command = ["node", str(SCRIPT), str(NODE_MODULES), str(port), settings]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_WITHIN_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._process.stderr and self._process.stderr.read().decode()
            try:
                with urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=1):
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("the provider does not answer")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


class LyingProvider:
    """Answers what a test wants it to; by itself all that it says is right."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256", "use": "sig"})
        self.published: dict[str, Any] = {"keys": [self.key.as_dict(private=False)]}
        self.metadata: dict[str, Any] = {}
        self.token_status = 200
        self.userinfo: dict[str, Any] = {}
        self.make_token: Callable[[], dict[str, Any]] = dict
        self._server = ThreadingHTTPServer(("localhost", 0), self._handler())
        self.issuer = f"http://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[int, object]:
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/jwks"}
            addresses = {name: self.issuer + found for name, found in names.items()}
            return 200, {"issuer": self.issuer, "userinfo_endpoint": f"{self.issuer}/me"} | addresses | self.metadata
        if path == "/token":
            return self.token_status, self.make_token()
        return 200, {"/jwks": self.published, "/me": self.userinfo}.get(path)

    def sign(self, claims: dict[str, Any], key: Any = None, algorithm: str = "RS256") -> str:
        header = {"alg": algorithm, "kid": "k1"}
        return jwt.encode(header, claims, key or self.key, algorithms=[algorithm])

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, said = provider.answer(self.path.partition("?")[0])
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        return Handler
