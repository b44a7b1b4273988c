"""What `docs/openapi.yml` promises is what a running server does, whatever is sent to it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, RefResolver

from bot.settings import PROJECT
from tests.browser.server import Server
from tests.visitor import Visitor

DESCRIPTION: dict[str, Any] = yaml.safe_load((PROJECT / "docs" / "openapi.yml").read_text(encoding="utf-8"))
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
REQUESTS_AN_OPERATION = 60
OF_EVERY_PAGE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Permissions-Policy": "camera=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
ODD = (
    *(
        "",
        " ",
        "\0",
        "\n",
        "\r\nSet-Cookie: a=b",
        "%00",
        "../../etc/passwd",
        "..%2f",
        "a" * 70,
        "ñ" * 40,
        "\u202e",
        "👩‍👩‍👧‍👦",
    ),
    *(
        "' OR 1=1 --",
        "1; DROP TABLE person",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${jndi:x}",
        "%s%n",
        "null",
        "0",
        "-1",
    ),
    *("12345678Z", "begin", "confirm", "remove", "https://evil.example", "//evil.example", "javascript:alert(1)"),
)
SOME_TEXT = st.sampled_from(ODD) | st.text(st.characters(codec="utf-8"), max_size=80)
SOME_VALUE = SOME_TEXT | st.none() | st.integers() | st.booleans() | st.lists(st.text(max_size=3), max_size=3)


@dataclass(frozen=True)
class Operation:
    """A path and a method of the description."""

    path: str
    method: str
    says: dict[str, Any]
    parameters: list[dict[str, Any]]

    @property
    def responses(self) -> dict[str, Any]:
        return {status: resolved(response) for status, response in self.says["responses"].items()}

    @property
    def body(self) -> dict[str, Any]:
        """Media type → schema of what may be sent."""
        content = resolved(self.says.get("requestBody", {})).get("content", {})
        return {media: resolved(described["schema"]) for media, described in content.items()}

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


@dataclass
class Sent:
    """A request to make."""

    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to."""
    found: Any = DESCRIPTION
    for name in part.get("$ref", "").split("/")[1:]:
        found = found[name]
    return dict(found) if "$ref" in part else part


def operations() -> Iterator[Operation]:
    for path, item in DESCRIPTION["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                yield Operation(path, method, item[method], [resolved(each) for each in parameters])


def schemas(part: Any) -> Iterator[dict[str, Any]]:
    """Every schema of the description, each once."""
    if isinstance(part, dict):
        if "schema" in part:
            yield part["schema"]
        yield from part.get("schemas", {}).values()
    for below in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from schemas(below)


@st.composite
def requests(draw: st.DrawFn, operation: Operation, tokens: list[str]) -> Sent:
    """One request: mostly what the description asks for, with odd values; sometimes of another form altogether."""
    path, query, headers = operation.path, {}, {}
    for parameter in operation.parameters:
        name, pattern = parameter["name"], parameter["schema"].get("pattern")
        fitting = st.sampled_from(tokens) | (st.from_regex(pattern, fullmatch=True) if pattern else SOME_TEXT)
        value = draw(fitting if draw(st.integers(0, 3)) else SOME_TEXT)
        if parameter["in"] == "path":
            # Those two never arrive: whoever sends them means another path.
            path = path.replace(f"{{{name}}}", quote(value if value not in (".", "..") else "", safe=""))
        elif parameter["in"] == "query" and draw(st.booleans()):
            query[name] = value
        elif parameter["in"] == "header" and draw(st.booleans()):
            headers[name] = "".join(letter for letter in value if " " < letter < "\x7f")
    target = f"{path}?{urlencode(query)}" if query else path
    return draw(with_body(operation, target, headers)) if operation.body else Sent(target, headers)


@st.composite
def with_body(draw: st.DrawFn, operation: Operation, target: str, headers: dict[str, str]) -> Sent:
    media = draw(st.sampled_from(sorted(operation.body)))
    names = list(operation.body[media].get("properties", {}))
    fields = {name: draw(SOME_TEXT if media == FORM else SOME_VALUE) for name in names if draw(st.integers(0, 5))}
    if names and not draw(st.integers(0, 5)):
        fields["another"] = draw(SOME_TEXT)
    body = urlencode(fields).encode() if media == FORM else json.dumps(fields).encode()
    if not names or not draw(st.integers(0, 7)):
        body = draw(st.binary(max_size=200) | st.just(b"x=" + b"y" * 20_000))
    sent_as = (
        media if draw(st.integers(0, 7)) else draw(st.sampled_from(("text/plain", "multipart/form-data", "", FORM)))
    )
    site = draw(st.sampled_from(("same-origin",) * 6 + ("cross-site", "none")))
    return Sent(target, headers | {"Content-Type": sent_as, "Sec-Fetch-Site": site}, body)


def check(operation: Operation, sent: Sent, response: http.client.HTTPResponse, body: bytes) -> None:
    """Status, type and content are those of the description; a page has its headers; nothing of our inside is told."""
    about = f"{operation} {sent} → {response.status} {body[:200]!r}"
    assert str(response.status) in operation.responses, about
    assert b"Traceback" not in body, about
    content = operation.responses[str(response.status)].get("content", {})
    media = (response.headers.get("Content-Type") or "").partition(";")[0]
    if content and "*/*" not in content:
        assert media in content, about
    if media == JSON:
        resolver = RefResolver("", DESCRIPTION)
        Draft202012Validator(content[JSON]["schema"], resolver=resolver).validate(json.loads(body))
    if media == "text/html":
        for name, value in OF_EVERY_PAGE.items():
            assert value in response.headers.get(name, ""), f"{name}: {about}"
    if response.status == 303:
        assert response.headers["Location"].startswith("/"), about
        assert not response.headers["Location"].startswith("//"), about
    if response.status in (429, 503):
        assert int(response.headers["Retry-After"]) > 0, about


@pytest.fixture(scope="module")
def tokens(talking_server: Server) -> list[str]:
    """A link that is good, and some that are not."""
    visitor = Visitor(talking_server.url)
    link = visitor.link(visitor.say("quiero identificarme"))
    return [link.rpartition("/")[2], "A" * 22, "pages.css", "0", "-"]


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_whatever_is_sent_is_answered_as_it_is_described(
    operation: Operation, talking_server: Server, tokens: list[str]
) -> None:
    connection = http.client.HTTPConnection(talking_server.url.removeprefix("http://"), timeout=60)

    @settings(max_examples=REQUESTS_AN_OPERATION, derandomize=True, deadline=None, database=None)
    @given(sent=requests(operation, tokens))
    def answered(sent: Sent) -> None:
        connection.request(operation.method.upper(), sent.target, sent.body, sent.headers)
        response = connection.getresponse()
        check(operation, sent, response, response.read())

    answered()
    connection.close()


def test_every_schema_is_one() -> None:
    found = list(schemas(DESCRIPTION))
    assert len(found) > 30
    for schema in found:
        Draft202012Validator.check_schema(schema)


def test_every_operation_says_what_it_takes_and_gives() -> None:
    for operation in operations():
        placed = {each["name"] for each in operation.parameters if each["in"] == "path" and each["required"]}
        assert placed == {part.strip("{}") for part in operation.path.split("/") if part.startswith("{")}, operation
        assert operation.says["summary"], operation
        assert operation.says["tags"][0] in {tag["name"] for tag in DESCRIPTION["tags"]}, operation
        for status, response in operation.responses.items():
            assert 200 <= int(status) < 600, operation
            assert response["description"], operation
