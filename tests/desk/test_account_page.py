"""The page on which somebody of the staff changes their password, as a browser sends it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.company import read_company
from bot.database import Database, utc_now
from bot.desk import staff
from bot.desk.account_pages import ACCOUNT, AccountPages
from bot.desk.model import Role
from bot.desk.staff import NewAccount
from bot.desk.staffroom import Staffroom
from bot.desk.web import DeskPages, WaysIn
from bot.identity.passwords import hash_password
from bot.pages.render import Pages
from bot.settings import PROJECT
from tests.desk.house import AREA, Clock, House

Client = TestClient[web.Request, web.Application]
OURS = {"Sec-Fetch-Site": "same-origin"}
PASSWORD, NEW = "un mostrador azul", "tres tristes tigres comen"


@pytest.fixture
def room(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Staffroom]:
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    house = House(database, Clock(utc_now()))
    with database.writing() as connection:
        staff.add(connection, NewAccount("laura", "Laura Gil", Role.AGENT), hash_password(PASSWORD), house.clock())
    yield Staffroom(database, AREA, house.clock)
    database.close()


@pytest.fixture
async def client(room: Staffroom) -> AsyncIterator[Client]:
    company = read_company(PROJECT / "company.yml")
    pages = Pages(company)
    desk = DeskPages(pages, AREA, room, company, False, WaysIn())
    app = web.Application()
    app.add_routes([*AccountPages(pages, AREA, room, desk, False, True).routes(), *desk.routes()])
    async with TestClient(TestServer(app)) as client:
        yield client


def signed_in(room: Staffroom) -> dict[str, str]:
    token = room.enter("laura", PASSWORD, None).token
    return {"Cookie": f"ventanilla_desk={token}"}


def form(former: str = PASSWORD, password: str = NEW, repeated: str = NEW) -> dict[str, str]:
    return {"former": former, "password": password, "repeated": repeated}


async def test_it_is_changed_and_said(client: Client, room: Staffroom) -> None:
    here = signed_in(room)
    assert "Cambiar la contraseña" in await (await client.get(ACCOUNT, headers=here)).text()
    answer = await client.post(ACCOUNT, data=form(), headers=here | OURS)
    assert answer.status == 200
    assert "ya tienes la contraseña nueva" in await answer.text()
    assert room.enter("laura", NEW, None).problem is None


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (form(former=""), "Escribe la contraseña que tienes ahora"),
        (form(former="mal"), "No hemos cambiado nada"),
        (form(password="corta"), "Es demasiado corta"),
        (form(repeated="otra"), "no coinciden"),
    ],
)
async def test_what_is_wrong_stands_at_its_field(
    client: Client, room: Staffroom, sent: dict[str, str], says: str
) -> None:
    answer = await client.post(ACCOUNT, data=sent, headers=signed_in(room) | OURS)
    text = await answer.text()
    assert answer.status == 422
    assert says in text
    assert text.count('aria-invalid="true"') == 1
    assert PASSWORD not in text
    assert NEW not in text


async def test_after_five_wrong_ones_it_waits(client: Client, room: Staffroom) -> None:
    here = signed_in(room)
    for _ in range(5):
        await client.post(ACCOUNT, data=form(former="mal"), headers=here | OURS)
    answer = await client.post(ACCOUNT, data=form(), headers=here | OURS)
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Demasiados intentos" in await answer.text()


async def test_only_who_is_signed_in_and_only_from_our_own_page(client: Client, room: Staffroom) -> None:
    for answer in (
        await client.get(ACCOUNT, allow_redirects=False),
        await client.post(ACCOUNT, data=form(), headers=OURS, allow_redirects=False),
    ):
        assert (answer.status, answer.headers["Location"]) == (303, "/desk/entrar")
    here = signed_in(room) | {"Sec-Fetch-Site": "cross-site"}
    assert (await client.post(ACCOUNT, data=form(), headers=here)).status == 403
    assert room.enter("laura", PASSWORD, None).problem is None
