"""The pages of the staff beside the desk itself, in every state: no violation, and nothing to scroll sideways.

Their ways in, with a password, an app's codes or the company's provider, their account, a procedure, the supervisor's pages, and a
case that an agent of Chatwoot has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import select

from bot.database import Database
from bot.desk.demo import PASSWORD
from bot.desk.model import State as CaseState
from bot.desk.tables import case, case_table
from bot.procedures.model import State
from bot.procedures.store import procedure
from tests.browser.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.browser.pages_server import fill_and_send
from tests.browser.server import Server, free_port, open_desk
from tests.browser.test_accessibility import LOOKS, NODE_MODULES, VIOLATIONS, run_node
from tests.browser.test_desk import SHOWN_WITHIN_MS
from tests.browser.test_sign_in_pages import SIDEWAYS, need_node_packages
from tests.chatwoot.fake import INBOX, SECRET, TOKEN, FakeChatwoot, message_created, tell
from tests.chatwoot.test_in_chat import remote_of, until
from tests.talk import Talk

MEANT = re.compile(r"^Failed to load resource")
"""Pages answer 4xx here."""
NEW = "tres tristes tigres comen"


@dataclass(frozen=True)
class House:
    """A server with procedures, a colleague who needs an app's codes, and a case that somebody at Chatwoot has.

    Both ways in are open there, and at `without_passwords`, over the same database, only the provider, which cannot be reached.
    """

    url: str
    without_passwords: str
    code_login: str
    code_password: str
    open_procedure: int
    ended_procedure: int
    case_elsewhere: int

    def walk(self, page: Page) -> Iterator[str]:
        """Leads the browser through every page and state; gives the name of each when it is there."""
        yield from self._sign_in(page)
        page.goto(f"{self.url}/desk/entrar")
        fill_and_send(page, "Entrar", login="carmen", password=PASSWORD)
        yield from self._account(page)
        yield from self._procedures(page)
        for path in ("", "/preguntas"):
            page.goto(f"{self.url}/desk/supervision{path}")
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
            yield f"supervision{path}"
        page.goto(f"{self.url}/desk#{self.case_elsewhere}")
        expect(page.locator(".talk .message.agent").last).to_contain_text("Nuria", timeout=SHOWN_WITHIN_MS)
        yield "a case at Chatwoot"

    def _sign_in(self, page: Page) -> Iterator[str]:
        page.goto(f"{self.without_passwords}/desk/entrar")
        expect(page.get_by_label("Contraseña")).to_have_count(0)
        yield "sign in with the provider"
        fill_and_send(page, "Entrar con la cuenta de Naturgy")
        expect(page.get_by_role("heading", level=1)).to_contain_text("no podemos comprobar quién eres")
        yield "provider not reached"
        page.goto(f"{self.url}/desk/entrar")
        expect(page.get_by_role("button", name="Entrar con la cuenta de Naturgy")).to_be_visible()
        yield "sign in"
        fill_and_send(page, "Entrar")
        yield "both empty"
        fill_and_send(page, "Entrar", login="nadie", password="x")
        yield "wrong pair"
        fill_and_send(page, "Entrar", login=self.code_login, password=self.code_password)
        yield "second step"
        fill_and_send(page, "Entrar", code="000000")
        yield "wrong code"
        page.evaluate("document.forms[0].elements.ticket.value = 'gone'")
        fill_and_send(page, "Entrar", code="000000")
        yield "too late"

    def _account(self, page: Page) -> Iterator[str]:
        page.goto(f"{self.url}/desk/cuenta")
        yield "account"
        for state, former, password, repeated in (
            ("no password", "", "", ""),
            ("not my password", "otra", NEW, NEW),
            ("too short", PASSWORD, "corta", "corta"),
            ("different", PASSWORD, NEW, f"{NEW}."),
            ("changed", PASSWORD, NEW, NEW),
            ("changed back", NEW, PASSWORD, PASSWORD),
        ):
            fill_and_send(page, "Cambiar la contraseña", former=former, password=password, repeated=repeated)
            expect(page.get_by_text("ya tienes la contraseña nueva")).to_have_count(int(state.startswith("changed")))
            yield state
        page.goto(f"{self.without_passwords}/desk/cuenta")
        expect(page.get_by_text("la contraseña se cambia allí")).to_be_visible()
        yield "account at the provider"

    def _procedures(self, page: Page) -> Iterator[str]:
        page.goto(f"{self.url}/desk/gestion/{self.open_procedure}")
        expect(page.get_by_label("Nuevo estado")).to_be_visible()
        yield "procedure"
        with page.expect_navigation():
            page.get_by_role("button", name="Enviar").click()
        expect(page.get_by_role("alert")).to_contain_text("No se ha cambiado nada")
        yield "refused"
        page.goto(f"{self.url}/desk/gestion/{self.ended_procedure}")
        expect(page.get_by_label("Nuevo estado")).to_have_count(0)
        yield "ended procedure"
        page.goto(f"{self.url}/desk/gestion/999999")
        yield "no such procedure"


@pytest.fixture(scope="module")
def debugger() -> int:
    """The port at which another program may look at what Chromium shows."""
    return free_port()


@pytest.fixture(scope="module")
def browser(debugger: int) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = [*CHROMIUM_FLAGS, f"--remote-debugging-port={debugger}"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    need_node_packages()
    folder = tmp_path_factory.mktemp("pages")
    server, without_passwords, fake = open_desk(folder), open_desk(folder), FakeChatwoot()
    fake.start()
    provider = {"STAFF_OIDC_ISSUER": f"http://localhost:{free_port()}", "STAFF_OIDC_CLIENT_ID": "ventanilla"}
    server.set(STAFF_PASSWORDS="True", **provider)
    without_passwords.set(**provider)
    server.set(CHATWOOT_URL=fake.url, CHATWOOT_TOKEN=TOKEN, CHATWOOT_INBOX=INBOX, CHATWOOT_WEBHOOK_SECRET=SECRET)
    server.start()
    without_passwords.start()
    told = server.run("staff", "add", "tomas", "--name", "Tomás Vega", "--team", "altas")
    password = re.search(r"shown this once: (\S+)", told)
    assert password
    urls = (server.url, without_passwords.url)
    yield House(*urls, "tomas", password[1], *procedures_of(server), give_to_chatwoot(server, fake))
    without_passwords.stop()
    server.stop()
    fake.stop()


def procedures_of(server: Server) -> tuple[int, int]:
    """A procedure that waits for papers, and one that has ended."""
    database = Database(server.database_url)
    with database.reading() as connection:
        wait, over = (State.WAITING_DOCUMENTS.value, State.RESOLVED.value)
        found = [connection.execute(select(procedure.id).where(procedure.state == state)) for state in (wait, over)]
        numbers = [row.scalars().first() for row in found]
    database.close()
    assert all(numbers)
    return int(numbers[0] or 0), int(numbers[1] or 0)


def give_to_chatwoot(server: Server, fake: FakeChatwoot) -> int:
    """Somebody asks for a person, and an agent of Chatwoot answers; the case's number."""
    talk, before = Talk(server.url), len(fake.notes())
    talk.say("quiero hablar con una persona")
    remote = remote_of(fake, before)
    tell(server.url, message_created(remote * 10, remote, "Buenas, soy Nuria"))
    database, held = Database(server.database_url), []

    def is_held() -> bool:
        with database.reading() as connection:
            there = select(case.id).where(case_table.c.state == CaseState.AGENT.value)
            held[:] = connection.execute(there).scalars().all()
        return bool(held)

    until(is_held)
    database.close()
    return int(held[0])


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state(look: str, house: House, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(reduced_motion="reduce", **LOOKS[look]).new_page()
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text()
    found = {}
    for state in house.walk(page):
        page.evaluate(axe)
        found[state] = (page.evaluate(VIOLATIONS), page.evaluate(SIDEWAYS))
    assert len(found) > 20
    assert {state: problems for state, problems in found.items() if problems != ([], False)} == {}


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_pa11y_finds_nothing_in_any_state(
    look: str, house: House, debugger: int, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(reduced_motion="reduce", **LOOKS[look]).new_page()
    script, found = str(Path(__file__).with_name("pa11y_open_page.mjs")), {}
    for state in house.walk(page):
        ran = run_node(script, str(NODE_MODULES), str(debugger))
        found[state] = json.loads(ran.stdout) if ran.returncode == 0 else ran.stderr
    assert len(found) > 20
    assert {state: issues for state, issues in found.items() if issues != []} == {}
