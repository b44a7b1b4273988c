"""Signing in with the company's identity provider: against a certified one, and against one that lies."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from joserfc.jwk import OctKey, RSAKey

from bot.database import Database, migrate
from bot.identity.oidc import CALLBACK, OpenIdProvider, ProviderFailed, ProviderProblem, ProviderSettings
from tests.browser.server import free_port
from tests.conftest import leave_out, need_program
from tests.identity.identity_provider import NODE_MODULES, SECRET, CertifiedProvider, LyingProvider
from tests.identity.pages_app import NIF, UNKNOWN_NIF, World

Client = TestClient[web.Request, web.Application]
OURS = {"Sec-Fetch-Site": "same-origin"}
PUBLIC_URL = "http://127.0.0.1:1"
CLAIMS_IN_USE = [True, False]


@pytest.fixture(scope="module", params=CLAIMS_IN_USE, ids=["claim in the ID token", "claim in the user info"])
def certified(request: pytest.FixtureRequest) -> Iterator[CertifiedProvider]:
    need_program("node")
    if not NODE_MODULES.is_dir():
        leave_out(f"no Node packages in {NODE_MODULES}: run `make browser`")
    provider = CertifiedProvider(PUBLIC_URL + CALLBACK, claims_parameter=request.param)
    yield provider
    provider.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(database)
    yield World(database, PUBLIC_URL)
    database.close()


@pytest.fixture
async def client(world: World, certified: CertifiedProvider) -> AsyncIterator[Client]:
    world.use_provider(certified.issuer, SECRET)
    async with TestClient(TestServer(world.app())) as client:
        yield client


async def depart(client: Client, link: str, proof: str) -> ClientResponse:
    return await client.post(link, data={"proof": proof}, headers=OURS, allow_redirects=False)


async def address_of(departure: ClientResponse) -> str:
    found = re.search(r'content="0;url=([^"]+)"', await departure.text())
    assert found
    return found[1].replace("&amp;", "&")


class Person:
    """Somebody in front of the provider's own pages."""

    def __init__(self) -> None:
        self._session = requests.Session()

    def sign_in(self, url: str, login: str) -> str:
        """Fill the provider's two pages; gives the path and query that the browser is sent back to."""
        page = self._session.get(url)
        page = self._post(page, {"prompt": "login", "login": login, "password": "x"})
        while not page.headers.get("Location", "").startswith(PUBLIC_URL):
            page = (
                self._post(page, {"prompt": "consent"})
                if page.ok and "Location" not in page.headers
                else self._next(page)
            )
        return page.headers["Location"].removeprefix(PUBLIC_URL)

    def cancel(self, url: str) -> str:
        """Follow the provider's link that leads back without having signed in."""
        page = self._session.get(url)
        found = re.search(r'href="([^"]+/abort)"', page.text)
        assert found
        answer = self._session.get(urljoin(page.url, found[1]), allow_redirects=False)
        while not answer.headers["Location"].startswith(PUBLIC_URL):
            answer = self._next(answer)
        return answer.headers["Location"].removeprefix(PUBLIC_URL)

    def _post(self, page: requests.Response, form: dict[str, str]) -> requests.Response:
        found = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert found, page.text
        return self._session.post(urljoin(page.url, found[1]), data=form, allow_redirects=False)

    def _next(self, page: requests.Response) -> requests.Response:
        url = urljoin(page.url, page.headers["Location"])
        return self._session.get(url, allow_redirects=False)


async def test_the_provider_s_button_stands_where_the_password_form_was(client: Client, world: World) -> None:
    text = await (await client.get(world.link())).text()
    assert "Entrar con Naturgy" in text
    assert 'type="password"' not in text
    assert 'name="identifier"' not in text
    assert (await client.get("/clave")).status == 404
    assert (await client.get("/seguridad")).status == 403


async def test_a_person_signs_in_there_and_the_chat_goes_on_here(client: Client, world: World) -> None:
    url = await address_of(await depart(client, world.link(), world.proof))
    back = await asyncio.to_thread(Person().sign_in, url, f"nif:{NIF}")
    answer = await client.get(back, allow_redirects=False)
    session = world.session()
    assert (answer.status, answer.headers["Location"]) == (303, "/entrar/hecho")
    assert session is not None
    assert session.person_id == world.person_id
    assert world.woken == [world.address]
    assert answer.cookies["ventanilla_browser"]["httponly"] is True
    assert "segundo paso" not in await (await client.get("/entrar/hecho")).text()


async def test_the_answer_serves_once(client: Client, world: World) -> None:
    url = await address_of(await depart(client, world.link(), world.proof))
    back = await asyncio.to_thread(Person().sign_in, url, f"nif:{NIF}")
    await client.get(back, allow_redirects=False)
    answer = await client.get(back, allow_redirects=False)
    assert answer.status == 403
    assert "perdido el hilo" in await answer.text()


async def test_pkce_state_and_nonce_go_along(client: Client, world: World) -> None:
    query = parse_qs(urlsplit(await address_of(await depart(client, world.link(), world.proof))).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["response_type"] == ["code"]
    assert all(len(query[name][0]) >= 32 for name in ("state", "nonce", "code_challenge"))


async def test_the_answer_for_another_browser_is_refused(client: Client, world: World) -> None:
    url = await address_of(await depart(client, world.link(), world.proof))
    back = await asyncio.to_thread(Person().sign_in, url, f"nif:{NIF}")
    client.session.cookie_jar.clear()
    assert (await client.get(back)).status == 403
    assert world.session() is None


async def test_the_answer_of_an_older_journey_is_refused(client: Client, world: World) -> None:
    older = await address_of(await depart(client, world.link(), world.proof))
    back = await asyncio.to_thread(Person().sign_in, older, f"nif:{NIF}")
    await depart(client, world.link(), world.proof)
    assert (await client.get(back)).status == 403


async def test_nobody_leaves_without_the_chat_in_this_browser(client: Client, world: World) -> None:
    answer = await depart(client, world.link(), "")
    assert answer.status == 403
    assert "ventanilla_provider" not in answer.cookies


async def test_whoever_cancels_there_may_try_again(client: Client, world: World) -> None:
    link = world.link()
    back = await asyncio.to_thread(Person().cancel, await address_of(await depart(client, link, world.proof)))
    answer = await client.get(back)
    text = await answer.text()
    assert answer.status == 403
    assert "No se ha completado la entrada" in text
    assert f'href="{link}"' in text


@pytest.mark.parametrize(
    ("login", "says"),
    [("nobody", "Falta tu NIF"), ("nif:B12345674", "Falta tu NIF"), (f"nif:{UNKNOWN_NIF}", "no consta con nosotros")],
)
async def test_whoever_has_no_identifier_of_ours_is_told(client: Client, world: World, login: str, says: str) -> None:
    url = await address_of(await depart(client, world.link(), world.proof))
    answer = await client.get(await asyncio.to_thread(Person().sign_in, url, login))
    assert answer.status == 403
    assert says in await answer.text()
    assert world.session() is None


async def test_a_link_that_went_meanwhile(client: Client, world: World) -> None:
    url = await address_of(await depart(client, world.link(), world.proof))
    back = await asyncio.to_thread(Person().sign_in, url, f"nif:{NIF}")
    world.link()
    assert (await client.get(back)).status == 410


@pytest.mark.parametrize("method", ["get", "post"])
async def test_a_link_that_is_gone_before(client: Client, method: str) -> None:
    answer = await (client.get("/entrar/x") if method == "get" else depart(client, "/entrar/x", ""))
    assert answer.status == 410


async def test_a_code_that_somebody_made_up_is_refused(client: Client, world: World) -> None:
    query = parse_qs(urlsplit(await address_of(await depart(client, world.link(), world.proof))).query)
    made_up = {"code": "x" * 43, "state": query["state"][0], "iss": query.get("iss", [""])[0]}
    assert (await client.get(CALLBACK, params=made_up)).status == 502
    assert world.session() is None


async def test_a_provider_that_does_not_answer(world: World) -> None:
    world.use_provider(f"http://localhost:{free_port()}", SECRET)
    async with TestClient(TestServer(world.app())) as client:
        answer = await depart(client, world.link(), world.proof)
        assert answer.status == 503
        assert "no responde" in await answer.text()


# What a certified provider does not do: answers that are wrong.


@pytest.fixture
def liar() -> Iterator[LyingProvider]:
    provider = LyingProvider()
    yield provider
    provider.stop()


class Journey:
    """A sign-in under way with the lying provider."""

    def __init__(self, world: World, liar: LyingProvider, claim: str = "nif") -> None:
        settings = ProviderSettings(liar.issuer, "ventanilla", SECRET, claim)
        self.provider = OpenIdProvider(settings, world.area, world.clock)
        departure = self.provider.depart("token")
        self.cookie = departure.cookie
        sent = {name: values[0] for name, values in parse_qs(urlsplit(departure.url).query).items()}
        self.query = {"state": sent["state"], "code": "c"}
        now = int(time.time())
        self.claims: dict[str, Any] = {"iss": liar.issuer, "aud": "ventanilla", "sub": "7", "nif": NIF}
        self.claims |= {"nonce": sent["nonce"], "iat": now, "exp": now + 300}
        self._liar = liar
        self.say(lambda: liar.sign(self.claims))

    def say(self, make: Callable[[], object]) -> None:
        answer = {"access_token": "a", "token_type": "Bearer"}
        self._liar.make_token = lambda: answer | {"id_token": make()}

    def arrive(self) -> str:
        return self.provider.arrive(self.cookie, self.query).identifier

    def problem(self) -> ProviderProblem:
        with pytest.raises(ProviderFailed) as failed:
            self.arrive()
        return failed.value.problem


@pytest.fixture
def journey(world: World, liar: LyingProvider) -> Journey:
    return Journey(world, liar)


def test_what_is_right_is_believed(journey: Journey) -> None:
    assert journey.arrive() == NIF


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other.example"},
        {"aud": "somebody else"},
        {"aud": "somebody else", "azp": "ventanilla"},
        {"aud": ["ventanilla", "other"]},
        {"aud": ["ventanilla", "other"], "azp": "other"},
        {"azp": "other"},
        {"nonce": "of another sign-in"},
        {"exp": 1_000_000_000},
        {"iat": 9_000_000_000},
        {"exp": "soon"},
        {"at_hash": "of another access token"},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(journey: Journey, wrong: dict[str, Any]) -> None:
    journey.claims |= wrong
    assert journey.problem() is ProviderProblem.BAD_ANSWER


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "nonce", "sub"])
def test_a_token_without_a_claim_that_protects_is_refused(journey: Journey, name: str) -> None:
    del journey.claims[name]
    assert journey.problem() is ProviderProblem.BAD_ANSWER


def test_a_token_that_another_signed_is_refused(journey: Journey, liar: LyingProvider) -> None:
    other = RSAKey.generate_key(2048, {"kid": "k1"})
    journey.say(lambda: liar.sign(journey.claims, other))
    assert journey.problem() is ProviderProblem.BAD_ANSWER


def test_a_token_without_signature_or_with_a_shared_key_is_refused(journey: Journey, liar: LyingProvider) -> None:
    unsigned = liar.sign(journey.claims, OctKey.import_key(SECRET), "HS256")
    liar.published = {"keys": [*liar.published["keys"], OctKey.import_key(SECRET, {"kid": "k1"}).as_dict()]}
    journey.say(lambda: unsigned)
    assert journey.problem() is ProviderProblem.BAD_ANSWER
    header, payload, _ = unsigned.split(".")
    none = "eyJhbGciOiJub25lIn0"
    journey.say(lambda: f"{none}.{payload}.")
    assert journey.problem() is ProviderProblem.BAD_ANSWER
    assert header != none


@pytest.mark.parametrize("odd", [None, 7, "", "x", "a.b.c", ["a"]])
def test_what_is_no_token_is_refused(journey: Journey, odd: object) -> None:
    journey.say(lambda: odd)
    assert journey.problem() is ProviderProblem.BAD_ANSWER


@pytest.mark.parametrize("keys", [{}, {"keys": 7}, {"keys": []}, {"keys": [{"kty": "x"}]}, {"keys": ["x"]}])
def test_keys_that_are_none_are_refused(journey: Journey, liar: LyingProvider, keys: dict[str, Any]) -> None:
    liar.published = keys
    assert journey.problem() is ProviderProblem.BAD_ANSWER


def test_a_refused_code_and_a_broken_provider(journey: Journey, liar: LyingProvider) -> None:
    liar.token_status, liar.make_token = 400, lambda: {"error": "invalid_grant"}
    assert journey.problem() is ProviderProblem.BAD_ANSWER
    liar.token_status = 500
    assert journey.problem() is ProviderProblem.UNREACHABLE
    liar.token_status, liar.make_token = 200, lambda: ["x"]  # type: ignore[assignment,return-value]
    assert journey.problem() is ProviderProblem.BAD_ANSWER


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"error": "access_denied"}, ProviderProblem.DENIED),
        ({"error": "server_error"}, ProviderProblem.UNREACHABLE),
        ({"error": "invalid_scope"}, ProviderProblem.BAD_ANSWER),
        ({"code": ""}, ProviderProblem.BAD_ANSWER),
        ({"iss": "https://other.example"}, ProviderProblem.BAD_ANSWER),
        ({"state": "another"}, ProviderProblem.LOST),
        ({"state": ""}, ProviderProblem.LOST),
    ],
)
def test_answers_that_bring_no_code_of_ours(journey: Journey, query: dict[str, str], problem: ProviderProblem) -> None:
    code = {} if "error" in query else {"code": "c"}
    journey.query = {"state": journey.query["state"]} | code | query
    assert journey.problem() is problem


def test_a_provider_that_promises_to_say_who_it_is_has_to(journey: Journey, liar: LyingProvider) -> None:
    liar.metadata = {"authorization_response_iss_parameter_supported": True}
    assert journey.problem() is ProviderProblem.BAD_ANSWER
    journey.query["iss"] = liar.issuer
    assert journey.arrive() == NIF


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://other.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_metadata_of_another_or_in_the_clear_is_refused(
    world: World, liar: LyingProvider, metadata: dict[str, Any]
) -> None:
    liar.metadata = metadata
    with pytest.raises(ProviderFailed) as failed:
        Journey(world, liar)
    assert failed.value.problem is ProviderProblem.BAD_ANSWER


@pytest.mark.parametrize("cookie", [None, "", "x", "á"])
def test_without_the_cookie_of_the_beginning_the_thread_is_lost(journey: Journey, cookie: str | None) -> None:
    journey.cookie = cookie  # type: ignore[assignment]
    assert journey.problem() is ProviderProblem.LOST


def test_after_ten_minutes_the_thread_is_lost(journey: Journey, world: World) -> None:
    world.clock.ahead = timedelta(minutes=10)
    assert journey.problem() is ProviderProblem.LOST


def test_the_user_info_counts_only_for_the_same_subject(journey: Journey, liar: LyingProvider) -> None:
    del journey.claims["nif"]
    liar.userinfo = {"sub": "8", "nif": NIF}
    assert journey.problem() is ProviderProblem.NO_IDENTIFIER
    liar.userinfo = {"sub": "7", "nif": NIF}
    assert journey.arrive() == NIF


@pytest.mark.parametrize("value", ["", " ", 12345678, ["12345678Z"], None])
def test_a_claim_that_is_no_text_is_no_identifier(journey: Journey, value: object) -> None:
    journey.claims["nif"] = value
    assert journey.problem() is ProviderProblem.NO_IDENTIFIER


def test_a_claim_of_another_name(world: World, liar: LyingProvider) -> None:
    journey = Journey(world, liar, "urn:es:nif")
    journey.claims["urn:es:nif"] = UNKNOWN_NIF
    assert journey.arrive() == UNKNOWN_NIF


def test_an_issuer_in_the_clear_is_refused_at_the_start(world: World) -> None:
    with pytest.raises(ValueError, match="https"):
        OpenIdProvider(ProviderSettings("http://login.example", "v", "s"), world.area, world.clock)
