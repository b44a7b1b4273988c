"""Over the wire: what a tus client sees, after cuts too, and documents as attachments only."""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError, ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.company import read_company
from bot.database import Database, migrate
from bot.documents.checker import Checker
from bot.documents.downloads import link_to_document
from bot.documents.model import LARGEST_FILE_BYTES, Document, Settled
from bot.documents.storage import StorageUnavailable
from bot.documents.web import DocumentViews, Door, UploadViews
from bot.identity.browser import BROWSER as COOKIE
from bot.pages.render import Pages
from bot.settings import PROJECT
from tests.documents.files import encrypted_pdf, photograph_of_a_telephone, printed_pdf
from tests.documents.house import AREA, BROWSER, CHAT, OTHER_CHAT, House, fill

PDF = printed_pdf(1)
PROOFS = {"proof of the chat": CHAT, "proof of the other": OTHER_CHAT}
MINE = {"X-Conversation": "proof of the chat", "Tus-Resumable": "1.0.0"}
OTHERS = MINE | {"X-Conversation": "proof of the other"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
EMBEDDING = "https://agency.example"

Connect = Callable[[TestServer], Awaitable[TestClient]]


class Server(TestServer):
    """Like the one that runs in production, it does not cancel a handler whose client is gone."""

    async def _make_runner(self, **options: Any) -> web.AppRunner:
        return web.AppRunner(self.app, **options | {"handler_cancellation": False})


class Site:
    """A server with the two views on it, and a client."""

    def __init__(self, house: House, client: TestClient, woken: list[str]) -> None:
        self.house = house
        self.client = client
        self.woken = woken

    async def create(self, size: int = len(PDF), name: str = "poder.pdf", **headers: str) -> ClientResponse:
        return await self.client.post(
            "/subidas/", headers=MINE | metadata(name) | {"Upload-Length": str(size)} | headers
        )

    async def place(self, size: int = len(PDF), name: str = "poder.pdf") -> str:
        response = await self.create(size, name)
        assert response.status == 201
        return response.headers["Location"]

    async def patch(self, place: str, offset: int, piece: bytes, **headers: str) -> ClientResponse:
        return await self.client.patch(
            place, data=piece, headers=MINE | BYTES | {"Upload-Offset": str(offset)} | headers
        )

    async def offset(self, place: str) -> int:
        response = await self.client.head(place, headers=MINE)
        assert response.status == 200
        return int(response.headers["Upload-Offset"])

    async def send(self, content: bytes, name: str = "poder.pdf") -> ClientResponse:
        return await self.patch(await self.place(len(content), name), 0, content)

    def document(self) -> Document:
        return self.house.documents()[0]


def metadata(name: str, purpose: str = "deed") -> dict[str, str]:
    pairs = {"filename": name, "purpose": purpose}
    values = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return {"Upload-Metadata": values}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database to copy. On SQLite only: the other tests try both."""
    path = tmp_path_factory.mktemp("filled") / "test.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    fill(database)
    database.close()
    return path


@pytest.fixture
def house(filled: Path, tmp_path: Path, checker: Checker) -> Iterator[House]:
    shutil.copy(filled, tmp_path / "test.db")
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield House(database, tmp_path / "documents", checker)
    database.close()


@pytest.fixture
async def site(house: House, aiohttp_client: Connect) -> Site:
    woken: list[str] = []

    async def address_of(request: web.Request) -> str | None:
        return PROOFS.get(request.headers.get("X-Conversation", ""))

    async def ended(settled: Settled) -> None:
        woken.append(settled.upload.address)

    door = Door(address_of, lambda request: request.remote, ended, (EMBEDDING,))
    app = web.Application(client_max_size=1000)
    app.add_routes(UploadViews(house.uploads, door, house.clock).routes())
    app.add_routes(DocumentViews(house.downloads, Pages(read_company(PROJECT / "company.yml"))).routes())
    return Site(house, await aiohttp_client(Server(app)), woken)


async def test_a_file_in_one_piece_becomes_a_document(site: Site) -> None:
    response = await site.send(PDF, "Poder notarial ñ.pdf")
    assert response.status == 204
    assert response.headers["Upload-Offset"] == str(len(PDF))
    assert response.headers["Upload-Document"] == site.document().reference
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert (site.document().name, site.document().purpose) == ("Poder notarial ñ.pdf", "deed")
    assert site.woken == [CHAT]


async def test_a_file_larger_than_a_page_may_send_comes_through(site: Site) -> None:
    content = PDF + b"\n" * 3_500_000
    assert (await site.send(content)).status == 204
    assert site.house.content(site.document()) == content


async def test_it_goes_on_after_a_cut_at_every_chunk(site: Site) -> None:
    place, piece = await site.place(), len(PDF) // 9
    while (offset := await site.offset(place)) < len(PDF):
        assert (await site.patch(place, offset, PDF[offset : offset + piece])).status == 204
    assert site.house.content(site.document()) == PDF


@pytest.mark.parametrize("sent", [0, 1, 700, len(PDF) - 1])
async def test_what_came_before_the_line_broke_is_not_sent_again(site: Site, sent: int) -> None:
    place = await site.place()
    await broken_patch(site.client, place, PDF[:sent])
    for _ in range(100):
        if await site.offset(place) == sent:
            break
        await asyncio.sleep(0.02)
    assert await site.offset(place) == sent
    assert site.house.documents() == []
    assert (await site.patch(place, sent, PDF[sent:])).status == 204
    assert site.house.content(site.document()) == PDF


async def broken_patch(client: TestClient, place: str, piece: bytes) -> None:
    """A request that announces the whole file and ends after `piece`."""
    _, writer = await asyncio.open_connection(client.host, client.port)
    headers = MINE | BYTES | {"Upload-Offset": "0", "Content-Length": str(len(PDF)), "Host": "localhost"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"PATCH {place} HTTP/1.1\r\n{lines}\r\n".encode() + piece)
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.transport.abort()


async def test_a_wrong_offset_is_409_and_tells_the_right_one(site: Site) -> None:
    place = await site.place()
    await site.patch(place, 0, PDF[:10])
    for offset in (0, 9, 11):
        response = await site.patch(place, offset, b"x")
        assert (response.status, response.headers["Upload-Offset"]) == (409, "10")


async def test_two_tabs_that_send_at_once_make_one_document(site: Site) -> None:
    place = await site.place()
    answers = await asyncio.gather(*(site.patch(place, 0, PDF) for _ in range(2)))
    assert sorted(answer.status for answer in answers) in ([204, 409], [204, 423])
    assert len(site.house.documents()) == 1


async def test_a_refused_file_is_422_with_its_reason_and_says_so_again(site: Site) -> None:
    place = await site.place(len(content := encrypted_pdf("user", "AES-256")))
    response = await site.patch(place, 0, content)
    assert (response.status, await response.json()) == (422, {"error": "encrypted"})
    assert (await site.client.head(place, headers=MINE)).status == 422
    assert site.woken == [CHAT]


async def test_the_offset_of_a_kept_file_names_the_document(site: Site) -> None:
    place = await site.place()
    await site.patch(place, 0, PDF)
    response = await site.client.head(place, headers=MINE)
    assert response.headers["Upload-Document"] == site.document().reference
    assert response.headers["Upload-Length"] == response.headers["Upload-Offset"] == str(len(PDF))
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_check_that_was_cut_off_is_done_when_the_client_asks_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> None:
        raise StorageUnavailable

    place = await site.place()
    with monkeypatch.context() as away:
        away.setattr(site.house.uploads, "_settled", unavailable)
        response = await site.patch(place, 0, PDF)
        assert (response.status, response.headers["Retry-After"]) == (503, "10")
    assert await site.offset(place) == len(PDF)
    assert len(site.house.documents()) == 1


@pytest.mark.parametrize(("size", "status", "error"), [(0, 422, "empty"), (LARGEST_FILE_BYTES + 1, 413, "too_large")])
async def test_a_length_that_cannot_be_kept_is_refused_at_once(site: Site, size: int, status: int, error: str) -> None:
    response = await site.create(size)
    assert (response.status, await response.json()) == (status, {"error": error})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"X-Conversation": "made up"}, 401),
        ({"Upload-Length": "many"}, 400),
        ({"Upload-Length": "-5"}, 400),
        ({"Upload-Length": "9" * 30}, 400),
        ({"Upload-Length": "²"}, 400),
        ({"Upload-Metadata": "filename !!!"}, 400),
        ({"Upload-Metadata": "filename /w=="}, 400),
        ({"Upload-Metadata": ""}, 400),
        (metadata("a.pdf", "a purpose"), 400),
    ],
)
async def test_a_bad_request_says_what_is_wrong(site: Site, headers: dict[str, str], status: int) -> None:
    response = await site.create(**headers)
    assert response.status == status
    assert set(await response.json()) == {"error"}
    assert response.headers["Tus-Resumable"] == "1.0.0"


async def test_pieces_have_their_own_type_and_place(site: Site) -> None:
    place = await site.place()
    assert (await site.patch(place, 0, b"x", **{"Content-Type": "application/pdf"})).status == 415
    assert (await site.patch(place, 0, b"x", **{"Upload-Offset": "x"})).status == 400
    assert (await site.patch("/subidas/nothing", 0, b"x")).status == 404


async def test_another_conversation_finds_no_upload(site: Site) -> None:
    place = await site.place()
    assert (await site.client.head(place, headers=OTHERS)).status == 404
    assert (await site.patch(place, 0, PDF, **OTHERS)).status == 404
    assert await site.offset(place) == 0


async def test_too_many_uploads_are_429_with_the_time_to_wait(site: Site) -> None:
    for _ in range(20):
        await site.place()
    response = await site.create()
    assert (response.status, await response.json()) == (429, {"error": "too_many"})
    assert response.headers["Retry-After"] == "600"


async def test_what_we_speak_is_told(site: Site) -> None:
    response = await site.client.options("/subidas/")
    assert response.status == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Max-Size"] == str(LARGEST_FILE_BYTES)
    assert response.headers["Tus-Extension"] == "creation,expiration,termination"


async def test_only_pages_that_embed_us_may_send_from_elsewhere(site: Site) -> None:
    for origin, allowed in ((EMBEDDING, EMBEDDING), ("https://evil.example", None)):
        asked = await site.client.options("/subidas/", headers={"Origin": origin})
        made = await site.create(Origin=origin)
        for response in (asked, made):
            assert response.headers.get("Access-Control-Allow-Origin") == allowed


async def link(site: Site) -> str:
    session = site.house.sign_in()
    await site.send(PDF, "Poder «notarial» ñ.pdf")
    with site.house.database.reading() as connection:
        reference, now = site.document().reference, site.house.clock.now
        return link_to_document(connection, AREA, CHAT, session, reference, now).removeprefix(AREA.public_url)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_document_is_an_attachment_and_never_a_page(site: Site, method: str) -> None:
    response = await site.client.request(method, await link(site), cookies={COOKIE: BROWSER})
    assert response.status == 200
    assert await response.read() == (PDF if method == "GET" else b"")
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="Poder _notarial_ _.pdf"; filename*=UTF-8')
    assert "%C2%ABnotarial%C2%BB%20%C3%B1.pdf" in disposition
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.headers["Cache-Control"] == "no-store"


async def test_an_image_comes_as_what_it_is_now(site: Site) -> None:
    await site.send(photograph_of_a_telephone("HEIF"), "IMG_7.heic")
    with site.house.database.reading() as connection:
        url = link_to_document(connection, AREA, CHAT, None, site.document().reference, site.house.clock.now)
    response = await site.client.get(url.removeprefix(AREA.public_url))
    assert (response.status, response.headers["Content-Type"]) == (200, "image/jpeg")
    assert 'filename="IMG_7.jpg"' in response.headers["Content-Disposition"]


async def test_a_link_in_another_browser_gets_a_page_that_helps(site: Site) -> None:
    place = await link(site)
    response = await site.client.get(place)
    assert response.status == 403
    assert "No podemos darte este documento" in await response.text()
    site.house.clock.go(minutes=10)
    response = await site.client.get(place, cookies={COOKIE: BROWSER})
    assert response.status == 410
    assert "ha caducado" in await response.text()
    assert (await site.client.get("/documentos/")).status == 404


def spoil(site: Site, position: int) -> None:
    path = site.house.folder / site.document().storage_key
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


async def test_a_document_that_was_changed_on_the_disk_is_not_given(site: Site) -> None:
    place = await link(site)
    spoil(site, 200)
    response = await site.client.get(place, cookies={COOKIE: BROWSER})
    assert response.status == 503
    assert "sigue guardado" in await response.text()


async def test_a_change_behind_the_first_piece_cuts_the_connection(site: Site) -> None:
    await site.send(PDF + b"\n" * 200_000)
    spoil(site, -1)
    with site.house.database.reading() as connection:
        url = link_to_document(connection, AREA, CHAT, None, site.document().reference, site.house.clock.now)
    response = await site.client.get(url.removeprefix(AREA.public_url))
    with pytest.raises(ClientPayloadError):
        await asyncio.wait_for(response.read(), 10)
