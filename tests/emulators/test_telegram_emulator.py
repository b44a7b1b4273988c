"""The emulator behaves as Telegram is documented to, and an independent implementation reads what it says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from emulators.telegram.__main__ import TOKEN
from tests.emulators.telegram import TelegramEmulator, TelegramPerson
from tests.emulators.telegram_schema import CONTRACT, Types, from_contract, with_aiogram

READ_WITH_AIOGRAM = """
import json, sys
from aiogram.types import File, Message, Update, User, WebhookInfo
KINDS = {"Update": Update, "Message": Message, "User": User, "File": File, "WebhookInfo": WebhookInfo}
for kind, value in json.load(sys.stdin):
    model = KINDS[kind].model_validate(value)
    extra = set(value) - {field.alias or name for name, field in KINDS[kind].model_fields.items()}
    assert not extra, (kind, extra)
    if kind == "Update":
        assert model.event_type
print("read")
"""


@pytest.fixture
def emulator() -> Iterator[TelegramEmulator]:
    emulator = TelegramEmulator()
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture
def ana(emulator: TelegramEmulator) -> TelegramPerson:
    person = TelegramPerson(emulator, 7)
    person.say("hola")
    return person


def problem(answer: tuple[int, dict[str, object]]) -> tuple[int, str]:
    return answer[0], str(answer[1].get("description"))


def test_fetching_confirms_with_the_offset_and_waits(emulator: TelegramEmulator, ana: TelegramPerson) -> None:
    _, first = emulator.bot("getUpdates")
    _, again = emulator.bot("getUpdates")
    assert first == again
    began, offset = time.monotonic(), first["result"][-1]["update_id"] + 1
    assert emulator.bot("getUpdates", offset=offset, timeout=1)[1]["result"] == []
    assert time.monotonic() - began >= 1


def test_one_fetches_at_a_time_and_nobody_beside_a_webhook(emulator: TelegramEmulator) -> None:
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(emulator.bot, "getUpdates", timeout=20)
        time.sleep(0.5)
        emulator.bot("getUpdates", timeout=0)
        assert problem(older.result())[0] == 409
    assert emulator.bot("setWebhook", url="http://127.0.0.1:9/x", secret_token="w")[0] == 200
    assert "webhook is active" in problem(emulator.bot("getUpdates"))[1]
    assert "HTTPS" in problem(emulator.bot("setWebhook", url="http://example.com"))[1]


@pytest.mark.parametrize(
    ("parameters", "code", "words"),
    [
        ({"chat_id": 8, "text": "x"}, 400, "chat not found"),
        ({"chat_id": 7, "text": " "}, 400, "text is empty"),
        ({"chat_id": 7, "text": "😀" * 2049}, 400, "too long"),
        ({"chat_id": 7, "text": "<b>x", "parse_mode": "HTML"}, 400, "can't parse entities"),
        ({"chat_id": 7, "text": "<br>", "parse_mode": "HTML"}, 400, "can't parse entities"),
        (
            {
                "chat_id": 7,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "ñ" * 33}]]},
            },
            400,
            "BUTTON_DATA_INVALID",
        ),
    ],
)
def test_what_telegram_does_not_take(
    emulator: TelegramEmulator, ana: TelegramPerson, parameters: dict[str, object], code: int, words: str
) -> None:
    assert problem(emulator.bot("sendMessage", **parameters))[0] == code
    assert words in problem(emulator.bot("sendMessage", **parameters))[1]


def test_a_message_that_would_stay_as_it_is_is_not_modified(emulator: TelegramEmulator, ana: TelegramPerson) -> None:
    sent = emulator.bot("sendMessage", chat_id=7, text="x")[1]["result"]
    assert (
        "not modified"
        in problem(emulator.bot("editMessageText", chat_id=7, message_id=sent["message_id"], text="x"))[1]
    )
    assert emulator.bot("editMessageText", chat_id=7, message_id=sent["message_id"], text="y")[0] == 200
    assert "not found" in problem(emulator.bot("editMessageText", chat_id=7, message_id=999, text="y"))[1]


def test_who_blocks_the_bot_is_not_reached(emulator: TelegramEmulator, ana: TelegramPerson) -> None:
    emulator.control("block", chat=7, blocked=True)
    assert problem(emulator.bot("sendMessage", chat_id=7, text="x")) == (403, "Forbidden: bot was blocked by the user")


def test_files_up_to_20_mb_can_be_fetched(emulator: TelegramEmulator, ana: TelegramPerson) -> None:
    ana.send_file("a.pdf", b"abc")
    ana.send_file("b.pdf", b"abc", size=21 * 1024 * 1024)
    small, large = [update["message"]["document"] for update in emulator.bot("getUpdates")[1]["result"][1:]]
    assert "too big" in problem(emulator.bot("getFile", file_id=large["file_id"]))[1]
    path = emulator.bot("getFile", file_id=small["file_id"])[1]["result"]["file_path"]
    with urlopen(f"{emulator.url}/file/bot{quote(TOKEN, safe='')}/{path}") as answer:
        assert answer.read() == b"abc"


def test_faults_come_as_often_as_they_were_asked_for(emulator: TelegramEmulator, ana: TelegramPerson) -> None:
    emulator.control("faults", percent_429=30, percent_500=20, retry_after=3)
    answers = [emulator.bot("sendMessage", chat_id=7, text="x") for _ in range(200)]
    assert 40 <= sum(status == 429 for status, _ in answers) <= 80
    assert 20 <= sum(status == 500 for status, _ in answers) <= 60
    assert {body["parameters"]["retry_after"] for status, body in answers if status == 429} == {3}


def send_document(emulator: TelegramEmulator, content: bytes, **fields: str) -> tuple[int, dict[str, Any]]:
    """A file as a bot uploads it."""
    boundary = "----------------------------7d1"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n'
    body = "".join([*parts, head, "Content-Type: application/pdf\r\n\r\n"]).encode() + content
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = Request(f"{emulator.url}/bot{TOKEN}/sendDocument", body + f"\r\n--{boundary}--\r\n".encode(), headers)
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_a_bot_s_document_is_on_the_person_s_phone_with_its_caption(
    emulator: TelegramEmulator, ana: TelegramPerson
) -> None:
    _, sent = send_document(emulator, b"%PDF", chat_id="7", caption="<b>7</b>", parse_mode="HTML")
    (seen,) = ana.seen()
    assert seen == sent["result"]
    assert (seen["caption"], seen["document"]["file_name"], seen["document"]["file_size"]) == ("7", "a.pdf", 4)
    with urlopen(f"{emulator.url}/control/files/{seen['document']['file_id']}") as answer:
        assert answer.read() == b"%PDF"


def test_documents_that_telegram_refuses_are_refused(emulator: TelegramEmulator, ana: TelegramPerson) -> None:
    assert "non-empty" in problem(send_document(emulator, b"", chat_id="7"))[1]
    assert "caption is too long" in problem(send_document(emulator, b"x", chat_id="7", caption="ñ" * 1025))[1]
    assert problem(send_document(emulator, b"x" * (50 * 1024 * 1024 + 1), chat_id="7"))[0] == 413
    assert "no document" in problem(emulator.bot("sendDocument", chat_id=7))[1]
    emulator.control("block", chat=7)
    assert problem(send_document(emulator, b"x", chat_id="7"))[0] == 403


def said_by(emulator: TelegramEmulator, ana: TelegramPerson) -> list[tuple[str, object]]:
    """One of everything that the emulator says."""
    ana.send_file("a.pdf", b"abc")
    ana.send_file("a.jpg", b"abc", kind="photo")
    markup = {"inline_keyboard": [[{"text": "Sí", "callback_data": "1.0"}]]}
    sent = emulator.bot("sendMessage", chat_id=7, text="<b>x</b>", parse_mode="HTML", reply_markup=markup)[1]["result"]
    ana.press("Sí")
    emulator.control("edit", chat=7, text="otra cosa")
    updates = emulator.bot("getUpdates")[1]["result"]
    file = emulator.bot("getFile", file_id=updates[1]["message"]["document"]["file_id"])[1]["result"]
    info, me = emulator.bot("getWebhookInfo")[1]["result"], emulator.bot("getMe")[1]["result"]
    document = send_document(emulator, b"abc", chat_id="7", caption="<b>x</b>", parse_mode="HTML")[1]["result"]
    ours = [("Message", sent), ("Message", document), ("File", file), ("User", me), ("WebhookInfo", info)]
    return [("Update", update) for update in updates] + ours


def test_aiogram_reads_everything_that_the_emulator_says(emulator: TelegramEmulator, ana: TelegramPerson) -> None:
    assert with_aiogram(READ_WITH_AIOGRAM, json.dumps(said_by(emulator, ana))).strip() == "read"


def test_everything_that_the_emulator_says_is_in_the_contract(emulator: TelegramEmulator, ana: TelegramPerson) -> None:
    if not CONTRACT.exists():
        pytest.skip("the published contract is not at TELEGRAM_CONTRACT; aiogram's models are held against it anyway")
    types = from_contract()
    for kind, value in said_by(emulator, ana):
        check(types, kind, value)


def check(types: Types, kind: str, value: object) -> None:
    if kind.startswith("Array of "):
        assert isinstance(value, list)
        for each in value:
            check(types, kind.removeprefix("Array of "), each)
    elif types.get(kind):
        assert isinstance(value, dict)
        fields = {name: kinds for name, kinds, _ in types[kind]}
        assert value.keys() <= fields.keys()
        assert {name for name, _, required in types[kind] if required} <= value.keys()
        for name, each in value.items():
            if len(fields[name]) == 1:
                check(types, fields[name][0], each)
