"""What WhatsApp's errors mean for what waits, the 24 hours, and files: against the emulator, with both databases."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from structlog.testing import capture_logs
from yarl import URL

from bot.area import Area
from bot.channels.contract import FileUnavailable
from bot.channels.whatsapp import files as files_module
from bot.channels.whatsapp import store
from bot.channels.whatsapp.account import Account
from bot.channels.whatsapp.client import CallFailed, Client, FileRefused
from bot.channels.whatsapp.files import Files
from bot.channels.whatsapp.rendering import Words
from bot.channels.whatsapp.sending import Records, Sending
from bot.channels.whatsapp.store import number_table, sent_table
from bot.channels.whatsapp.transport import Arrived, Kind, Progress
from bot.conversation import outbound_store, transcript
from bot.conversation.model import Attachment, Message, Reply
from bot.conversation.outbound import SendFailed
from bot.conversation.outbound_store import Undelivered
from bot.database import Database, utc_now
from emulators.whatsapp.__main__ import make_app
from emulators.whatsapp.cloud import Account as Emulated

EMULATED = Emulated()
AREA = Area("http://localhost", b"x" * 32)
NUMBER = "34600111222"
ADDRESS = store.address_of(AREA, NUMBER)
FILE = b"%PDF-1.4 archivo"


@dataclass
class House:
    """A number of ours, its database, and the platform."""

    platform: TestClient[Any, Any]
    database: Database
    records: Records
    client: Client
    sending: Sending
    account: Account
    now: list[datetime] = field(default_factory=lambda: [utc_now()])

    async def trouble(self, *errors: dict[str, Any], **more: Any) -> None:
        await self.platform.post("/control/trouble", json={"next": errors} | more)

    async def shown(self) -> list[dict[str, Any]]:
        return list((await (await self.platform.get(f"/control/phones/{NUMBER}")).json())["shown"])

    async def hear(self, text: str = "hola") -> None:
        await self.platform.post(f"/control/phones/{NUMBER}", json={"silent_hours": 0})
        message = Arrived(NUMBER, "wamid.1", self.now[0], Kind.TEXT, text)
        await self.records.write(store.note_heard, ADDRESS, message, self.now[0])

    def say(self, text: str) -> Message:
        with self.database.writing() as connection:
            opened = transcript.open_conversation(connection, ADDRESS, self.now[0])
            (message,) = transcript.add_replies(connection, opened, [Reply(text)], None, self.now[0])
        return message

    def send_file(self, media_type: str = "application/pdf", size: int = len(FILE)) -> Message:
        with self.database.writing() as connection:
            opened = transcript.open_conversation(connection, ADDRESS, self.now[0])
            file = Attachment("reference", "contrato.pdf", media_type, size)
            return transcript.add_from_agent(connection, opened, file.name, "Laura", self.now[0], attachment=file)

    async def failure(self, message: Message) -> SendFailed:
        with pytest.raises(SendFailed) as failed:
            await self.sending.send(ADDRESS, message)
        return failed.value


@dataclass
class Archive:
    """What documents are to a channel: the bytes, None for what is gone, or an error for what cannot be read now."""

    held: bytes | Exception | None = FILE
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def link(self, address: str, reference: str) -> str | None:
        return None

    async def content(self, address: str, reference: str) -> bytes | None:
        self.asked.append((address, reference))
        if isinstance(self.held, Exception):
            raise self.held
        return self.held


@asynccontextmanager
async def at_home(
    database: Database, template: str = "novedades_gestion", archive: Archive | None = None
) -> AsyncIterator[House]:
    app = make_app(EMULATED, "http://127.0.0.1:9/nobody")
    async with TestClient(TestServer(app)) as platform:
        account = Account(
            token=EMULATED.token,
            phone_number_id=EMULATED.phone_number_id,
            app_secret=EMULATED.app_secret,
            verify_token=EMULATED.verify_token,
            api_url=URL(str(platform.make_url("/v23.0"))),
            template=template,
            template_language="es",
            oldest_message=timedelta(minutes=5),
        )
        now = [utc_now()]
        client = Client(account)
        with ThreadPoolExecutor(1 if database.is_sqlite else 4) as pool:
            records = Records(database, pool)
            sending = Sending(account, client, records, AREA, Words("Ver"), lambda: now[0], archive)
            client.open()
            yield House(platform, database, records, client, sending, account, now)
            await client.close()


@pytest.mark.parametrize(
    ("error", "permanent", "skip", "pause"),
    [
        ({"status": 400, "code": 131026}, True, False, None),
        ({"status": 400, "code": 131030}, True, False, None),
        ({"status": 400, "code": 131009}, False, True, None),
        ({"status": 400, "code": 100}, False, True, None),
        ({"status": 429, "code": 130429, "retry_after": 7}, False, False, 7.0),
        ({"status": 400, "code": 80007}, False, False, 60.0),
        ({"status": 400, "code": 131056}, False, False, 6.0),
        ({"status": 401, "code": 190}, False, False, 300.0),
        ({"status": 400, "code": 131031}, False, False, 300.0),
        ({"status": 500, "code": 131000}, False, False, None),
        ({"status": 503, "code": 0}, False, False, None),
        ({"kind": "drop"}, False, False, None),
    ],
    ids=str,
)
async def test_every_error_says_what_becomes_of_the_message(
    migrated_sqlite: Any, tmp_path: Any, error: dict[str, Any], permanent: bool, skip: bool, pause: float | None
) -> None:
    database = copy_of(migrated_sqlite, tmp_path)
    async with at_home(database) as house:
        await house.hear()
        message = house.say("hola")
        await house.trouble(error)
        failed = await house.failure(message)
        assert (failed.permanent, failed.skip, failed.retry_after_seconds) == (permanent, skip, pause)
        assert NUMBER not in str(failed)
        await house.sending.send(ADDRESS, message)
        assert [shown["content"]["body"] for shown in await house.shown()] == ["hola"]
    database.close()


def copy_of(file: Any, folder: Any) -> Database:
    (folder / "test.db").write_bytes(file.read_bytes())
    return Database(f"sqlite:///{folder / 'test.db'}")


async def test_a_message_in_parts_goes_on_where_it_was_cut_off(database: Database) -> None:
    async with at_home(database) as house:
        await house.hear()
        message = house.say("Una frase de prueba. " * 600)
        parts = len(await parts_with_failure(house, message))
        assert parts == 4
        assert await house.records.read(store.sent_parts, message.id) == set(range(parts))


async def parts_with_failure(house: House, message: Message) -> list[dict[str, Any]]:
    """Every second call fails; each part still comes once."""
    await house.trouble(percent=50, kinds=["503"], seed=3)
    for _ in range(40):
        try:
            await house.sending.send(ADDRESS, message)
        except SendFailed:
            continue
        break
    shown = await house.shown()
    assert len({part["content"]["body"] + part["id"] for part in shown}) == len(shown)
    assert "".join(part["content"]["body"] for part in shown).replace(" ", "") == message.text.replace(" ", "")
    return shown


async def test_an_agent_s_file_is_sent_once_through_failures_of_its_upload(database: Database) -> None:
    archive = Archive()
    async with at_home(database, archive=archive) as house:
        await house.hear()
        message = house.send_file()
        for kind in ("503", "drop"):
            await house.trouble({"kind": kind})
            await house.failure(message)
        await house.sending.send(ADDRESS, message)
        await house.sending.send(ADDRESS, message)
        (shown,) = await house.shown()
        assert shown["content"]["filename"] == "contrato.pdf"
        assert archive.asked[0] == (ADDRESS, "reference")


async def test_a_message_that_fails_after_its_upload_does_not_upload_again(migrated_sqlite: Any, tmp_path: Any) -> None:
    archive, database = Archive(), copy_of(migrated_sqlite, tmp_path)
    async with at_home(database, archive=archive) as house:
        await house.hear()
        message = house.send_file()
        house.sending._media_ids[message.id] = await house.client.upload(FILE, "a.pdf", "application/pdf")
        await house.trouble({"kind": "503"})
        assert not (await house.failure(message)).skip
        await house.sending.send(ADDRESS, message)
        assert archive.asked == []
        assert len(await house.shown()) == 1
        assert house.sending._media_ids == {}
    database.close()


@pytest.mark.parametrize(
    ("held", "skip", "why"),
    [(None, True, Undelivered.NOT_TAKEN), (FileUnavailable("disk"), False, Undelivered.TRYING)],
    ids=["gone", "unreadable"],
)
async def test_a_file_that_is_gone_is_left_out_and_one_that_cannot_be_read_is_tried_again(
    migrated_sqlite: Any, tmp_path: Any, held: Exception | None, skip: bool, why: Undelivered
) -> None:
    database = copy_of(migrated_sqlite, tmp_path)
    async with at_home(database, archive=Archive(held)) as house:
        await house.hear()
        failed = await house.failure(house.send_file())
        assert (failed.skip, failed.permanent, failed.why) == (skip, False, why)
        assert await house.shown() == []
    database.close()


async def test_a_refused_token_is_shouted_once_and_not_shown(database: Database) -> None:
    async with at_home(database) as house:
        await house.hear()
        message = house.say("hola")
        await house.trouble({"kind": "190"}, {"kind": "190"}, {"kind": "190"})
        with capture_logs() as logs:
            for _ in range(3):
                await house.failure(message)
        shouted = [entry for entry in logs if entry["log_level"] == "error"]
        assert [entry["setting"] for entry in shouted] == ["WHATSAPP_TOKEN"]
        assert EMULATED.token not in str(logs)


async def test_after_a_day_one_template_asks_the_person_to_write(database: Database) -> None:
    async with at_home(database) as house:
        await house.hear()
        messages = [house.say("uno"), house.say("dos")]
        house.now[0] += timedelta(hours=24)
        assert [(await house.failure(message)).permanent for message in messages] == [True, True]
        assert [shown["type"] for shown in await house.shown()] == ["template"]
        await house.hear()
        for message in messages:
            await house.sending.send(ADDRESS, message)
        assert [shown["content"].get("body") for shown in await house.shown()] == [None, "uno", "dos"]


async def test_the_platform_s_own_word_closes_the_window_too(database: Database) -> None:
    async with at_home(database) as house:
        await house.hear()
        await house.platform.post(f"/control/phones/{NUMBER}", json={"silent_hours": 30})
        await house.trouble(window="answer")
        assert (await house.failure(house.say("uno"))).permanent
        assert [shown["type"] for shown in await house.shown()] == ["template"]
        assert (await house.records.read(store.reachable, ADDRESS)).heard_at is None  # type: ignore[union-attr]


async def test_without_a_template_what_comes_too_late_waits_in_silence(database: Database) -> None:
    async with at_home(database, template="") as house:
        await house.hear()
        house.now[0] += timedelta(hours=30)
        assert (await house.failure(house.say("uno"))).permanent
        assert await house.shown() == []


async def test_a_template_that_does_not_exist_is_told_and_tried_again_with_the_next_message(database: Database) -> None:
    async with at_home(database, template="otra") as house:
        await house.hear()
        house.now[0] += timedelta(hours=30)
        assert str(await house.failure(house.say("uno"))) == "template refused (132001)"
        assert str(await house.failure(house.say("dos"))) == "template refused (132001)"


async def test_what_the_platform_says_too_late_is_sent_again_when_the_person_writes(database: Database) -> None:
    async with at_home(database) as house:
        await house.hear()
        await house.platform.post(f"/control/phones/{NUMBER}", json={"silent_hours": 30})
        message = house.say("uno")
        await house.sending.send(ADDRESS, message)
        assert await house.shown() == []
        note_as_sent(house, message)
        with database.reading() as connection:
            digest = connection.execute(select(sent_table.c.digest)).scalar_one()
        assert await house.records.read(store.sent_to, digest) == (ADDRESS, message.sequence)
        await house.records.write(store.note_progress, digest, Progress.FAILED, 131047, house.now[0])
        await house.records.write(store.note_heard, ADDRESS, arrived(house), house.now[0])
        with database.writing() as connection:
            claimed = outbound_store.claim(connection, ADDRESS, house.now[0], timedelta(minutes=2))
            assert claimed is not None
            assert [m.id for m in outbound_store.unsent(connection, claimed, claimed.sent_sequence)] == [message.id]
        assert await house.records.read(store.sent_parts, message.id) == set()


def arrived(house: House) -> Arrived:
    return Arrived(NUMBER, "wamid.2", house.now[0], Kind.TEXT, "hola")


def note_as_sent(house: House, message: Message) -> None:
    with house.database.writing() as connection:
        outbound_store.ask_for(connection, ADDRESS, house.now[0])
        claimed = outbound_store.claim(connection, ADDRESS, house.now[0], timedelta(minutes=2))
        assert claimed is not None
        outbound_store.note_sent(connection, claimed, message.sequence, house.now[0])
        assert outbound_store.rest(connection, claimed, message.sequence)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ((("delivered", 0), ("sent", 0)), "delivered"),
        ((("read", 0), ("delivered", 0)), "read"),
        ((("delivered", 0), ("failed", 131026)), "delivered"),
        ((("failed", 131026), ("delivered", 0)), "failed"),
    ],
)
async def test_what_became_of_a_message_only_goes_forwards(
    database: Database, words: tuple[tuple[str, int], ...], kept: str
) -> None:
    async with at_home(database) as house:
        await house.hear()
        message = house.say("uno")
        await house.records.write(store.add_sent, message.id, 0, "d", house.now[0])
        for progress, code in words:
            await house.records.write(store.note_progress, "d", Progress(progress), code, house.now[0])
        with database.reading() as connection:
            assert connection.execute(select(sent_table.c.progress)).scalar_one() == kept


async def test_an_erased_number_is_written_to_no_more(database: Database) -> None:
    async with at_home(database) as house:
        await house.hear()
        await house.records.write(store.erase, ADDRESS)
        with database.reading() as connection:
            assert connection.execute(select(number_table)).all() == []
        assert (await house.failure(house.say("uno"))).permanent


class Papers:
    """Keeps files in memory."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bytes]] = []
        self.told: list[tuple[str, str]] = []

    async def take(self, address: str, name: str, content: bytes) -> str:
        self.taken.append((address, name, content))
        return ""

    async def tell(self, address: str, _message_id: str, response: str) -> None:
        self.told.append((address, response))


async def add_file(house: House, name: str = "poder.pdf", content: bytes = FILE, **lies: Any) -> str:
    asked = {"content": base64.b64encode(content).decode(), "mime_type": "application/pdf"} | lies
    media_id = (await (await house.platform.post("/control/files", json=asked)).json())["id"]
    row = {"digest": media_id, "address": ADDRESS, "media_id": media_id, "name": name, "arrived_at": house.now[0]}
    assert await house.records.write(store.add_file, row)
    assert not await house.records.write(store.add_file, row)
    return str(media_id)


def files_of(house: House, papers: Papers) -> Files:
    return Files(house.client, house.records, papers.take, papers.tell, lambda: house.now[0])


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "PAUSES_SECONDS", (0.01,) * 3)


async def test_a_file_is_fetched_once_and_handed_over(database: Database, hurried: None) -> None:
    async with at_home(database) as house:
        papers = Papers()
        await add_file(house)
        await add_file(house, name="")
        await house.trouble({"kind": "503"}, {"kind": "drop"})
        files = files_of(house, papers)
        await asyncio.gather(files.fetch_waiting(), files_of(house, papers).fetch_waiting())
        await files.fetch_waiting()
        assert sorted(papers.taken) == [(ADDRESS, "poder.pdf", FILE), (ADDRESS, "whatsapp.pdf", FILE)]
        assert papers.told == []


async def test_a_file_that_waits_through_a_stop_is_fetched_after_it(database: Database, hurried: None) -> None:
    async with at_home(database) as house:
        await add_file(house)
        papers = Papers()
        await house.trouble({"kind": "hang"})
        stopped = asyncio.create_task(files_of(house, papers).fetch_waiting())
        await asyncio.sleep(0.3)
        stopped.cancel()
        await files_of(house, papers).fetch_waiting()
        assert papers.taken == []
        house.now[0] += timedelta(minutes=11)
        await files_of(house, papers).fetch_waiting()
        assert len(papers.taken) == 1


@pytest.mark.parametrize(
    ("lies", "told"),
    [
        ({"size": 21 * 1024 * 1024}, "utter_file_too_large"),
        ({"url": "http://169.254.169.254/latest"}, "utter_sent_file_failed"),
        ({"url": "https://evil.example/file"}, "utter_sent_file_failed"),
        ({"url": "https://lookaside.fbsbx.com.evil.example/x"}, "utter_sent_file_failed"),
        ({"url": "https://lookaside.fbsbx.com@evil.example/x"}, "utter_sent_file_failed"),
        ({"url": "file:///etc/passwd"}, "utter_sent_file_failed"),
        ({"url": "//evil.example"}, "utter_sent_file_failed"),
        ({"url": "http://lookaside.fbsbx.com/x"}, "utter_sent_file_failed"),
    ],
    ids=str,
)
async def test_a_file_that_lies_is_not_fetched_and_the_person_is_told(
    migrated_sqlite: Any, tmp_path: Any, hurried: None, lies: dict[str, Any], told: str
) -> None:
    database = copy_of(migrated_sqlite, tmp_path)
    async with at_home(database) as house:
        papers = Papers()
        await add_file(house, **lies)
        await files_of(house, papers).fetch_waiting()
        assert (papers.taken, papers.told) == ([], [(ADDRESS, told)])
        later = house.now[0] + timedelta(hours=1)
        assert await house.records.write(store.claim_files, later, later) == []
    database.close()


async def test_a_file_larger_than_it_says_is_cut_off(migrated_sqlite: Any, tmp_path: Any) -> None:
    database = copy_of(migrated_sqlite, tmp_path)
    async with at_home(database) as house:
        media_id = await add_file(house, content=b"x" * 200_000, size=10)
        with pytest.raises(FileRefused) as refused:
            await house.client.file(media_id, 100_000)
        assert refused.value.is_too_large
    database.close()


async def test_a_redirect_is_not_followed(migrated_sqlite: Any, tmp_path: Any) -> None:
    database = copy_of(migrated_sqlite, tmp_path)
    async with at_home(database) as house, TestClient(TestServer(redirecting())) as elsewhere:
        account = replace(house.account, api_url=URL(str(elsewhere.make_url("/"))))
        client = Client(account)
        client.open()
        with pytest.raises(CallFailed):
            await client.file("7", 100)
        await client.close()
    database.close()


def redirecting() -> web.Application:
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:9/")

    app = web.Application()
    app.add_routes([web.get("/{name}", away)])
    return app
