"""The sign-in pages over HTTP, with the real services behind them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.web.sessions import Sessions
from bot.database import Database
from bot.identity import passwords
from tests.identity.pages_app import CHEAP, NIF, PASSWORD, SESSIONS, UNKNOWN_NIF, World

Client = TestClient[web.Request, web.Application]
OURS = {"Sec-Fetch-Site": "same-origin"}
NEW = "otra frase bien larga"


class Field(HTMLParser):
    """The attributes of each input of a page, by its id, and the text of every element that has one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inputs: dict[str, dict[str, str | None]] = {}
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input":
            self.inputs[str(found.get("id") or found["name"])] = found
        elif tag not in ("meta", "link", "img", "path"):
            self._open.append(str(found.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "link", "img", "path") and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for name in filter(None, self._open):
            self.texts[name] = self.texts.get(name, "") + data.strip()

    def error_of(self, name: str) -> str:
        """The text that a screen reader says with a field, which must be marked as wrong."""
        given = self.inputs[name]
        assert given["aria-invalid"] == "true"
        described = str(given["aria-describedby"]).split()
        assert f"{name}-error" in described
        return self.texts[f"{name}-error"]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", CHEAP)


@pytest.fixture
def world(database: Database) -> World:
    return World(database, "http://area.example", ("https://gestoria.example",))


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    async with TestClient(TestServer(world.app())) as client:
        yield client


async def enter(client: Client, world: World, link: str, **fields: str) -> ClientResponse:
    form = {"identifier": NIF, "password": PASSWORD, "proof": world.proof} | fields
    return await client.post(link, data=form, headers=OURS, allow_redirects=False)


async def fields_of(answer: ClientResponse) -> Field:
    return Field(await answer.text())


async def test_the_page_says_which_chat_asks_and_since_when(client: Client, world: World) -> None:
    answer = await client.get(world.link())
    text = await answer.text()
    assert answer.status == 200
    assert "<strong>Chat web</strong> a las" in text
    assert re.search(r"a las \d\d:\d\d", text)
    assert "cierra esta página" in text
    assert 'data-embed-origins="https://gestoria.example"' in text


async def test_the_page_is_for_password_managers_and_keeps_its_opener(client: Client, world: World) -> None:
    answer = await client.get(world.link())
    inputs = (await fields_of(answer)).inputs
    assert inputs["identifier"]["autocomplete"] == "username"
    assert (inputs["password"]["autocomplete"], inputs["password"]["type"]) == ("current-password", "password")
    assert answer.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


async def test_signing_in_wakes_the_chat_and_sets_cookies_that_scripts_cannot_read(
    client: Client, world: World
) -> None:
    answer = await enter(client, world, world.link())
    session = world.session()
    assert (answer.status, answer.headers["Location"]) == (303, "/entrar/hecho")
    assert session is not None
    assert session.person_id == world.person_id
    assert world.announced == [(world.address, "/signed_in")]
    assert world.woken == [world.address]
    for name in ("ventanilla_browser", "ventanilla_device"):
        cookie = answer.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")


async def test_over_https_the_cookies_stay_on_https(database: Database) -> None:
    world = World(database, "https://area.example")
    async with TestClient(TestServer(world.app())) as client:
        answer = await enter(client, world, world.link())
    assert answer.cookies["ventanilla_browser"]["secure"] is True
    assert answer.cookies["ventanilla_device"]["secure"] is True


async def test_the_last_page_leads_back_to_the_chat(client: Client) -> None:
    answer = await client.get("/entrar/hecho")
    assert answer.status == 200
    assert "vuelve al chat" in await answer.text()


@pytest.mark.parametrize(
    ("identifier", "password", "field", "says"),
    [
        ("", PASSWORD, "identifier", "Escribe tu NIF"),
        ("  ", PASSWORD, "identifier", "Escribe tu NIF"),
        (NIF, "", "password", "Escribe tu contraseña"),
        ("B12345674", PASSWORD, "identifier", "no es un NIF"),
        ("ana@gestoria.example", PASSWORD, "identifier", "no es un NIF"),
        ("12345678A", PASSWORD, "identifier", "no es un NIF"),
        (NIF, "otra", "password", "no son correctos"),
        (UNKNOWN_NIF, PASSWORD, "password", "no son correctos"),
    ],
)
async def test_each_problem_has_its_text_at_its_field(
    client: Client, world: World, identifier: str, password: str, field: str, says: str
) -> None:
    answer = await enter(client, world, world.link(), identifier=identifier, password=password)
    found = await fields_of(answer)
    assert answer.status == 422
    assert says in found.error_of(field)
    assert "autofocus" in found.inputs[field]
    assert found.inputs["identifier"]["value"] == identifier.strip()
    assert world.session() is None


async def test_two_empty_fields_are_both_marked_and_the_first_has_the_focus(client: Client, world: World) -> None:
    found = await fields_of(await enter(client, world, world.link(), identifier="", password=""))
    assert "NIF" in found.error_of("identifier")
    assert "contraseña" in found.error_of("password")
    assert [name for name, given in found.inputs.items() if "autofocus" in given] == ["identifier"]


async def test_a_password_never_comes_back(client: Client, world: World) -> None:
    answer = await enter(client, world, world.link(), password="secreta <b>")
    text = await answer.text()
    assert "secreta" not in text
    assert world.proof not in text


async def test_what_was_typed_comes_back_as_text(client: Client, world: World) -> None:
    answer = await enter(client, world, world.link(), identifier='"><script>alert(1)</script>')
    assert "<script>alert" not in await answer.text()


async def test_an_unknown_person_and_a_wrong_password_get_the_same_page(client: Client, world: World) -> None:
    link = world.link()
    wrong = await (await enter(client, world, link, password="otra")).text()
    unknown = await (await enter(client, world, link, identifier=UNKNOWN_NIF, password="otra")).text()
    assert wrong.replace(NIF, "") == unknown.replace(UNKNOWN_NIF, "").replace(NIF, "")


async def test_too_many_tries_have_to_wait_and_are_told_how_long(client: Client, world: World) -> None:
    link = world.link()
    for _ in range(5):
        assert (await enter(client, world, link, password="otra")).status == 422
    answer = await enter(client, world, link)
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert "espera 15 minutos" in await answer.text()
    assert world.session() is None


@pytest.mark.parametrize("proof", ["", "x", "x y z", "a" * 4000])
async def test_without_the_chat_in_this_browser_nobody_is_let_in(client: Client, world: World, proof: str) -> None:
    answer = await enter(client, world, world.link(), proof=proof)
    assert answer.status == 403
    assert "Abre el enlace desde el chat" in await answer.text()
    assert world.session() is None


async def test_neither_somebody_else_s_chat_nor_a_forged_one_is_proof(client: Client, world: World) -> None:
    forged = Sessions(b"x" * 32).issue()
    named = f"{world.proof.partition('.')[0]}.{forged.partition('.')[2]}"
    answer = await enter(client, world, world.link(), proof=f"{SESSIONS.issue()} {forged} {named}")
    assert answer.status == 403


async def test_a_refused_browser_costs_no_try(client: Client, world: World) -> None:
    link = world.link()
    for _ in range(8):
        await enter(client, world, link, password="otra", proof="")
    assert (await enter(client, world, link)).status == 303


async def test_one_right_proof_among_those_the_browser_knows_is_enough(client: Client, world: World) -> None:
    answer = await enter(client, world, world.link(), proof=f"{SESSIONS.issue()} {world.proof}")
    assert answer.status == 303


async def test_without_scripts_the_page_says_what_is_missing(client: Client, world: World) -> None:
    text = await (await client.get(world.link())).text()
    assert "activa JavaScript" in text.partition("<noscript>")[2].partition("</noscript>")[0]


async def test_a_channel_without_a_browser_needs_no_proof(client: Client, world: World) -> None:
    link = world.link("rest:7")
    assert 'name="proof"' not in await (await client.get(link)).text()
    assert (await enter(client, world, link, proof="")).status == 303
    assert world.session("rest:7") is not None


async def test_a_chat_on_a_phone_gets_a_code_and_nobody_is_signed_in_before_it(client: Client, world: World) -> None:
    assert (await enter(client, world, world.link("telegram:7"), proof="")).status == 303
    done = await (await client.get("/entrar/hecho")).text()
    code = re.search(r"<strong>(\d{3}) (\d{3})</strong>", done)
    assert code
    assert f"https://t.me/ventanilla?start={code[1]}{code[2]}" in done
    assert world.session("telegram:7") is None
    assert world.woken == []


@pytest.mark.parametrize("method", ["get", "post"])
async def test_a_used_link_says_what_to_do(client: Client, world: World, method: str) -> None:
    link = world.link()
    await enter(client, world, link)
    answer = await (client.get(link) if method == "get" else enter(client, world, link))
    text = await answer.text()
    assert answer.status == 410
    assert "ya se ha usado" in text
    assert "vuelve al chat" in text


async def test_an_old_link_and_one_that_never_was_say_so(client: Client, world: World) -> None:
    link = world.link()
    world.clock.ahead = timedelta(minutes=10)
    assert "ha caducado" in await (await client.get(link)).text()
    answer = await client.get("/entrar/nunca")
    assert (answer.status, "no es válido" in await answer.text()) == (410, True)


async def test_a_newer_link_of_the_chat_makes_the_older_one_useless(client: Client, world: World) -> None:
    older = world.link()
    world.link()
    assert (await enter(client, world, older)).status == 410


async def test_the_second_step_is_asked_for_and_lets_in(client: Client, world: World) -> None:
    app, _ = world.add_second_factor()
    link = world.link()
    first = await enter(client, world, link)
    found = await fields_of(first)
    assert first.status == 200
    assert (found.inputs["code"]["autocomplete"], found.inputs["code"]["inputmode"]) == ("one-time-code", "numeric")
    assert world.session() is None
    answer = await enter_code(client, link, found, app.at(world.clock()))
    assert answer.status == 303
    assert world.session() is not None


async def enter_code(client: Client, link: str, found: Field, code: str) -> ClientResponse:
    form = {"ticket": str(found.inputs["ticket"]["value"]), "code": code}
    return await client.post(f"{link}/codigo", data=form, headers=OURS, allow_redirects=False)


@pytest.mark.parametrize(("code", "says"), [("", "Escribe el código"), ("000000", "no es correcto")])
async def test_a_wrong_code_can_be_typed_again(client: Client, world: World, code: str, says: str) -> None:
    _, recovery = world.add_second_factor()
    link = world.link()
    found = await fields_of(await enter(client, world, link))
    answer = await enter_code(client, link, found, code)
    again = await fields_of(answer)
    assert answer.status == 422
    assert says in again.error_of("code")
    assert (await enter_code(client, link, again, recovery[0])).status == 303


async def test_too_many_codes_have_to_wait(client: Client, world: World) -> None:
    app, _ = world.add_second_factor()
    link = world.link()
    found = await fields_of(await enter(client, world, link))
    for _ in range(5):
        await enter_code(client, link, found, "000000")
    answer = await enter_code(client, link, found, app.at(world.clock()))
    assert answer.status == 429
    assert "Retry-After" in answer.headers


async def test_after_too_long_a_pause_the_first_step_comes_again(client: Client, world: World) -> None:
    app, _ = world.add_second_factor()
    link = world.link()
    found = await fields_of(await enter(client, world, link))
    world.clock.ahead += timedelta(minutes=6)
    answer = await enter_code(client, link, found, app.at(world.clock()))
    assert answer.status == 422
    assert "identifier" in (await fields_of(answer)).inputs
    assert "demasiado tiempo" in await answer.text()


async def test_after_the_link_is_gone_the_second_step_says_so(client: Client, world: World) -> None:
    app, _ = world.add_second_factor()
    link = world.link()
    found = await fields_of(await enter(client, world, link))
    world.clock.ahead += timedelta(minutes=11)
    assert (await enter_code(client, link, found, app.at(world.clock()))).status == 410


async def test_the_second_step_has_no_page_of_its_own(client: Client, world: World) -> None:
    link = world.link()
    answer = await client.get(f"{link}/codigo", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, link)


async def ask_for_mail(client: Client, identifier: str, link: str = "") -> ClientResponse:
    form = {"identifier": identifier, "sign_in": link.rpartition("/")[2]}
    return await client.post("/clave", data=form, headers=OURS, allow_redirects=False)


async def test_a_known_and_an_unknown_person_get_the_same_answer(client: Client, world: World) -> None:
    known, unknown = await ask_for_mail(client, NIF), await ask_for_mail(client, UNKNOWN_NIF)
    assert known.status == unknown.status == 303
    assert known.headers["Location"] == unknown.headers["Location"] == "/clave/enviado"
    assert "Si ese NIF consta" in await (await client.get("/clave/enviado")).text()


@pytest.mark.parametrize(("identifier", "says"), [("", "Escribe tu NIF"), ("B12345674", "no es un NIF")])
async def test_a_request_for_nobody_is_told_at_its_field(client: Client, identifier: str, says: str) -> None:
    answer = await ask_for_mail(client, identifier)
    assert answer.status == 422
    assert says in (await fields_of(answer)).error_of("identifier")


async def test_too_many_requests_have_to_wait(client: Client) -> None:
    statuses = {(await ask_for_mail(client, UNKNOWN_NIF)).status for _ in range(20)}
    answer = await ask_for_mail(client, UNKNOWN_NIF)
    assert statuses == {303}
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3600")


async def test_the_way_from_the_sign_in_page_to_a_new_password_and_back(client: Client, world: World) -> None:
    link = world.link()
    form = await client.get("/clave", params={"enlace": link.rpartition("/")[2]})
    assert (await fields_of(form)).inputs["sign_in"]["value"] == link.rpartition("/")[2]
    await ask_for_mail(client, NIF, link)
    answer = await choose(client, world.mailed_link(), NEW)
    assert answer.status == 200
    assert f'href="http://area.example{link}"' in await answer.text()
    assert (await enter(client, world, link, password=NEW)).status == 303


async def test_in_another_browser_there_is_no_way_back(client: Client, world: World) -> None:
    await ask_for_mail(client, NIF, world.link())
    client.session.cookie_jar.clear()
    text = await (await choose(client, world.mailed_link(), NEW)).text()
    assert "/entrar/" not in text
    assert "vuelve al chat" in text


async def choose(client: Client, link: str, password: str, repeated: str | None = None) -> ClientResponse:
    form = {"password": password, "repeated": password if repeated is None else repeated}
    return await client.post(link, data=form, headers=OURS)


@pytest.mark.parametrize("odd", ["../../x", "//evil.example", '"><b>', "a" * 100, "á"])
async def test_no_odd_value_is_taken_for_the_way_back(client: Client, odd: str) -> None:
    found = await fields_of(await client.get("/clave", params={"enlace": odd}))
    assert found.inputs["sign_in"]["value"] == ""


@pytest.mark.parametrize(
    ("password", "repeated", "field", "says"),
    [
        ("corta", "corta", "password", "demasiado corta"),
        ("", "", "password", "demasiado corta"),
        ("x" * 129, "x" * 129, "password", "demasiado larga"),
        ("mi 12345678Z de siempre", "", "password", "Se parece a tu NIF"),
        ("contraseña1", "contraseña1", "password", "muy conocida"),
        (NEW, NEW + "!", "repeated", "no coinciden"),
    ],
)
async def test_each_problem_of_a_new_password_has_its_text(
    client: Client, world: World, password: str, repeated: str, field: str, says: str
) -> None:
    link = world.password_link()
    answer = await choose(client, link, password, repeated)
    assert answer.status == 422
    assert says in (await fields_of(answer)).error_of(field)
    assert (await client.get(link)).status == 200


async def test_a_password_link_serves_once(client: Client, world: World) -> None:
    link = world.password_link()
    await choose(client, link, NEW)
    for answer in (await client.get(link), await choose(client, link, NEW)):
        assert answer.status == 410
        assert "Pedir otro enlace" in await answer.text()


async def test_the_security_page_wants_a_session_in_this_very_browser(client: Client, world: World) -> None:
    assert (await client.get("/seguridad")).status == 403
    await enter(client, world, world.link())
    assert (await client.get("/seguridad")).status == 200
    client.session.cookie_jar.clear()
    assert (await client.get("/seguridad")).status == 403
    assert (await change(client, do="begin")).status == 403


async def test_after_the_session_is_over_the_security_page_is_closed(client: Client, world: World) -> None:
    await enter(client, world, world.link())
    world.clock.ahead = timedelta(minutes=15)
    assert (await client.get("/seguridad")).status == 403
    assert (await change(client, do="begin")).status == 403


async def change(client: Client, **form: str) -> ClientResponse:
    return await client.post("/seguridad", data=form, headers=OURS)


async def test_a_second_step_is_switched_on_and_off_again(client: Client, world: World) -> None:
    await enter(client, world, world.link())
    begun = await (await change(client, do="begin")).text()
    assert 'src="data:image/svg+xml' in begun
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', begun)
    assert secret
    confirmed = await change(client, do="confirm", code=world.code_of(secret[1]))
    assert len(re.findall(r"<li><code>", await confirmed.text())) == 8
    assert world.entrance.second_factor.is_on(world.person_id)
    wrong = await change(client, do="remove", password="otra")
    assert "no es correcta" in (await fields_of(wrong)).error_of("password")
    assert "Lo hemos quitado" in await (await change(client, do="remove", password=PASSWORD)).text()
    assert not world.entrance.second_factor.is_on(world.person_id)


@pytest.mark.parametrize(("code", "says"), [("", "Escribe el código"), ("000000", "no es correcto")])
async def test_a_wrong_code_does_not_switch_it_on(client: Client, world: World, code: str, says: str) -> None:
    await enter(client, world, world.link())
    await change(client, do="begin")
    answer = await change(client, do="confirm", code=code)
    assert answer.status == 422
    assert says in (await fields_of(answer)).error_of("code")
    assert not world.entrance.second_factor.is_on(world.person_id)


async def test_what_is_on_is_neither_begun_nor_confirmed_again(client: Client, world: World) -> None:
    app, _ = world.add_second_factor()
    link = world.link()
    found = await fields_of(await enter(client, world, link))
    await enter_code(client, link, found, app.at(world.clock()))
    assert "Está activado" in await (await change(client, do="begin")).text()
    assert "Está activado" in await (await change(client, do="confirm", code="000000")).text()


async def test_removing_without_a_password_and_an_unknown_wish(client: Client, world: World) -> None:
    await enter(client, world, world.link())
    world.add_second_factor()
    assert "Escribe tu contraseña" in await (await change(client, do="remove")).text()
    assert (await change(client, do="everything")).status == 400


async def test_chats_are_listed_and_taken_away_at_once(client: Client, world: World) -> None:
    await enter(client, world, world.link())
    phone = world.open_elsewhere("telegram:7")
    shown = await (await client.get("/seguridad")).text()
    assert "Telegram</strong> «Ana P.»" in shown
    assert "Firefox · Android" in shown
    assert shown.count('class="tag"') == 1
    answer = await (await change(client, do="end", chat=str(phone))).text()
    assert "Desde ese chat ya no se ve nada" in answer
    assert "Telegram</strong>" not in answer
    assert world.session("telegram:7") is None
    assert world.session() is not None
    assert "ya estaba cerrado" in await (await change(client, do="end", chat=str(phone))).text()


async def test_all_others_are_taken_away_and_the_chat_in_this_browser_stays(client: Client, world: World) -> None:
    await enter(client, world, world.link())
    world.open_elsewhere("telegram:7")
    world.open_elsewhere("web:another-computer")
    answer = await (await change(client, do="end_others")).text()
    assert "Cerrados todos los demás" in answer
    assert "Cerrar todos menos este" not in answer
    assert world.session("telegram:7") is world.session("web:another-computer") is None
    assert world.session() is not None


async def test_who_takes_this_chat_away_has_left_the_page_too(client: Client, world: World) -> None:
    await enter(client, world, world.link())
    session = world.session()
    assert session is not None
    assert "Has salido" in await (await change(client, do="end", chat=str(session.id))).text()
    assert world.session() is None
    assert (await client.get("/seguridad")).status == 403


async def test_nobody_takes_another_s_chat_away(client: Client, world: World) -> None:
    other = world.add_person()
    foreign = world.open_elsewhere("telegram:9", other)
    await enter(client, world, world.link())
    assert "Telegram" not in await (await client.get("/seguridad")).text()
    for wish in ({"do": "end", "chat": str(foreign)}, {"do": "end_others"}):
        assert (await change(client, **wish)).status == 200
        assert world.session("telegram:9") is not None


@pytest.mark.parametrize("chat", ["", "x", "-1", "1" * 19, "\u0661"])
async def test_what_is_no_chat_is_refused(client: Client, world: World, chat: str) -> None:
    await enter(client, world, world.link())
    assert (await change(client, do="end", chat=chat)).status == 400


FORMS = ["/entrar/x", "/entrar/x/codigo", "/clave", "/clave/x", "/seguridad"]


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_of_another_site_is_refused(client: Client, path: str) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        answer = await client.post(path, data={"a": "1"}, headers=headers)
        assert (answer.status, answer.content_type) == (403, "text/html")


@pytest.mark.parametrize("path", FORMS)
async def test_a_body_that_is_no_form_gets_a_page(client: Client, path: str) -> None:
    assert (await client.post(path, json={"a": 1}, headers=OURS)).status == 415
    large = await client.post(path, data={"a": "x" * 20_000}, headers=OURS)
    assert (large.status, large.content_type) == (413, "text/html")


@pytest.mark.parametrize("path", [*FORMS, "/entrar/hecho", "/clave/enviado"])
async def test_another_method_gets_a_page(client: Client, path: str) -> None:
    answer = await client.put(path)
    assert (answer.status, answer.content_type) == (405, "text/html")
    assert answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/entrar", "/entrar/", "/entrar/a/b/c", "/entrar/á", "/clave/a/b", "/seguridad/x"])
async def test_an_address_that_leads_nowhere_gets_a_page(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status, answer.content_type) == (404, "text/html")
