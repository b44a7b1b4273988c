"""The emulated Cloud API against others' work: pywa reads and signs, pywa's client sends, the published contract agrees."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer
from jsonschema import Draft202012Validator

from emulators.whatsapp.__main__ import make_app
from emulators.whatsapp.cloud import Account
from emulators.whatsapp.rules import Refused, check_message
from emulators.whatsapp.webhooks import envelope, signature, status_update

pywa = pytest.importorskip("pywa")
from pywa import types as pywa_types  # noqa: E402
from pywa.utils import webhook_updates_validator  # noqa: E402

ACCOUNT = Account()
NUMBER = "34600111222"
CALLER = {"Authorization": f"Bearer {ACCOUNT.token}"}
MESSAGES = f"/v23.0/{ACCOUNT.phone_number_id}/messages"
CONTRACT = os.environ.get("WHATSAPP_CONTRACT", "")
KAPSO = (
    Path(os.environ.get("KAPSO_FOLDER", ""))
    if os.environ.get("KAPSO_FOLDER")
    else (Path(__file__).resolve().parents[2] / ".cache/contracts/node_modules/@kapso/whatsapp-cloud-api")
)
Post = dict[str, Any]


def text(body: str = "hola", **more: Any) -> Post:
    return {"messaging_product": "whatsapp", "to": NUMBER, "type": "text", "text": {"body": body}} | more


def interactive(**what: Any) -> Post:
    whole = {"body": {"text": "¿Qué prefieres?"}} | what
    return {"messaging_product": "whatsapp", "to": NUMBER, "type": "interactive", "interactive": whole}


def buttons(*replies: tuple[str, str], **more: Any) -> Post:
    shown = [{"type": "reply", "reply": {"id": key, "title": title}} for key, title in replies]
    return interactive(type="button", action={"buttons": shown}, **more)


def rows(count: int, **row: str) -> Post:
    made = [{"id": str(number), "title": f"Fila {number}"} | row for number in range(count)]
    return interactive(type="list", action={"button": "Ver", "sections": [{"rows": made}]})


class Business:
    """Whoever gets the webhooks: keeps them, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.answers: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.Response(text=request.query["hub.challenge"])
        self.got.append((await request.read(), request.headers["X-Hub-Signature-256"]))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@asynccontextmanager
async def running() -> AsyncIterator[tuple[TestClient[Any, Any], Business]]:
    business = Business()
    app = web.Application()
    app.add_routes([web.route("*", "/hook", business.take)])
    async with (
        TestServer(app) as hook,
        TestClient(TestServer(make_app(ACCOUNT, str(hook.make_url("/hook"))))) as client,
    ):
        yield client, business


async def send(client: TestClient[Any, Any], body: Post, headers: dict[str, str] | None = None) -> tuple[int, Post]:
    response = await client.post(MESSAGES, json=body, headers=CALLER if headers is None else headers)
    return response.status, await response.json()


async def write(client: TestClient[Any, Any], **what: Any) -> Post:
    response = await client.post(f"/control/phones/{NUMBER}/messages", json=what)
    return dict(await response.json())


def faults() -> Iterator[Any]:
    many = [(str(number), f"Botón {number}") for number in range(4)]
    yield "four buttons", buttons(*many), 131009
    yield "a long button", buttons(("1", "x" * 21)), 131009
    yield "a button without a title", buttons(("1", " ")), 131008
    yield "two alike", buttons(("1", "Sí"), ("2", "Sí")), 131009
    yield "the same id", buttons(("1", "Sí"), ("1", "No")), 131009
    yield "a long body", buttons(("1", "Sí"), body={"text": "x" * 1025}), 131009
    yield "eleven rows", rows(11), 131009
    yield "a long row", rows(1, title="x" * 25), 131009
    yield "a long description", rows(1, description="x" * 73), 131009
    yield "no rows", rows(0), 131009
    yield "no body", interactive(type="button", body={}), 131008
    yield "a long text", text("x" * 4097), 131009
    yield "an empty text", text(" "), 131008
    yield "an unknown key", text(hola=1), 100
    yield "no recipient", text(to=""), 100
    yield "no product", text(messaging_product="x"), 100
    yield "an unknown type", text(type="poll"), 131051
    yield "a template with parameters", template(components=[{"type": "body"}]), 132000


def template(name: str = "novedades_gestion", **more: Any) -> Post:
    whole = {"name": name, "language": {"code": "es"}} | more
    return {"messaging_product": "whatsapp", "to": NUMBER, "type": "template", "template": whole}


@pytest.mark.parametrize(("body", "code"), [pytest.param(body, code, id=name) for name, body, code in faults()])
def test_what_the_platform_refuses_is_refused_with_its_number(body: Post, code: int) -> None:
    with pytest.raises(Refused) as refused:
        check_message(body)
    assert refused.value.code == code


@pytest.mark.parametrize("body", [text("x" * 4096), buttons(("1", "x" * 20)), rows(10), template()])
def test_what_the_platform_takes_is_taken(body: Post) -> None:
    check_message(body)


async def test_without_the_token_nothing_is_taken() -> None:
    async with running() as (client, _):
        for headers in ({}, {"Authorization": "Bearer otro"}):
            status, answer = await send(client, text(), headers)
            assert (status, answer["error"]["code"]) == (401, 190)


async def test_a_window_opens_when_the_person_writes_and_closes_after_a_day() -> None:
    async with running() as (client, business):
        await send(client, text())
        assert [status["errors"][0]["code"] for status in await statuses(business, 1)] == [131047]
        await write(client, text="hola")
        await send(client, text())
        assert [status["status"] for status in (await statuses(business, 3))[1:]] == ["sent", "delivered"]
        await client.post(f"/control/phones/{NUMBER}", json={"silent_hours": 24})
        await client.post("/control/trouble", json={"window": "answer"})
        assert (await send(client, text()))[1]["error"]["code"] == 131047
        assert (await send(client, template()))[0] == 200
        assert (await send(client, template("otra")))[1]["error"]["code"] == 132001


async def statuses(business: Business, count: int) -> list[Post]:
    async with asyncio.timeout(5):
        while True:
            values = [json.loads(body)["entry"][0]["changes"][0]["value"] for body, _ in business.got]
            found = [status for value in values for status in value.get("statuses", [])]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.01)


async def test_a_webhook_is_repeated_until_it_is_acknowledged() -> None:
    async with running() as (client, business):
        business.answers = [503, 500]
        assert (await write(client, text="hola"))["status"] == 200
        assert len(business.got) == 3
        assert len(set(business.got)) == 1


async def test_trouble_comes_in_the_order_and_the_share_that_was_asked_for() -> None:
    async with running() as (client, _):
        await write(client, text="hola")
        await client.post("/control/trouble", json={"next": [{"kind": "429"}, {"code": 131026}]})
        codes = [(await send(client, text()))[1].get("error", {}).get("code") for _ in range(3)]
        assert codes == [130429, 131026, None]
        await client.post("/control/trouble", json={"percent": 20, "kinds": ["500"]})
        failed = [(await send(client, text()))[0] != 200 for _ in range(300)]
        assert 30 < sum(failed) < 90


async def test_pywa_finds_every_signature_right_and_a_changed_body_wrong() -> None:
    async with running() as (client, business):
        await write(client, text="¿qué tal?")
        body, header = business.got[0]
        assert webhook_updates_validator(ACCOUNT.app_secret, body, header)
        assert not webhook_updates_validator(ACCOUNT.app_secret, body + b" ", header)
        assert not webhook_updates_validator(ACCOUNT.app_secret, body, "")


def incoming() -> list[Any]:
    media = {"id": "7", "mime_type": "image/jpeg", "sha256": "x"}
    pressed = {"type": "interactive", "context": {"from": ACCOUNT.display_number, "id": "wamid.0"}}
    chosen = {"id": "7.1", "title": "Sí", "description": "Sí, quiero"}
    return [
        ({"type": "text", "text": {"body": "hola"}}, pywa_types.Message),
        ({"type": "image", "image": media}, pywa_types.Message),
        ({"type": "document", "document": media | {"filename": "a.pdf"}}, pywa_types.Message),
        (
            pressed | {"interactive": {"type": "button_reply", "button_reply": {"id": "7.1", "title": "Sí"}}},
            pywa_types.CallbackButton,
        ),
        (pressed | {"interactive": {"type": "list_reply", "list_reply": chosen}}, pywa_types.CallbackSelection),
    ]


@pytest.mark.parametrize(
    ("content", "model"), incoming(), ids=lambda value: value.get("type") if isinstance(value, dict) else ""
)
def test_pywa_reads_what_a_person_sends(content: Post, model: Any) -> None:
    basis = {"from": NUMBER, "id": "wamid.1", "timestamp": "1764072000"}
    read = model.from_update(
        pywa.WhatsApp(phone_id="1", token="x", server=None), envelope(ACCOUNT, NUMBER, {"messages": [basis | content]})
    )
    assert (read.id, read.from_user.wa_id, read.metadata.phone_number_id) == (
        "wamid.1",
        NUMBER,
        ACCOUNT.phone_number_id,
    )


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "failed"])
def test_pywa_reads_what_became_of_a_message(status: str) -> None:
    failed = {"errors": [{"code": 131026, "title": "x", "message": "x"}]} if status == "failed" else {}
    update = status_update(ACCOUNT, NUMBER, "wamid.1", {"status": status} | failed)
    read = pywa_types.MessageStatus.from_update(pywa.WhatsApp(phone_id="1", token="x", server=None), update)
    assert (read.id, read.status.value) == ("wamid.1", status)


async def test_pywa_s_own_client_sends_buttons_lists_and_files() -> None:
    async with running() as (client, _):
        await write(client, text="hola")
        shown = await asyncio.to_thread(send_with_pywa, str(client.make_url("/v23.0")))
        assert all(identifier.startswith("wamid.") for identifier in shown)
        screen = await (await client.get(f"/control/phones/{NUMBER}")).json()
        kinds = [message["content"].get("type", message["type"]) for message in screen["shown"]]
        assert kinds == ["text", "button", "list", "document", "image"]


def send_with_pywa(base_url: str) -> list[str]:
    phone = pywa.WhatsApp(phone_id=ACCOUNT.phone_number_id, token=ACCOUNT.token, server=None)
    phone.api._session.base_url = base_url
    row = pywa_types.SectionRow(title="Uno", callback_data="7.0")
    listed = pywa_types.SectionList(button_title="Ver", sections=[pywa_types.Section(title="Todo", rows=[row])])
    sent = [
        phone.send_message(NUMBER, "Hola"),
        phone.send_message(NUMBER, "¿Sí?", buttons=[pywa_types.Button(title="Sí", callback_data="7.0")]),
        phone.send_message(NUMBER, "¿Cuál?", buttons=listed),
        phone.send_document(NUMBER, b"%PDF-1.4", filename="a.pdf", mime_type="application/pdf", caption="*Laura*"),
        phone.send_image(NUMBER, b"\xff\xd8\xff", mime_type="image/jpeg", caption="*Laura*"),
    ]
    return [message.id for message in sent]


async def test_a_file_is_fetched_with_the_token_only() -> None:
    async with running() as (client, _):
        added = await (
            await client.post("/control/files", json={"content": "aG9sYQ==", "mime_type": "text/plain"})
        ).json()
        told = await (await client.get(f"/v23.0/{added['id']}", headers=CALLER)).json()
        assert told["file_size"] == 4
        assert (await client.get(told["url"].partition(str(client.port))[2])).status == 401
        assert await (await client.get(told["url"].partition(str(client.port))[2], headers=CALLER)).read() == b"hola"


@pytest.mark.parametrize(
    ("kind", "media_type", "size", "status"),
    [
        ("document", "application/pdf", 10, 200),
        ("document", "image/png", 10, 200),
        ("image", "image/png", 10, 200),
        ("image", "application/pdf", 10, 400),
        ("image", "image/jpeg", 5 * 1024 * 1024 + 1, 400),
        ("document", "application/x-msdownload", 10, 400),
    ],
)
async def test_files_that_the_platform_does_not_take_are_refused(
    kind: str, media_type: str, size: int, status: int
) -> None:
    async with running() as (client, _):
        await write(client, text="hola")
        form = FormData({"messaging_product": "whatsapp"})
        form.add_field("file", b"x" * size, filename="a", content_type=media_type)
        uploaded = await client.post(f"/v23.0/{ACCOUNT.phone_number_id}/media", data=form, headers=CALLER)
        media_id = (await uploaded.json()).get("id")
        body = {"messaging_product": "whatsapp", "to": NUMBER, "type": kind, kind: {"id": media_id}}
        assert (await client.post(MESSAGES, json=body, headers=CALLER)).status == status


def file_of(kind: str, **more: str) -> Post:
    return {"messaging_product": "whatsapp", "to": NUMBER, "type": kind, kind: {"id": "1", "caption": "*Laura*"} | more}


@cache
def contract() -> Post:
    if not CONTRACT:
        pytest.skip("WHATSAPP_CONTRACT does not name the published contract (business messaging v23)")
    return dict(yaml.load(Path(CONTRACT).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


def errors_of(schema: str, value: Post) -> list[str]:
    document = {"$ref": f"#/components/schemas/{schema}", "components": contract()["components"]}
    return [error.message for error in Draft202012Validator(document).iter_errors(value)]


@pytest.mark.parametrize(
    "body",
    [text(), buttons(("7.0", "Sí")), rows(10), file_of("document", filename="a.pdf"), file_of("image")],
    ids=["text", "buttons", "list", "document", "image"],
)
def test_the_contract_takes_what_the_emulator_takes(body: Post) -> None:
    check_message(body)
    assert errors_of("Message", body | {"recipient_type": "individual"}) == []


def test_the_contract_takes_what_the_emulator_sends() -> None:
    basis = {"from": NUMBER, "id": "wamid.1", "timestamp": "1764072000"}
    for content, _ in incoming():
        assert errors_of("WebhookPayload", envelope(ACCOUNT, NUMBER, {"messages": [basis | content]})) == []
    assert errors_of("WebhookPayload", status_update(ACCOUNT, NUMBER, "wamid.1", {"status": "delivered"})) == []


def test_the_contract_s_examples_of_webhooks_are_read_by_us() -> None:
    from bot.channels.whatsapp.transport import Kind, read

    media = contract()["paths"]["/whatsapp/webhooks"]["post"]["requestBody"]["content"]["application/json"]
    kinds = set()
    for example in media["examples"].values():
        value = example["value"]
        number = value["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"]
        kinds |= {message.kind for message in read(json.dumps(value).encode(), number).messages}
    assert {Kind.TEXT, Kind.FILE, Kind.CHOICE} <= kinds


def test_kapso_s_checker_agrees_on_good_changed_and_missing_signatures() -> None:
    if not KAPSO.exists() or shutil.which("node") is None:
        pytest.skip("npm's @kapso/whatsapp-cloud-api is not installed (tests/browser/package.json)")
    body = json.dumps(
        envelope(
            ACCOUNT,
            NUMBER,
            {"messages": [incoming()[0][0] | {"from": NUMBER, "id": "wamid.1", "timestamp": "1764072000"}]},
        )
    )
    asked = json.dumps(
        {"secret": ACCOUNT.app_secret, "body": body, "header": signature(ACCOUNT.app_secret, body.encode())}
    )
    script = Path(__file__).with_name("kapso_check.mjs")
    ran = subprocess.run(["node", script, KAPSO], input=asked, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"good": True, "changed": False, "missing": False, "texts": ["hola"]}
