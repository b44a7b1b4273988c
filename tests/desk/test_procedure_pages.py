"""The staff's page of a procedure: what is on it, what can be done there, its papers, and nobody else's eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import insert

from bot.audit.model import Search
from bot.audit.service import search
from bot.company import read_company
from bot.database import Database
from bot.desk.model import Role, StaffMember
from bot.desk.procedure_pages import PATH, ProcedurePages
from bot.documents.sealing import read_keyring
from bot.documents.storage import FolderStorage, SealedStorage, new_key
from bot.documents.store import document_table
from bot.pages.render import Pages
from bot.procedures.desk import PROCEDURE_CHANGED, ProcedureDesk
from bot.procedures.model import Datum, Kind, Procedure
from bot.procedures.service import Opening, find_by_key, open_procedure
from bot.settings import PROJECT
from tests.procedures.world import AREA

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LAURA = StaffMember(7, "laura", "Laura Gil", Role.AGENT, "", None, None)
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
UPDATE = Opening(
    Kind.REGISTRATION_UPDATE,
    "web:ana",
    email="ana@example.com",
    needed=("authority",),
    data={Datum.AGENCY_IDENTIFIER.value: "B12345674"},
)


@dataclass
class Room:
    """The pages over a database, with somebody of the staff signed in or nobody."""

    database: Database
    storage: SealedStorage
    member: StaffMember | None = LAURA
    noted: list[tuple[str, str]] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)

    async def who(self, _request: web.Request) -> StaffMember | None:
        return self.member

    async def wake(self, address: str) -> None:
        self.woken.append(address)

    def pages(self) -> ProcedurePages:
        about = SimpleNamespace(first_name="Marta", surnames="Ruiz", identifier="12345678Z", email="marta@example.com")
        return ProcedurePages(
            pages=Pages(read_company(PROJECT / "company.yml")),
            public_url=AREA.public_url,
            database=self.database,
            desk=ProcedureDesk(AREA, lambda _, address, event: self.noted.append((address, event))),
            storage=self.storage,
            asked_for=lambda *_: about,
            who=self.who,
            wake=self.wake,
            clock=lambda: NOON,
            sign_in_path="/desk/entrar",
        )

    def procedure(self) -> Procedure:
        with self.database.writing() as connection:
            return open_procedure(connection, AREA, UPDATE, NOON)

    def paper_of(self, procedure: Procedure, content: bytes) -> str:
        key = new_key("kept")
        self.storage.put(key, [content])
        row = {"reference": "r" * 22, "address": "web:ana", "procedure_id": procedure.id, "purpose": "authority"}
        row |= {"name": "poder.pdf", "media_type": "application/pdf", "size": len(content), "sha256": "0" * 64}
        row |= {"storage_key": key, "scan_state": "not_scanned", "state": "kept", "created_at": NOON}
        with self.database.writing() as connection:
            connection.execute(insert(document_table), row)
        return str(row["reference"])

    def now(self, procedure: Procedure) -> Procedure:
        with self.database.reading() as connection:
            found = find_by_key(connection, procedure.tracking_key)
        assert found is not None
        return found

    def audited(self, action: str) -> int:
        with self.database.reading() as connection:
            return len(search(connection, Search(action=action)))


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return Room(database, SealedStorage(FolderStorage(tmp_path / "documents"), read_keyring("", AREA.secret)))


@pytest.fixture
async def client(room: Room) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(room.pages().routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_page_shows_all_that_is_needed_to_decide(room: Room, client: TestClient) -> None:  # type: ignore[type-arg]
    procedure = room.procedure()
    room.paper_of(procedure, b"%PDF-1.7")
    page = await (await client.get(f"{PATH}/{procedure.id}")).text()
    for told in (procedure.tracking_key, "B12345674", "Marta Ruiz", "poder.pdf", "sin analizar", "Espera documentos"):
        assert told in page
    assert room.audited("procedure_read") == 1


async def test_who_is_not_of_the_staff_is_sent_to_the_sign_in(room: Room, client: TestClient) -> None:  # type: ignore[type-arg]
    procedure, room.member = room.procedure(), None
    reference = room.paper_of(procedure, b"%PDF-1.7")
    for path in (f"{PATH}/{procedure.id}", f"{PATH}/{procedure.id}/documento/{reference}"):
        response = await client.get(path, allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (303, "/desk/entrar")
    assert room.audited("document_read") == 0


async def test_a_paper_is_an_attachment_and_audited(room: Room, client: TestClient) -> None:  # type: ignore[type-arg]
    procedure = room.procedure()
    reference = room.paper_of(procedure, b"%PDF-1.7 and more")
    response = await client.get(f"{PATH}/{procedure.id}/documento/{reference}")
    assert await response.read() == b"%PDF-1.7 and more"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert room.audited("document_read") == 1


async def test_a_paper_of_another_procedure_is_not_found(room: Room, client: TestClient) -> None:  # type: ignore[type-arg]
    one, other = room.procedure(), room.procedure()
    reference = room.paper_of(one, b"%PDF-1.7")
    assert (await client.get(f"{PATH}/{other.id}/documento/{reference}")).status == 404
    assert (await client.get(f"{PATH}/999999")).status == 404


async def test_a_new_state_is_kept_and_told_in_the_chat(room: Room, client: TestClient) -> None:  # type: ignore[type-arg]
    procedure = room.procedure()
    form = {"act": "change", "state": "rejected", "note": "El poder no nombra al representante."}
    response = await client.post(f"{PATH}/{procedure.id}", data=form, headers=SAME_SITE, allow_redirects=False)
    assert response.status == 303
    assert room.now(procedure).state == "rejected"
    assert (room.noted, room.woken) == ([("web:ana", PROCEDURE_CHANGED)], ["web:ana"])


@pytest.mark.parametrize(
    "form",
    [
        {"act": "change", "state": "resolved"},
        {"act": "change", "state": "nonsense"},
        {"act": "change", "state": "rejected", "note": "x" * 301},
        {"act": "note", "note": " "},
        {"act": "paper", "paper": "No Code!", "note": "x"},
    ],
)
async def test_what_cannot_be_is_told_and_changes_nothing(room: Room, client: TestClient, form: dict[str, str]) -> None:  # type: ignore[type-arg]
    procedure = room.procedure()
    response = await client.post(f"{PATH}/{procedure.id}", data=form, headers=SAME_SITE)
    assert response.status == 422
    assert 'role="alert"' in await response.text()
    assert room.now(procedure) == procedure
    assert room.noted == []


async def test_a_paper_more_and_a_note_reach_the_person(room: Room, client: TestClient) -> None:  # type: ignore[type-arg]
    procedure = room.procedure()
    for form in (
        {"act": "paper", "paper": "other_paper", "note": "El acta."},
        {"act": "note", "note": "Ya la miramos."},
    ):
        response = await client.post(f"{PATH}/{procedure.id}", data=form, headers=SAME_SITE, allow_redirects=False)
        assert response.status == 303
    page = await (await client.get(f"{PATH}/{procedure.id}")).text()
    assert "Otro documento: falta" in page
    assert "Ya la miramos." in page
    assert len(room.noted) == 2
