"""Somebody of the demo staff at the desk of a running server: signed in, with its page's connection, and files to send."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import Callable
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import socketio

from bot.desk.demo import PASSWORD
from tests.visitor import Visitor

WITHIN_SECONDS = 20.0


class Agent:
    """`case` is the conversation that was taken last."""

    def __init__(self, url: str, login: str = "laura") -> None:
        self.url, self.case, self.undelivered = url, 0, list[Any]()
        visitor = Visitor(url)
        assert visitor.open(f"{url}/desk/entrar", {"login": login, "password": PASSWORD})[0] == 200
        self.cookie = _cookie(visitor.jar)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._client = socketio.AsyncClient()
        self._client.on("undelivered", lambda told: self.undelivered.append(told["why"]), namespace="/desk")
        self._run(self._client.connect(url, {"Cookie": self.cookie}, namespaces=["/desk"]))

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def ask(self, event: str, **data: Any) -> Any:
        """An event of the desk's page, with its answer."""
        return self._run(self._client.call(event, data, namespace="/desk", timeout=20))

    def take(self) -> None:
        """Take the conversation that has waited longest, as soon as there is one."""
        until(lambda: self.ask("queue")["rows"])
        self.case = self.ask("take", case_id=self.ask("queue")["rows"][0]["id"])["case"]["id"]
        assert self.ask("look", case_id=self.case)["is_mine"]

    def say(self, text: str) -> None:
        assert "sequence" in self.ask("say", case_id=self.case, text=text)

    def close(self) -> None:
        """End the talk."""
        self.ask("close", case_id=self.case, outcome="solved")

    def leave(self) -> None:
        """Close the page."""
        self._run(self._client.disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def files(self) -> list[dict[str, Any]]:
        """The files in the transcript of the conversation."""
        messages = self.ask("look", case_id=self.case)["messages"]
        return [message["file"] for message in messages if message["file"]]

    def send_file(
        self, name: str, content: bytes, case: int | None = None, cookie: str | None = None
    ) -> tuple[int, str]:
        """Send a file to the customer; the last status, and why it was refused."""
        headers = {"Cookie": self.cookie if cookie is None else cookie, "X-Conversation": str(case or self.case)}
        metadata = (
            f"filename {base64.b64encode(name.encode()).decode()},purpose {base64.b64encode(b'unsorted').decode()}"
        )
        begun = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
        status, told = self._call("POST", "/desk/subidas/", headers | begun)
        if status != 201:
            return status, told["Upload-Reason"]
        whole = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        status, told = self._call("PATCH", told["Location"], headers | whole, content)
        return status, told.get("Upload-Reason", "")

    def _call(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, str]]:
        request = Request(self.url + path, body, headers | {"Tus-Resumable": "1.0.0"}, method=method)
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, dict(answer.headers)
        except HTTPError as error:
            return error.code, dict(error.headers)


def until(condition: Callable[[], Any], seconds: float = WITHIN_SECONDS) -> None:
    """Wait for it; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _cookie(jar: CookieJar) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
