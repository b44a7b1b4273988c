"""10,000 messages that nobody means: each gets an answer or a clear refusal, never an error of ours."""

from __future__ import annotations

import http.client
import json
import random
import string
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.browser.server import Server

MESSAGES = 10_000
CONNECTIONS = 4
RANDOM = random.Random(2026)
PIECES = [
    "",
    " ",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "\u200b\u200d",
    "\ufeff",
    "👩‍👩‍👧‍👦",
    "🇪🇸",
    "مرحبا كيف",
    "שלום",
    "Zalgo̷̡̢̧",
    "' OR 1=1 --",
    "'; DROP TABLE message; --",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}}",
    "{company_name}",
    "{0.__class__}",
    "%s%s%n",
    "${jndi:x}",
    "!!python/object:os.system",
    "- intent: x\n  examples: |",
    "*a: &a [*a]",
    "/restart",
    "/session_start",
    '/greet{"name": "x"}',
    '/inform{"registration_identifier": "12345678Z"}',
    "/nlu_fallback",
    "EXTERNAL: x",
    "../../etc/passwd",
    "12345678Z",
    "B12345674",
    "ES7921000813610123456789",
    "no recuerdo si nif o cif",
    "sí",
    "no",
    "cancelar",
    "volver atrás",
    "\\u0000",
    "\ud800",
    "a" * 1999,
    "ñ" * 2000,
    "9" * 500,
    "a " * 900,
]


def message() -> Any:
    kind = RANDOM.random()
    if kind < 0.02:
        return "x" * 100_000
    if kind < 0.05:
        return RANDOM.choice([None, 7, [], {}, True, 1e308])
    if kind < 0.35:
        return "".join(chr(RANDOM.randrange(1, 0x2FFF)) for _ in range(RANDOM.randrange(60)))
    if kind < 0.5:
        return "".join(RANDOM.choices(string.printable, k=RANDOM.randrange(80)))
    return " ".join(RANDOM.choices(PIECES, k=RANDOM.randrange(1, 5)))


def send(server: Server, bodies: list[bytes]) -> list[tuple[int, Any, bytes]]:
    """Status, decoded answer and body of each message, over one connection kept alive."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    results = []
    for body in bodies:
        connection.request("POST", "/webhooks/rest/webhook", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        results.append((response.status, json.loads(response.read()), body))
    connection.close()
    return results


def test_ten_thousand_odd_messages_get_an_answer_or_a_clear_refusal(talking_server: Server) -> None:
    bodies = [
        json.dumps({"sender": f"fuzz-{RANDOM.randrange(300)}", "message": message()}).encode() for _ in range(MESSAGES)
    ]
    shares = [bodies[start::CONNECTIONS] for start in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        results = [result for share in pool.map(lambda share: send(talking_server, share), shares) for result in share]
    assert len(results) == MESSAGES
    for status, answer, body in results:
        assert status in (200, 400), body
        texts = [said["text"] for said in answer] if status == 200 else [answer["error"]]
        assert texts, body
        assert all(texts), body
        assert not any("Traceback" in text or "{company" in text for text in texts), body
