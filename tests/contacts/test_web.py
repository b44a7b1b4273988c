"""The pages behind the links in the mails, over HTTP and with the real services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from bot.accounts.model import Role
from bot.company import read_company
from bot.contacts import service
from bot.contacts.invitations import Invitations
from bot.contacts.model import State
from bot.contacts.undo import UndoLinks
from bot.contacts.web import ContactViews
from bot.identity import passwords
from bot.identity.persons import person_table
from bot.pages.render import Pages
from bot.settings import PROJECT
from tests.contacts.office import ANA, AREA, NOBODY, NOW, PAULA, PEDRO, RITA, Office, email, everything_stored, nif
from tests.identity.house import hash_cheaply

Client = TestClient[web.Request, web.Application]
OURS = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "una frase bien larga"
FORM = {
    "identifier": "12.121.212-M",
    "first_name": "Paula",
    "surnames": "Sáenz de Miera",
    "password": PASSWORD,
    "repeated": PASSWORD,
}
NURIA = replace(PAULA, identifier=nif(11_111_111 * NOBODY), email=email(NOBODY))


class Inputs(HTMLParser):
    """The attributes of each input of a page, by its id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.found[str(dict(attrs)["id"])] = dict(attrs)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


def app_of(office: Office, with_passwords: bool = True) -> web.Application:
    pages = Pages(read_company(PROJECT / "company.yml"))
    parts = (office.database, AREA, office.clock)
    views = ContactViews(pages, Invitations(*parts), UndoLinks(*parts), AREA.public_url, with_passwords)
    app = web.Application()
    app.add_routes([*pages.routes(), *views.routes()])
    return app


@pytest.fixture
async def client(office: Office) -> AsyncIterator[Client]:
    async with TestClient(TestServer(app_of(office))) as client:
        yield client


def invitation(office: Office, recipient: str = PAULA.email) -> str:
    return f"/invitacion/{office.token('contact_invited', recipient)}"


def undoing(office: Office, template: str = "contact_added_holder") -> str:
    return f"/deshacer/{office.undo_token(template)}"


async def get(client: Client, path: str) -> tuple[int, str]:
    answer = await client.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return answer.status, await answer.text()


async def post(client: Client, path: str, **fields: str) -> tuple[int, str]:
    answer = await client.post(path, data=FORM | fields, headers=OURS)
    return answer.status, await answer.text()


async def test_an_invitation_says_who_invites_to_what(office: Office, client: Client) -> None:
    office.add(replace(PAULA, client_ids=(2,), until=NOW.date() + timedelta(days=7)))
    status, html = await get(client, invitation(office))
    assert status == 200
    for told in (
        "<strong>Ana Núñez Gil</strong>",
        "Gestoría Sol",
        "solo lectura",
        "30/11/2026",
        "1 cliente ",
        PAULA.email,
    ):
        assert told in html
    inputs = Inputs(html).found
    assert list(inputs) == ["identifier", "first_name", "surnames", "password", "repeated"]
    assert (inputs["first_name"]["value"], inputs["identifier"]["value"]) == ("Paula", "")
    assert nif(12_121_212) not in html
    assert inputs["password"]["autocomplete"] == "new-password"


async def test_who_accepts_can_enter(office: Office, client: Client) -> None:
    new = office.add()
    status, html = await post(client, invitation(office))
    assert status == 200
    assert "Ya puedes entrar" in html
    assert '<a class="primary" href="/">' in html
    assert office.contacts()[new.id].state is State.ACTIVE
    status, html = await post(client, invitation(office))
    assert (status, "Este enlace ya se ha usado" in html) == (410, True)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"identifier": ""}, ["identifier"]),
        ({"identifier": "hola"}, ["identifier"]),
        ({"identifier": nif(1)}, ["identifier"]),
        ({"first_name": "", "surnames": "<b>"}, ["first_name", "surnames"]),
        ({"password": "corta", "repeated": "corta"}, ["password"]),
        ({"repeated": "otra"}, ["repeated"]),
        (
            {"identifier": "", "first_name": "", "surnames": "", "password": ""},
            ["identifier", "first_name", "surnames"],
        ),
    ],
)
async def test_each_wrong_field_says_so(
    office: Office, client: Client, fields: dict[str, str], wrong: list[str]
) -> None:
    office.add()
    status, html = await post(client, invitation(office), **fields)
    inputs = Inputs(html).found
    assert status == 422
    assert [name for name, found in inputs.items() if found.get("aria-invalid")] == wrong
    assert [name for name, found in inputs.items() if "autofocus" in found] == wrong[:1]
    assert all(f'id="{name}-error"' in html for name in wrong)
    assert PASSWORD not in html
    assert "<b>" not in html
    assert "<title>Error: " in html


async def test_too_many_other_identifiers_have_to_wait(office: Office, client: Client) -> None:
    office.add()
    for number in range(1, 6):
        assert (await post(client, invitation(office), identifier=nif(number)))[0] == 422
    answer = await client.post(invitation(office), data=FORM, headers=OURS)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3600")
    assert "espera una hora" in await answer.text()


async def test_somebody_with_an_account_is_told_to_enter_from_the_chat(office: Office, client: Client) -> None:
    office.add(NURIA)
    before = everything_stored(office.database)
    path = invitation(office, NURIA.email)
    for status, html in (await get(client, path), await post(client, path, identifier=NURIA.identifier)):
        assert status == 200
        assert "entra desde el chat" in html
        assert "<form" not in html
    assert everything_stored(office.database) == before


async def test_with_a_provider_nobody_chooses_a_password(office: Office) -> None:
    new = office.add()
    async with TestClient(TestServer(app_of(office, with_passwords=False))) as client:
        for status, html in (await get(client, invitation(office)), await post(client, invitation(office))):
            assert (status, "entra desde el chat" in html) == (200, True)
    with office.database.reading() as connection:
        assert passwords.password_hash_of(connection, new.id) is None


async def test_each_closed_invitation_has_its_text(office: Office, client: Client) -> None:
    new = office.add()
    first = invitation(office)
    office.do(service.invite_again, new.id)
    second = invitation(office)
    texts = {first: "Este enlace ya no vale", "/invitacion/" + "x" * 22: "Este enlace no es válido"}
    office.go(days=8)
    texts[second] = "Las invitaciones duran siete días"
    for path, told in texts.items():
        for status, html in (await get(client, path), await post(client, path)):
            assert (status, told in html) == (410, True), html


async def test_a_change_is_shown_first_and_undone_by_the_form(office: Office, client: Client) -> None:
    new = office.add()
    status, html = await get(client, undoing(office))
    assert (status, "Paula Sáenz de Miera" in html, "Sí, deshacerlo" in html) == (200, True, True)
    assert office.contacts()[new.id].state is State.INVITED
    status, html = await post(client, undoing(office))
    assert (status, "Cambio deshecho" in html) == (200, True)
    assert office.contacts()[new.id].state is State.ENDED
    for status, html in (await get(client, undoing(office)), await post(client, undoing(office))):
        assert (status, "ya se ha usado" in html) == (410, True)


async def test_a_change_of_role_and_a_removal_are_told_as_such(office: Office, client: Client) -> None:
    office.do(service.change_role, RITA, Role.FULL)
    office.do(service.deactivate, PEDRO)
    for template, shown, done in (
        ("contact_changed_holder", "Ahora tiene autorización total", "vuelve a tener el acceso de antes"),
        ("contact_removed_holder", "ya no es contacto autorizado", "vuelve a ser contacto autorizado"),
    ):
        assert shown in (await get(client, undoing(office, template)))[1]
        assert done in (await post(client, undoing(office, template)))[1]
    assert office.contacts()[RITA].role is Role.READ_ONLY


async def test_each_closed_undo_link_has_its_text(office: Office, client: Client) -> None:
    new = office.add()
    added = undoing(office)
    office.do(service.deactivate, new.id)
    assert "Ya no hay nada que deshacer" in (await get(client, added))[1]
    office.go(days=1)
    assert "durante 24 horas" in (await get(client, undoing(office, "contact_removed_holder")))[1]
    assert "no es válido" in (await post(client, "/deshacer/" + "x" * 22))[1]


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_no_other_site_s_form_does_anything(office: Office, client: Client, headers: dict[str, str]) -> None:
    office.add()
    before = everything_stored(office.database)
    for path in (invitation(office), undoing(office)):
        answer = await client.post(path, data=FORM, headers=headers)
        assert answer.status == 403
    assert everything_stored(office.database) == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/invitacion/" + "x" * 22, 405),
        ("DELETE", "/deshacer/" + "x" * 22, 405),
        ("GET", "/invitacion", 404),
        ("GET", "/invitacion/a/b", 404),
        ("GET", "/deshacer/", 404),
        ("GET", "/deshacer/%00", 404),
        ("GET", "/deshacer/" + "x" * 65, 404),
    ],
)
async def test_nothing_ends_in_a_stack_trace(client: Client, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path)
    assert answer.status == status
    assert "Traceback" not in await answer.text()


async def test_a_form_of_another_type_or_size_is_refused(office: Office, client: Client) -> None:
    office.add()
    path = invitation(office)
    assert (await client.post(path, json=FORM, headers=OURS)).status == 415
    assert (await client.post(path, data={"password": "x" * 20_000}, headers=OURS)).status == 413
    assert (await client.post(path, data={}, headers=OURS)).status == 422


async def test_a_database_that_does_not_answer_gets_a_page(
    office: Office, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(office.database, "reading", down)
    answer = await client.get("/invitacion/" + "x" * 22)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_what_a_name_holds_is_text(office: Office, client: Client) -> None:
    new = office.add()
    with office.database.writing() as connection:
        evil = update(person_table).where(person_table.c.id.in_((new.id, ANA)))
        connection.execute(evil.values(first_name="<script>alert(1)</script>"))
    for path in (invitation(office), undoing(office)):
        assert "<script>alert" not in (await get(client, path))[1]
