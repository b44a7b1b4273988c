"""The sign-in pages on a port of their own, and a walk through every page and state of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from playwright.sync_api import Page

from bot.channels.web.views import share_with_embedding_pages
from bot.database import Database, migrate
from tests.browser.server import free_port
from tests.identity.identity_provider import SECRET
from tests.identity.pages_app import NIF, PASSWORD, UNKNOWN_NIF, World

NEW = "otra frase bien larga"


class PagesServer:
    """A small application with the real services on SQLite; runs in a thread until it is stopped."""

    def __init__(self, folder: Path, embed_origins: tuple[str, ...] = (), issuer: str = "", port: int = 0) -> None:
        self._database = Database(f"sqlite:///{folder / 'pages.db'}")
        migrate(self._database)
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.world = World(self._database, self.url, embed_origins)
        if issuer:
            self.world.use_provider(issuer, SECRET)
        self.captured: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._runner = asyncio.run_coroutine_threadsafe(self._start(port), self._loop).result(20)

    async def _start(self, port: int) -> web.AppRunner:
        app = self.world.app()
        app.middlewares.append(share_with_embedding_pages)
        app.router.add_get("/captured/{number}", self._show_captured)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    async def _show_captured(self, request: web.Request) -> web.Response:
        return web.Response(text=self.captured[int(request.match_info["number"])], content_type="text/html")

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._database.close()


def remember_chat(page: Page, server: PagesServer) -> None:
    """Let the browser have the conversation of our own page in its storage, as the chat leaves it there."""
    page.goto(f"{server.url}/entrar/hecho")
    page.evaluate("(proof) => localStorage.setItem('ventanilla.session', proof)", server.world.proof)


def fill_and_send(page: Page, button: str, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def walk(page: Page, server: PagesServer) -> Iterator[str]:
    """Leads the browser through every page and state with a password; gives the name of each when it is there."""
    world = server.world
    remember_chat(page, server)
    yield from _walk_sign_in(page, server)
    yield from _walk_chat_code(page, server)
    yield from _walk_devices(page, server)
    yield from _walk_second_step(page, server)
    yield from _walk_security(page, server)
    yield from _walk_passwords(page, server)
    page.context.clear_cookies()
    page.goto(f"{server.url}/seguridad")
    yield "signed out"
    page.goto(f"{server.url}/entrar/a/b/c")
    yield "nothing here"
    page.goto(f"{server.url}{world.link()}")
    page.evaluate("document.getElementById('no-proof').hidden = false")
    yield "no chat in this browser"
    page.evaluate("document.forms[0].elements.proof.value = ''")
    fill_and_send(page, "Entrar", identifier=NIF, password=PASSWORD)
    yield "another browser"


def _walk_sign_in(page: Page, server: PagesServer) -> Iterator[str]:
    page.goto(server.url + server.world.link())
    yield "sign in"
    fill_and_send(page, "Entrar")
    yield "both empty"
    fill_and_send(page, "Entrar", identifier="B12345674", password="x")
    yield "wrong format"
    fill_and_send(page, "Entrar", identifier=UNKNOWN_NIF, password="x")
    yield "wrong pair"
    for _ in range(5):
        fill_and_send(page, "Entrar", identifier=UNKNOWN_NIF, password="x")
    yield "locked"
    fill_and_send(page, "Entrar", identifier=NIF, password=PASSWORD)
    page.wait_for_url("**/entrar/hecho")
    yield "done"
    for why in ("nunca", server.world.link().rpartition("/")[2]):
        server.world.link()  # the one before it is of no use any more
        page.goto(f"{server.url}/entrar/{why}")
        yield f"gone {why[:5]}"


def _walk_second_step(page: Page, server: PagesServer) -> Iterator[str]:
    _, recovery = server.world.add_second_factor()
    page.goto(server.url + server.world.link())
    fill_and_send(page, "Entrar", identifier=NIF, password=PASSWORD)
    yield "second step"
    fill_and_send(page, "Entrar", code="000000")
    yield "wrong code"
    page.get_by_text("No tengo el móvil a mano").click()
    yield "recovery code"
    fill_and_send(page, "Entrar con este código", recovery=recovery[0])
    page.wait_for_url("**/entrar/hecho")


def _walk_devices(page: Page, server: PagesServer) -> Iterator[str]:
    world = server.world
    world.clock.ahead -= timedelta(minutes=30)
    world.open_elsewhere("telegram:7")
    world.clock.ahead += timedelta(minutes=30)
    world.open_elsewhere("telegram:8")
    world.open_elsewhere("web:elsewhere")
    page.goto(f"{server.url}/seguridad")
    yield "devices"
    close_first(page)
    yield "device ended"
    fill_and_send(page, "Cerrar todos menos este")
    yield "other devices ended"
    page.evaluate("document.querySelector('[name=chat]').value = '999999'")
    close_first(page)
    yield "device gone"
    page.goto(f"{server.url}/seguridad")
    close_first(page)
    yield "this one ended"


def close_first(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Cerrar").first.click()


def _walk_chat_code(page: Page, server: PagesServer) -> Iterator[str]:
    page.goto(server.url + server.world.link("telegram:7"))
    yield "sign in for a chat on a phone"
    fill_and_send(page, "Entrar", identifier=NIF, password=PASSWORD)
    page.wait_for_url("**/entrar/hecho")
    yield "code for the chat"
    page.context.clear_cookies(name="ventanilla_chat_code")


def _walk_security(page: Page, server: PagesServer) -> Iterator[str]:
    page.goto(f"{server.url}/seguridad")
    yield "security on"
    fill_and_send(page, "Quitar el segundo paso", password="x")
    yield "security wrong password"
    fill_and_send(page, "Quitar el segundo paso", password=PASSWORD)
    yield "security removed"
    fill_and_send(page, "Activar el segundo paso")
    yield "security begun"
    secret = page.locator(".secret").inner_text()
    fill_and_send(page, "Activar", code="000000")
    yield "security wrong code"
    fill_and_send(page, "Activar", code=server.world.code_of(secret))
    yield "recovery codes"


def _walk_passwords(page: Page, server: PagesServer) -> Iterator[str]:
    page.goto(f"{server.url}/clave?enlace={server.world.link().rpartition('/')[2]}")
    yield "password request"
    fill_and_send(page, "Enviarme el enlace")
    yield "password request empty"
    fill_and_send(page, "Enviarme el enlace", identifier=NIF)
    yield "password sent"
    link = server.url + server.world.mailed_link()
    page.goto(link)
    yield "password choose"
    fill_and_send(page, "Guardar la contraseña", password="corta", repeated="corta")
    yield "password too short"
    fill_and_send(page, "Guardar la contraseña", password=NEW, repeated=NEW + "!")
    yield "passwords differ"
    fill_and_send(page, "Guardar la contraseña", password=NEW, repeated=NEW)
    yield "password chosen"
    page.goto(link)
    yield "password gone"
