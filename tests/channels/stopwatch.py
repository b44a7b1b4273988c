"""How long requests take, beside a route that does nothing: what the machine itself takes while others use it."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient

from bot.__main__ import THREAD_SWITCH_SECONDS

IDLE_PATH = "/nothing"
REQUESTS_FOR_ONE_IDLE = 5


class Stopwatch:
    """Posts, and in between asks for a page that does not exist."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self._client = client
        self._seconds: list[float] = []
        self._idle_seconds: list[float] = []

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer."""
        began = time.perf_counter()
        async with self._client.post(path, data=body, headers=headers) as answer:
            self._seconds.append(time.perf_counter() - began)
        if len(self._seconds) % REQUESTS_FOR_ONE_IDLE == 0:
            await self._ask_for_nothing()
        return answer.status

    async def _ask_for_nothing(self) -> None:
        began = time.perf_counter()
        async with self._client.get(IDLE_PATH) as answer:
            assert answer.status == 404
        self._idle_seconds.append(time.perf_counter() - began)

    def p99(self) -> float:
        """Seconds."""
        return _share(self._seconds, 0.99)

    def figures(self) -> str:
        """For people."""
        taken, idle = (
            ", ".join(f"p{share * 100:g} {_share(seconds, share) * 1000:.1f} ms" for share in (0.5, 0.99))
            for seconds in (self._seconds, self._idle_seconds)
        )
        return f"{len(self._seconds)} acknowledged: {taken}; a page that does not exist: {idle}"


@contextmanager
def as_the_product_runs() -> Iterator[None]:
    """Threads change as often as there, and what the tests have loaded is not walked by the collector."""
    usual: Any = sys.getswitchinterval()
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    sys.setswitchinterval(usual)


def _share(seconds: list[float], share: float) -> float:
    return sorted(seconds)[int(len(seconds) * share)]
