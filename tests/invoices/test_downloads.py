"""Who gets a file by which link, who does not, and what the audit says of both. Through the server, as a browser does it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from random import Random
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import insert, update

from bot.accounts.model import Role, Viewer
from bot.accounts.service import viewer_of
from bot.accounts.store import access_table, assignment_table, representative_table
from bot.area import Area
from bot.audit.model import Recorded, Result, Search
from bot.audit.service import search
from bot.company import read_company
from bot.database import Database
from bot.identity.browser import BROWSER
from bot.identity.sessions import IDLE, end_session, open_session, session_of
from bot.invoices import downloads
from bot.invoices.downloads import (
    LIFETIME,
    Downloads,
    Refused,
    Which,
    Why,
    link_to_archive,
    link_to_invoice,
    link_to_sheet,
)
from bot.invoices.files import InvoiceFiles
from bot.invoices.model import Filters, Invoice, Order
from bot.invoices.service import first_invoices_of
from bot.invoices.web import DownloadViews
from bot.pages.render import Pages
from bot.settings import PROJECT
from tests.conftest import DEMO_DAY
from tests.invoices.test_invoices import ARANDA, BEATRIZ, CLIENT_OF_LLORENTE, IGNACIO, LLORENTE, MARCH

ADDRESS, BROWSER_VALUE = "web:1", "a browser"
OF_CLIENT = Filters(client_id=CLIENT_OF_LLORENTE)


class Clock:
    """Stands still until it is moved."""

    now = DEMO_DAY

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Office:
    """Ignacio of Llorente, signed in in his browser, and what he asks for."""

    database: Database
    area: Area
    clock: Clock
    downloads: Downloads
    session_id: int
    viewer: Viewer
    invoices: list[Invoice]

    def to_invoice(self, place: int = 0) -> str:
        return link_to_invoice(self.area, self.viewer, self.session_id, self.invoices[place].id)

    def sign_in(self, person: int, address: str, browser: str = BROWSER_VALUE) -> int:
        with self.database.writing() as connection:
            digest = self.area.digest("browser", browser)
            return open_session(connection, address, person, digest, self.clock.now).id

    def audit(self) -> list[Recorded]:
        with self.database.reading() as connection:
            found = search(connection, Search(), limit=100)
        return [each for each in reversed(found) if "downloaded" in each.entry.action]


@pytest.fixture
def office(demo: Database) -> Office:
    area, clock = Area("https://area.example", secrets.token_bytes(32)), Clock()
    made = Downloads(demo, area, clock, InvoiceFiles(None, read_company(PROJECT / "company.yml")))
    with demo.reading() as connection:
        viewer = viewer_of(connection, IGNACIO, LLORENTE, DEMO_DAY)
        invoices = first_invoices_of(connection, viewer, OF_CLIENT, 100)
    office = Office(demo, area, clock, made, 0, viewer, invoices)
    office.session_id = office.sign_in(IGNACIO, ADDRESS)
    return office


def token_of(link: str) -> str:
    return urlsplit(link).path.removeprefix("/descargas/")


def fetched(office: Office, link: str, browser: str | None = BROWSER_VALUE) -> bytes:
    with office.downloads.fetch(token_of(link), browser).file as file:
        return file.read()


def refusal(office: Office, link: str, browser: str | None = BROWSER_VALUE) -> Why:
    with pytest.raises(Refused) as refused:
        office.downloads.fetch(token_of(link), browser)
    return refused.value.why


def test_a_link_gives_the_pdf_of_the_invoice(office: Office) -> None:
    content = fetched(office, office.to_invoice())
    assert office.invoices[0].number in PdfReader(BytesIO(content)).pages[0].extract_text()


def test_an_archive_holds_what_was_asked_for(office: Office) -> None:
    few = [invoice.id for invoice in office.invoices[2:0:-1]]
    for wanted, invoices in ((OF_CLIENT, office.invoices), (few, office.invoices[2:0:-1])):
        content = fetched(office, link_to_archive(office.area, office.viewer, office.session_id, wanted))
        assert ZipFile(BytesIO(content)).namelist() == [f"{invoice.number}.pdf" for invoice in invoices]


def test_a_sheet_has_a_row_for_each_invoice_asked_for(office: Office) -> None:
    content = fetched(office, link_to_sheet(office.area, office.viewer, office.session_id, OF_CLIENT))
    rows = list(load_workbook(BytesIO(content)).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert [row[0] for row in rows[1:-1]] == [invoice.number for invoice in office.invoices]


@pytest.mark.parametrize("limit", [None, 3])
def test_files_have_the_order_and_the_length_of_the_list(office: Office, limit: int | None) -> None:
    numbers = [one.number for one in sorted(office.invoices, key=lambda one: (-one.amount_cents, -one.id))]
    assert numbers != [one.number for one in office.invoices]
    numbers = numbers[:limit]
    who = (office.area, office.viewer, office.session_id, OF_CLIENT, Which(Order.LARGEST, limit))
    rows = list(load_workbook(BytesIO(fetched(office, link_to_sheet(*who)))).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert [row[0] for row in rows[1:-1]] == numbers
    files = ZipFile(BytesIO(fetched(office, link_to_archive(*who)))).namelist()
    assert files == [f"{number}.pdf" for number in numbers]


def test_a_link_is_good_for_ten_minutes(office: Office) -> None:
    link = office.to_invoice()
    office.clock.now = DEMO_DAY + LIFETIME - timedelta(seconds=1)
    assert fetched(office, link)
    office.clock.now = DEMO_DAY + LIFETIME
    assert refusal(office, link) is Why.EXPIRED


@pytest.mark.parametrize("browser", [None, "", "another browser"])
def test_another_browser_gets_nothing(office: Office, browser: str | None) -> None:
    assert refusal(office, office.to_invoice(), browser) is Why.NOT_FOR_YOU


def test_somebody_else_s_session_in_another_browser_gets_nothing(office: Office) -> None:
    office.sign_in(BEATRIZ, "web:2", "her browser")
    assert refusal(office, office.to_invoice(), "her browser") is Why.NOT_FOR_YOU


def test_a_session_without_a_browser_gets_nothing(office: Office) -> None:
    with office.database.writing() as connection:
        office.session_id = open_session(connection, "telegram:1", IGNACIO, None, DEMO_DAY).id
    assert refusal(office, office.to_invoice(), None) is Why.NOT_FOR_YOU


def test_after_signing_out_the_link_gives_nothing(office: Office) -> None:
    link = office.to_invoice()
    with office.database.writing() as connection:
        assert end_session(connection, ADDRESS, DEMO_DAY)
    assert refusal(office, link) is Why.NOT_FOR_YOU


def test_a_new_session_at_the_address_does_not_take_over_the_link(office: Office) -> None:
    link = office.to_invoice()
    office.sign_in(IGNACIO, ADDRESS)
    assert refusal(office, link) is Why.NOT_FOR_YOU


def test_an_idle_session_gives_nothing(office: Office) -> None:
    office.clock.now = DEMO_DAY + IDLE - timedelta(minutes=1)
    link = link_to_invoice(
        office.area, replace(office.viewer, at=office.clock.now), office.session_id, office.invoices[0].id
    )
    assert fetched(office, link)
    office.clock.now = DEMO_DAY + IDLE
    assert refusal(office, link) is Why.NOT_FOR_YOU


def test_a_download_does_not_keep_a_session_alive(office: Office) -> None:
    office.clock.now = DEMO_DAY + timedelta(minutes=9)
    assert fetched(office, office.to_invoice())
    with office.database.writing() as connection:
        assert session_of(connection, ADDRESS, DEMO_DAY + IDLE) is None


def test_after_the_right_has_ended_the_link_gives_nothing(office: Office) -> None:
    link = office.to_invoice()
    with office.database.writing() as connection:
        connection.execute(update(representative_table).values(valid_until=DEMO_DAY))
        connection.execute(update(access_table).values(valid_until=DEMO_DAY))
    assert refusal(office, link) is Why.NOT_FOR_YOU


def test_who_may_only_look_may_download(office: Office) -> None:
    values = {"person_id": BEATRIZ, "agency_id": LLORENTE, "role": Role.READ_ONLY, "valid_from": DEMO_DAY}
    with office.database.writing() as connection:
        connection.execute(insert(access_table), values)
    office.session_id = office.sign_in(BEATRIZ, "web:2")
    assert fetched(office, office.to_invoice())


@pytest.mark.parametrize(
    "make", [link_to_invoice, lambda area, viewer, session, one: link_to_archive(area, viewer, session, [one])]
)
def test_another_agency_s_invoice_gives_nothing(office: Office, make: Callable[..., str]) -> None:
    office.session_id = office.sign_in(BEATRIZ, "web:2")
    with office.database.reading() as connection:
        mine = viewer_of(connection, BEATRIZ, ARANDA, DEMO_DAY)
    for invoice_id in (office.invoices[0].id, 10**7):
        assert refusal(office, make(office.area, mine, office.session_id, invoice_id)) is Why.NOT_FOR_YOU


def test_a_link_for_an_agency_of_others_gives_nothing(office: Office) -> None:
    """As if somebody had signed it by mistake: agency and person are checked together."""
    forged = replace(office.viewer, agency_id=ARANDA)
    for wanted in (Filters(), Filters(due=MARCH)):
        assert refusal(office, link_to_sheet(office.area, forged, office.session_id, wanted)) is Why.NOT_FOR_YOU


def test_a_client_that_left_the_agency_takes_its_invoices_along(office: Office) -> None:
    link = office.to_invoice()
    with office.database.writing() as connection:
        connection.execute(update(assignment_table).values(valid_until=DEMO_DAY))
    assert refusal(office, link) is Why.NOT_FOR_YOU


def test_an_archive_of_nothing_is_refused(office: Office) -> None:
    nothing = replace(OF_CLIENT, least_cents=10**9)
    link = link_to_archive(office.area, office.viewer, office.session_id, nothing)
    assert refusal(office, link) is Why.NOT_FOR_YOU


def test_too_many_for_one_file_are_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(downloads.MOST, downloads.Kind.SHEET, len(office.invoices) - 1)
    everything = link_to_archive(office.area, office.viewer, office.session_id, Filters())
    sheet = link_to_sheet(office.area, office.viewer, office.session_id, OF_CLIENT)
    assert refusal(office, everything) is refusal(office, sheet) is Why.TOO_MANY


def test_as_many_as_fit_are_not_too_many(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(downloads.MOST, downloads.Kind.SHEET, len(office.invoices))
    assert fetched(office, link_to_sheet(office.area, office.viewer, office.session_id, OF_CLIENT))


def test_links_stay_short(office: Office) -> None:
    ids = Random(1).sample(range(10**8), downloads.MOST_FILES)
    assert len(link_to_archive(office.area, office.viewer, office.session_id, ids)) < downloads.LONGEST_URL
    with pytest.raises(ValueError, match="longer"):
        link_to_archive(office.area, office.viewer, office.session_id, range(0, 10**9, 1_234_567))


def test_a_signature_of_another_purpose_is_worth_nothing(office: Office) -> None:
    value = ["invoice", office.session_id, LLORENTE, [office.invoices[0].id]]
    token = office.area.signer("browser").dumps([value, DEMO_DAY.timestamp() + 60])
    assert refusal(office, str(token)) is Why.NOT_FOR_YOU
    stranger = replace(office.area, secret=secrets.token_bytes(32))
    link = link_to_invoice(stranger, office.viewer, office.session_id, office.invoices[0].id)
    assert refusal(office, link) is Why.NOT_FOR_YOU


def test_the_audit_names_every_invoice_that_left_and_who_had_it(office: Office) -> None:
    ids = [invoice.id for invoice in office.invoices[:3]]
    fetched(office, link_to_archive(office.area, office.viewer, office.session_id, ids))
    entries = [each.entry for each in office.audit()]
    assert [(entry.object_kind, entry.object_id) for entry in entries] == [("invoice", str(one)) for one in ids]
    assert {(entry.person_id, entry.agency_id, entry.address) for entry in entries} == {(IGNACIO, LLORENTE, ADDRESS)}
    assert {(entry.action, entry.result) for entry in entries} == {("invoice_downloaded", Result.DONE)}


def test_the_audit_keeps_one_entry_of_a_list(office: Office) -> None:
    fetched(office, link_to_sheet(office.area, office.viewer, office.session_id, OF_CLIENT))
    (recorded,) = office.audit()
    assert recorded.entry.action == "invoice_list_downloaded"
    assert recorded.entry.object_id == str(len(office.invoices))


def test_the_audit_keeps_refusals_and_names_nobody_in_another_browser(office: Office) -> None:
    refusal(office, office.to_invoice(), "another browser")
    with office.database.writing() as connection:
        connection.execute(update(representative_table).values(valid_until=DEMO_DAY))
        connection.execute(update(access_table).values(valid_until=DEMO_DAY))
    refusal(office, office.to_invoice())
    entries = [each.entry for each in office.audit()]
    assert [entry.person_id for entry in entries] == [None, IGNACIO]
    assert {entry.result for entry in entries} == {Result.REFUSED}
    assert {entry.object_id for entry in entries} == {str(office.invoices[0].id)}


def test_what_anybody_can_send_does_not_fill_the_audit(office: Office) -> None:
    link = office.to_invoice()
    office.clock.now = DEMO_DAY + LIFETIME
    for anything in (link, "nonsense"):
        refusal(office, anything)
    assert office.audit() == []


def test_nothing_leaves_when_the_audit_cannot_be_written(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[BytesIO] = []

    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(downloads, "record", fail)
    monkeypatch.setattr(InvoiceFiles, "pdf", lambda *_: made.append(BytesIO(b"%PDF-")) or made[-1])
    with pytest.raises(OSError):  # noqa: PT011
        office.downloads.fetch(token_of(office.to_invoice()), BROWSER_VALUE)
    assert made[0].closed


Get = Callable[..., Awaitable[ClientResponse]]


@pytest.fixture
async def get(office: Office, aiohttp_client: Callable[[web.Application], Awaitable[TestClient]]) -> Get:  # type: ignore[type-arg]
    app = web.Application()
    app.add_routes(DownloadViews(office.downloads, Pages(read_company(PROJECT / "company.yml"))).routes())
    client = await aiohttp_client(app)

    async def asked(link: str, browser: str = BROWSER_VALUE, method: str = "GET") -> ClientResponse:
        return await client.request(method, urlsplit(link).path, headers={"Cookie": f'{BROWSER}="{browser}"'})

    return asked


async def test_a_file_comes_as_an_attachment_that_runs_nothing(office: Office, get: Get) -> None:
    response = await get(office.to_invoice())
    content = await response.read()
    assert (response.status, response.content_type) == (200, "application/pdf")
    assert response.content_length == len(content)
    assert response.headers["Content-Disposition"] == f'attachment; filename="{office.invoices[0].number}.pdf"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox;")


async def test_a_large_file_comes_whole(office: Office, get: Get) -> None:
    response = await get(link_to_archive(office.area, office.viewer, office.session_id, OF_CLIENT))
    content = await response.read()
    assert len(content) == response.content_length > 200_000
    assert ZipFile(BytesIO(content)).testzip() is None


async def test_looking_with_head_makes_nothing_and_is_not_in_the_audit(office: Office, get: Get) -> None:
    response = await get(office.to_invoice(), method="HEAD")
    assert (response.status, await response.read()) == (200, b"")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert (await get(office.to_invoice(), "another", method="HEAD")).status == 403
    assert office.audit() == []


async def test_an_old_link_says_how_to_get_a_new_one(office: Office, get: Get) -> None:
    link = office.to_invoice()
    office.clock.now = DEMO_DAY + LIFETIME
    response = await get(link)
    assert (response.status, response.content_type) == (410, "text/html")
    assert "vuelve al chat" in await response.text()


async def test_every_other_refusal_looks_the_same(office: Office, get: Get) -> None:
    link = office.to_invoice()
    pages = [await (await get(link, "another browser")).text(), await (await get("/descargas/nonsense")).text()]
    with office.database.writing() as connection:
        end_session(connection, ADDRESS, DEMO_DAY)
    response = await get(link)
    assert response.status == 403
    assert {await response.text(), *pages} == {pages[0]}


async def test_too_many_invoices_are_told_how_many_fit(office: Office, get: Get) -> None:
    response = await get(link_to_archive(office.area, office.viewer, office.session_id, Filters()))
    text = await response.text()
    assert response.status == 403
    assert "200 facturas" in text
    assert "10.000" in text


async def test_no_token_is_an_error_of_ours(office: Office, get: Get) -> None:
    random, good = Random(7), token_of(office.to_invoice())
    for _ in range(200):
        place = random.randrange(len(good))
        tokens = (
            secrets.token_urlsafe(random.randrange(1, 200)),
            good[:place],
            good[:place] + "x" + good[place + 2 :],
            "%00é.%ff"[: place % 8 + 1],
        )
        response = await get("/descargas/" + random.choice(tokens))
        assert 400 <= response.status < 500
    assert office.audit() == []


async def test_other_methods_and_addresses_get_a_page(office: Office, get: Get) -> None:
    assert (await get(office.to_invoice(), method="POST")).status == 405
    assert (await get("/descargas/")).status == 404
    assert (await get(office.to_invoice() + "/more")).status == 404
