"""The staff signs in with the company's provider: a certified one, over HTTP and in Chromium."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot.area import Area
from bot.audit.store import audit_table
from bot.company import read_company
from bot.database import Database, utc_now
from bot.desk import command
from bot.desk.account_pages import AccountPages
from bot.desk.model import Role
from bot.desk.provider_pages import CALLBACK, DEPART, JOURNEY, StaffProviderPages
from bot.desk.staff import BadAccount, NewAccount
from bot.desk.staffroom import Staffroom
from bot.desk.web import DeskPages, WaysIn
from bot.identity import oidc
from bot.identity.oidc import OpenIdProvider, ProviderSettings
from bot.pages.render import Pages
from bot.settings import PROJECT
from tests.browser.server import free_port
from tests.conftest import leave_out, need_program
from tests.desk.house import Clock, House
from tests.identity.identity_provider import NODE_MODULES, SECRET, CertifiedProvider
from tests.identity.test_oidc import OURS, PUBLIC_URL, Person, address_of

Client = TestClient[web.Request, web.Application]
AREA = Area(PUBLIC_URL, b"s" * 40)


@pytest.fixture(scope="module")
def certified() -> Iterator[CertifiedProvider]:
    need_program("node")
    if not NODE_MODULES.is_dir():
        leave_out(f"no Node packages in {NODE_MODULES}: run `make browser`")
    provider = CertifiedProvider(PUBLIC_URL + CALLBACK)
    yield provider
    provider.stop()


@pytest.fixture
def house(migrated_sqlite: Path, tmp_path: Path) -> Iterator[House]:
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield House(database, Clock(utc_now()))
    database.close()


def app_of(house: House, issuer: str, claim: str = "sub", *, has_passwords: bool = False) -> web.Application:
    """The desk's pages as `make_desk` puts them together."""
    company = read_company(PROJECT / "company.yml")
    pages, room = Pages(company), Staffroom(house.database, AREA, house.clock)
    provider = OpenIdProvider(ProviderSettings(issuer, "ventanilla", SECRET, claim), AREA, house.clock, CALLBACK)
    desk = DeskPages(pages, AREA, room, company, False, WaysIn(has_passwords, True))
    app = web.Application()
    app.add_routes(AccountPages(pages, AREA, room, desk, False, has_passwords).routes())
    app.add_routes(StaffProviderPages(pages, AREA, room, provider, desk.with_session).routes())
    app.add_routes(desk.routes())
    return app


@pytest.fixture
async def client(house: House, certified: CertifiedProvider) -> AsyncIterator[Client]:
    async with TestClient(TestServer(app_of(house, certified.issuer))) as client:
        yield client


def add(house: House, login: str, subject: str = "", role: Role = Role.AGENT) -> None:
    account = NewAccount(login, login.title(), role, subject=subject)
    command.add(house.database, AREA, account, house.clock(), asks=False, has_code=False)


async def come_back(client: Client, login: str) -> ClientResponse:
    """Go to the provider, sign in there, and come back."""
    departure = await client.post(DEPART, data={"go": ""}, headers=OURS)
    assert departure.status == 200, await departure.text()
    back = await asyncio.to_thread(Person().sign_in, await address_of(departure), login)
    return await client.get(back, allow_redirects=False)


def signed_in(house: House, answer: ClientResponse) -> str | None:
    """The login of the session that an answer opened."""
    cookie = answer.cookies.get("ventanilla_desk")
    member = Staffroom(house.database, AREA, house.clock).member(cookie.value if cookie else None)
    return member.login if member else None


def tried(house: House) -> list[tuple[str, str]]:
    """(result, number of the account) of every sign-in in the audit."""
    wanted = select(audit_table.c.result, audit_table.c.object_id).where(audit_table.c.action == "staff_sign_in")
    with house.database.reading() as connection:
        return [(row.result, row.object_id) for row in connection.execute(wanted.order_by(audit_table.c.id))]


async def test_the_button_stands_where_the_password_form_was(client: Client) -> None:
    text = await (await client.get("/desk/entrar")).text()
    assert "Entrar con la cuenta de Naturgy" in text
    assert 'type="password"' not in text
    assert (await client.post("/desk/entrar", data={"login": "laura", "password": "x"}, headers=OURS)).status == 405
    assert (await client.get("/desk/codigo")).status == 404


async def test_who_was_added_signs_in_with_the_role_that_is_ours(client: Client, house: House) -> None:
    add(house, "andres", "sub-of-andres")
    add(house, "laura", "sub-of-laura", Role.SUPERVISOR)
    answer = await come_back(client, "sub-of-laura")
    assert answer.status == 200
    assert 'content="0;url=/desk"' in await answer.text()
    assert signed_in(house, answer) == "laura"
    assert answer.cookies["ventanilla_desk"]["samesite"] == "Strict"
    assert tried(house) == [("done", "2")]
    account = await (
        await client.get("/desk/cuenta", cookies={"ventanilla_desk": answer.cookies["ventanilla_desk"].value})
    ).text()
    assert "la contraseña se cambia allí" in account
    assert (await client.post("/desk/cuenta", data={}, headers=OURS)).status == 405


@pytest.mark.parametrize("login", ["nobody-added-me", "laura", "SUB-OF-LAURA"])
async def test_whom_nobody_added_is_told_so(client: Client, house: House, login: str) -> None:
    add(house, "laura", "sub-of-laura")
    add(house, "andres")
    answer = await come_back(client, login)
    assert answer.status == 403
    assert "nadie te ha dado de alta" in await answer.text()
    assert signed_in(house, answer) is None
    assert tried(house) == [("failed", "")]


async def test_a_closed_account_stays_closed(client: Client, house: House) -> None:
    add(house, "laura", "sub-of-laura")
    command.disable(house.database, "laura", house.clock())
    answer = await come_back(client, "sub-of-laura")
    assert (answer.status, signed_in(house, answer)) == (403, None)
    assert tried(house) == [("failed", "1")]


async def test_an_unlinked_account_is_no_way_in_any_more(client: Client, house: House) -> None:
    add(house, "laura", "sub-of-laura")
    entered = await come_back(client, "sub-of-laura")
    command.link(house.database, "laura", "another", house.clock())
    assert signed_in(house, entered) is None, "its sessions are over"
    client.session.cookie_jar.clear()
    assert (await come_back(client, "sub-of-laura")).status == 403
    assert signed_in(house, await come_back(client, "another")) == "laura"


@pytest.mark.parametrize(
    ("login", "status"),
    [("mail:Laura@empresa.example", 200), ("unverified:laura@empresa.example", 403), ("laura", 403)],
)
async def test_a_mailbox_counts_only_when_the_provider_has_verified_it(
    house: House, certified: CertifiedProvider, login: str, status: int
) -> None:
    add(house, "laura", "laura@Empresa.example")
    async with TestClient(TestServer(app_of(house, certified.issuer, "email"))) as client:
        answer = await come_back(client, login)
        assert answer.status == status
        assert signed_in(house, answer) == ("laura" if status == 200 else None)


async def test_passwords_stand_beside_it_where_settings_say_so(house: House, certified: CertifiedProvider) -> None:
    async with TestClient(TestServer(app_of(house, certified.issuer, has_passwords=True))) as client:
        text = await (await client.get("/desk/entrar")).text()
        assert "Entrar con la cuenta de Naturgy" in text
        assert 'type="password"' in text
        wrong = {"login": "laura", "password": "mal"}
        assert (await client.post("/desk/entrar", data=wrong, headers=OURS)).status == 422


async def test_the_answer_serves_once_and_only_in_the_browser_that_began(client: Client, house: House) -> None:
    add(house, "laura", "sub-of-laura")
    departure = await client.post(DEPART, data={"go": ""}, headers=OURS)
    back = await asyncio.to_thread(Person().sign_in, await address_of(departure), "sub-of-laura")
    journey = departure.cookies[JOURNEY].value
    client.session.cookie_jar.clear()
    assert "perdido el hilo" in await (await client.get(back)).text()
    first = await client.get(back, headers={"Cookie": f"{JOURNEY}={journey}"})
    again = await client.get(back, headers={"Cookie": f"{JOURNEY}={journey}"})
    assert (first.status, again.status) == (200, 502)


async def test_what_a_customer_began_ends_nowhere_at_the_desk(
    client: Client, house: House, certified: CertifiedProvider
) -> None:
    customers = OpenIdProvider(ProviderSettings(certified.issuer, "ventanilla", SECRET), AREA, house.clock)
    begun = await asyncio.to_thread(customers.depart, "token")
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    answer = await client.get(
        CALLBACK, params={"state": state, "code": "c"}, headers={"Cookie": f"{JOURNEY}={begun.cookie}"}
    )
    assert answer.status == 403
    assert "perdido el hilo" in await answer.text()
    assert oidc.CALLBACK != CALLBACK


async def test_who_cancels_there_may_try_again(client: Client) -> None:
    departure = await client.post(DEPART, data={"go": ""}, headers=OURS)
    answer = await client.get(await asyncio.to_thread(Person().cancel, await address_of(departure)))
    text = await answer.text()
    assert answer.status == 403
    assert "No se ha completado la entrada" in text
    assert 'href="/desk/entrar"' in text


async def test_no_other_site_sends_anybody_off(client: Client) -> None:
    assert (await client.post(DEPART, data={"go": ""}, headers={"Sec-Fetch-Site": "cross-site"})).status == 403


async def test_a_provider_that_does_not_answer(house: House) -> None:
    async with TestClient(TestServer(app_of(house, f"http://localhost:{free_port()}"))) as client:
        answer = await client.post(DEPART, data={"go": ""}, headers=OURS)
        assert answer.status == 503
        assert re.search("no responde", await answer.text())


def test_one_subject_is_one_account(house: House) -> None:
    add(house, "laura", "Ana@empresa.example")
    with pytest.raises(BadAccount, match="laura is linked"):
        add(house, "andres", "ana@empresa.example")
    add(house, "berta")
    add(house, "carlos")
    with pytest.raises(BadAccount, match="laura is linked"):
        command.link(house.database, "berta", "ANA@empresa.example", house.clock())
    command.link(house.database, "laura", "", house.clock())
    command.link(house.database, "berta", "ana@empresa.example", house.clock())
    with pytest.raises(BadAccount, match="at most 255"):
        command.link(house.database, "berta", "x" * 256, house.clock())
