"""Every call of ours against Chatwoot's published contract, checked by Prism, which refuses what the contract does not allow."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from bot.chatwoot.client import Access, ChatwootClient
from bot.desk.port import HandOffFailed, Started
from tests.browser.server import PROJECT, free_port
from tests.conftest import leave_out

CONTRACT = Path(
    os.environ.get("CHATWOOT_CONTRACT", PROJECT.parent / "shared" / "contracts" / "chatwoot_openapi_4.7.json")
)
PRISM = PROJECT / ".cache" / "contracts" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
STARTED = Started(501, "source-1")


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    if not CONTRACT.exists():
        pytest.skip("Chatwoot's contract is not part of the project: name the file in CHATWOOT_CONTRACT")
    if not PRISM.exists():
        leave_out("Prism is not installed in .cache/contracts (make browser)")
    port = free_port()
    command = ["node", str(PRISM), "mock", "--errors", "--port", str(port), "--host", "127.0.0.1", str(CONTRACT)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not answers(f"http://127.0.0.1:{port}/"):
        time.sleep(0.2)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def answers(url: str) -> bool:
    try:
        urlopen(url, timeout=2)
    except URLError as error:
        return hasattr(error, "code")
    return True


def client_of(url: str, token: str = "token") -> ChatwootClient:
    return ChatwootClient(Access(url, 1, token, "inbox"))


async def test_every_call_is_as_the_contract_wants_it(prism: str) -> None:
    client = client_of(prism)
    started = await client.start("0123456789abcdef", "Ana Pérez")
    assert started.conversation is not None
    await client.brief(501, "Caso K-1")
    await client.message(STARTED, "Hola", 7)
    await client.note(501, "Un archivo")
    await client.typing(STARTED, True)
    await client.stopped(501)
    await client.close()


async def test_prism_refuses_what_the_contract_does_not_allow(prism: str) -> None:
    client = client_of(prism)
    with pytest.raises(HandOffFailed) as refused:
        await client._post(client._account(501, "toggle_status"), {"status": "finished"})
    assert refused.value.permanent
    await client.close()
