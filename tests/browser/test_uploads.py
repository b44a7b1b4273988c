"""Files as people send them: several at once, dropped, refused, cut off and gone on with; and the page of a procedure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Route, expect
from sqlalchemy import select

from bot.area import Area
from bot.database import Database, utc_now
from bot.documents.store import document_table
from bot.procedures.links import link_to_procedure
from bot.procedures.model import Kind, Procedure, State
from bot.procedures.service import Opening, find_by_key, open_procedure
from tests.browser import conftest
from tests.browser.chat import ANSWER_WITHIN_MS, Chat
from tests.browser.conftest import CHROMIUM
from tests.browser.line import Line
from tests.browser.server import Server
from tests.browser.test_accessibility import LOOKS, NODE_MODULES, VIOLATIONS, run_node
from tests.browser.test_chat import PHONE
from tests.documents.files import encrypted_pdf, photograph_of_a_telephone, printed_pdf

NewContext = Callable[..., BrowserContext]

MEGABYTE = 1024 * 1024
DROP = """([chat, files]) => {
    const carried = new DataTransfer();
    for (const { name, text } of files) carried.items.add(new File([text], name));
    const main = chat.shadowRoot.querySelector(".main");
    for (const kind of ["dragenter", "dragover", "drop"])
        main.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(autouse=True)
def _expected_complaints(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused file and a cut connection are written to the console by the browser itself; all else fails the test."""
    expected = re.compile("status of 422|ERR_|WebSocket connection")
    kept = conftest.errors_in

    def errors_in(message: ConsoleMessage) -> list[str]:
        return [text for text in kept(message) if not expected.search(text)]

    monkeypatch.setattr(conftest, "errors_in", errors_in)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A deed, a photograph of a power of attorney, a file with a password, and one that takes a while."""
    (tmp_path / "escritura.pdf").write_bytes(printed_pdf())
    (tmp_path / "poder.jpg").write_bytes(photograph_of_a_telephone())
    (tmp_path / "con clave.pdf").write_bytes(encrypted_pdf("secret", "AES-256"))
    (tmp_path / "grande.pdf").write_bytes(printed_pdf(1) + b"\n" * (6 * MEGABYTE))
    return tmp_path


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    opened = Database(server.database_url)
    yield opened
    opened.close()


def area_of(server: Server) -> Area:
    folder = Path(server.database_url.removeprefix("sqlite:///")).parent
    return Area(server.url, (folder / "secret_key").read_bytes())


def address_of(page: Page) -> str:
    page.wait_for_function("localStorage.getItem('ventanilla.session')")
    session: str = page.evaluate("localStorage.getItem('ventanilla.session')")
    return f"web:{session.partition('.')[0]}"


def open_for(page: Page, server: Server, database: Database, kind: Kind = Kind.REGISTRATION_UPDATE) -> Procedure:
    """A procedure of this conversation that waits for its paper."""
    paper = {Kind.REGISTRATION_UPDATE: "authority", Kind.EXTERNAL_MANAGER: "mandate"}[kind]
    with database.writing() as connection:
        opening = Opening(kind, address_of(page), needed=(paper,))
        return open_procedure(connection, area_of(server), opening, utc_now())


def page_of(page: Page, server: Server, procedure: Procedure) -> str:
    return link_to_procedure(area_of(server), address_of(page), None, procedure.id, utc_now())


def state_of(database: Database, procedure: Procedure) -> State:
    with database.reading() as connection:
        found = find_by_key(connection, procedure.tracking_key)
        assert found is not None
        return found.state


def names_at(database: Database, procedure: Procedure) -> list[str]:
    with database.reading() as connection:
        own = document_table.c.procedure_id == procedure.id
        return sorted(connection.execute(select(document_table.c.name).where(own)).scalars())


def choose(page: Page, *paths: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(list(paths))


def rows(page: Page) -> Locator:
    return page.locator(".file")


def told(chat: Chat, text: str) -> None:
    expect(chat.answers.last).to_contain_text(text, timeout=ANSWER_WITHIN_MS)


def sent_slowly(page: Page) -> None:
    """As over a telephone in a lift: 800 kB a second."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    speed = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 800_000}
    devtools.send("Network.emulateNetworkConditions", speed)


def wait_for_percent(page: Page, least: int) -> None:
    page.wait_for_function(
        """(least) => [document, document.querySelector("ventanilla-chat")?.shadowRoot]
            .some((root) => (root?.querySelector(".file progress")?.value ?? 0) * 100 > least)""",
        arg=least,
        timeout=ANSWER_WITHIN_MS,
    )


def test_a_deed_goes_to_the_procedure_that_waits_for_it(
    chat: Chat, server: Server, database: Database, files: Path
) -> None:
    procedure = open_for(chat.page, server, database)
    choose(chat.page, files / "escritura.pdf")
    told(chat, "Ya está todo")
    expect(chat.answers.last).to_contain_text("Escritura o poder")
    assert state_of(database, procedure) is State.IN_PROGRESS
    assert names_at(database, procedure) == ["escritura.pdf"]
    expect(rows(chat.page)).to_have_count(0, timeout=ANSWER_WITHIN_MS)


def test_several_files_are_told_together_and_are_pages_of_one_paper(
    chat: Chat, server: Server, database: Database, files: Path
) -> None:
    procedure = open_for(chat.page, server, database)
    before = chat.answers.count()
    choose(chat.page, files / "escritura.pdf", files / "poder.jpg")
    told(chat, "escritura.pdf y poder.jpg")
    assert chat.answers.count() == before + 1
    assert names_at(database, procedure) == ["escritura.pdf", "poder.jpg"]


def test_where_two_papers_are_missing_the_assistant_asks_which_one_it_is(
    chat: Chat, server: Server, database: Database, files: Path
) -> None:
    first = open_for(chat.page, server, database)
    second = open_for(chat.page, server, database, Kind.EXTERNAL_MANAGER)
    choose(chat.page, files / "escritura.pdf", files / "poder.jpg")
    told(chat, "¿Qué papel son?")
    chat.page.get_by_role("button", name="Son papeles distintos").click()
    told(chat, "escritura.pdf. ¿Qué papel es?")
    chat.page.get_by_role("button", name="Autorización firmada").click()
    told(chat, "poder.jpg. ¿Qué papel es?")
    chat.page.get_by_role("button", name="Escritura o poder").click()
    told(chat, "Ya está todo")
    assert (names_at(database, second), names_at(database, first)) == (["escritura.pdf"], ["poder.jpg"])


def test_a_file_that_nothing_waits_for_is_kept_a_day_and_can_be_deleted(
    chat: Chat, database: Database, files: Path
) -> None:
    choose(chat.page, files / "escritura.pdf")
    told(chat, "24 horas")
    chat.page.get_by_role("button", name="Bórralo").click()
    told(chat, "lo he borrado")
    with database.reading() as connection:
        mine = document_table.c.address == address_of(chat.page)
        assert connection.execute(select(document_table.c.state).where(mine)).scalars().all() == ["deleted"]


def test_a_file_that_was_sent_before_is_offered_to_the_procedure_that_is_opened(
    chat: Chat, database: Database, files: Path
) -> None:
    choose(chat.page, files / "escritura.pdf")
    told(chat, "24 horas")
    chat.ask("me di de alta con el CIF B57337925, el representante es Ana Ruiz Gil, 12345678Z, ana@correo.example")
    chat.ask("sí")
    told(chat, "escritura.pdf. ¿Qué papel es?")
    chat.page.get_by_role("button", name="Escritura o poder").click()
    told(chat, "Ya está todo")
    with database.reading() as connection:
        mine = document_table.c.address == address_of(chat.page)
        assert connection.execute(select(document_table.c.procedure_id).where(mine)).scalar_one()


def test_a_refused_file_says_why_beside_its_name_and_in_the_chat(chat: Chat, files: Path) -> None:
    choose(chat.page, files / "con clave.pdf")
    expect(rows(chat.page)).to_contain_text("Tiene contraseña. Quítasela", timeout=ANSWER_WITHIN_MS)
    told(chat, "tiene contraseña. Quítasela")
    chat.page.get_by_role("button", name="Quitar con clave.pdf de la lista").click()
    expect(rows(chat.page)).to_have_count(0)


def test_a_file_that_is_too_large_is_not_even_sent(chat: Chat, files: Path) -> None:
    (files / "enorme.pdf").write_bytes(b"%PDF" + b"0" * (20 * MEGABYTE))
    sent: list[str] = []
    chat.page.on("request", lambda request: sent.append(request.url) if "/subidas/" in request.url else None)
    choose(chat.page, files / "enorme.pdf")
    expect(rows(chat.page)).to_contain_text("Ocupa más de 20 MB")
    assert sent == []


def test_files_are_dropped_on_the_chat(chat: Chat) -> None:
    dropped = [{"name": "nota.txt", "text": "hola"}, {"name": "vacío.pdf", "text": ""}]
    chat.page.evaluate_handle(DROP, [chat.page.locator("ventanilla-chat").element_handle(), dropped])
    expect(rows(chat.page).nth(0)).to_contain_text("No es un PDF ni una foto", timeout=ANSWER_WITHIN_MS)
    expect(rows(chat.page).nth(1)).to_contain_text("Está vacío")
    expect(chat.page.locator(".dropping")).to_have_count(0)


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    laid = Line(int(server.url.rpartition(":")[2]))
    yield laid
    laid.close()


def test_a_cut_in_the_middle_goes_on_where_it_was(
    line: Line, server: Server, database: Database, files: Path, new_context: NewContext
) -> None:
    chat = Chat(new_context().new_page())
    chat.page.goto(line.url)
    chat.open()
    procedure = open_for(chat.page, server, database)
    offsets: list[int] = []
    chat.page.on("request", lambda request: offsets.extend(_offset(request)))
    sent_slowly(chat.page)
    choose(chat.page, files / "grande.pdf")
    wait_for_percent(chat.page, 40)
    line.cut()
    expect(rows(chat.page)).to_contain_text("Sin conexión", timeout=ANSWER_WITHIN_MS)
    line.mend()
    told(chat, "Ya está todo")
    assert len(offsets) >= 2
    assert offsets[-1] > MEGABYTE
    assert names_at(database, procedure) == ["grande.pdf"]


def test_a_killed_server_does_not_lose_what_had_come(
    chat: Chat, server: Server, database: Database, files: Path
) -> None:
    procedure = open_for(chat.page, server, database)
    sent_slowly(chat.page)
    choose(chat.page, files / "grande.pdf")
    wait_for_percent(chat.page, 40)
    server.kill()
    expect(rows(chat.page)).to_contain_text("Sin conexión", timeout=ANSWER_WITHIN_MS)
    server.start()
    expect(chat.answers.last).to_contain_text("Ya está todo", timeout=4 * ANSWER_WITHIN_MS)
    assert names_at(database, procedure) == ["grande.pdf"]


def test_after_a_reload_the_same_file_goes_on_where_it_was(
    chat: Chat, server: Server, database: Database, files: Path
) -> None:
    procedure = open_for(chat.page, server, database)
    sent_slowly(chat.page)
    choose(chat.page, files / "grande.pdf")
    wait_for_percent(chat.page, 40)
    chat.page.reload()
    chat.launcher.click()
    expect(rows(chat.page)).to_contain_text("Se quedó a medias")
    offsets: list[int] = []
    chat.page.on("request", lambda request: offsets.extend(_offset(request)))
    with chat.page.expect_file_chooser() as chooser:
        chat.page.get_by_role("button", name="Elegir otra vez grande.pdf").click()
    chooser.value.set_files(files / "grande.pdf")
    told(chat, "Ya está todo")
    assert offsets[0] > MEGABYTE
    assert names_at(database, procedure) == ["grande.pdf"]


def _offset(request: Any) -> list[int]:
    return [int(request.headers["upload-offset"])] if request.method == "PATCH" else []


def test_a_cancelled_file_is_gone(chat: Chat, database: Database, server: Server, files: Path) -> None:
    open_for(chat.page, server, database)
    sent_slowly(chat.page)
    choose(chat.page, files / "grande.pdf", files / "escritura.pdf")
    wait_for_percent(chat.page, 10)
    chat.page.get_by_role("button", name="Cancelar el envío de grande.pdf").click()
    told(chat, "escritura.pdf")
    expect(chat.answers.last).not_to_contain_text("grande.pdf")
    expect(rows(chat.page)).to_have_count(0, timeout=ANSWER_WITHIN_MS)


def test_everything_works_with_the_keyboard(chat: Chat, files: Path) -> None:
    with chat.page.expect_file_chooser() as chooser:  # from the start: a key is quicker than its interception
        chat.field.focus()
        chat.page.keyboard.press("Shift+Tab")
        assert chat.focused().get_attribute("aria-label") == "Adjuntar archivos"
        chat.page.keyboard.press("Enter")
    assert chooser.value.is_multiple()
    chooser.value.set_files(files / "con clave.pdf")
    expect(rows(chat.page)).to_contain_text("Tiene contraseña", timeout=ANSWER_WITHIN_MS)
    chat.page.get_by_role("button", name="Quitar con clave.pdf de la lista").press("Enter")
    expect(rows(chat.page)).to_have_count(0)


def test_a_phone_offers_its_camera(server: Server, new_context: NewContext) -> None:
    page = new_context(**PHONE).new_page()
    page.goto(server.url)
    chat = Chat(page)
    chat.open()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Hacer una foto").tap()
    field = chooser.value.element
    assert (field.get_attribute("capture"), field.get_attribute("accept")) == ("environment", "image/*")
    width = page.evaluate("document.querySelector('ventanilla-chat').shadowRoot.querySelector('.main').scrollWidth")
    assert width <= 360


def test_the_page_of_a_procedure_takes_its_paper_and_shows_it_at_once(
    chat: Chat, server: Server, database: Database, files: Path
) -> None:
    procedure = open_for(chat.page, server, database)
    page = chat.page.context.new_page()
    page.goto(page_of(chat.page, server, procedure))
    expect(page.get_by_role("heading", level=1)).to_have_text("Actualización del registro de CIF a NIF")
    expect(page.locator(".badge")).to_have_text("Falta")
    choose(page, files / "escritura.pdf")
    expect(page.locator(".badge")).to_have_text("Recibido", timeout=ANSWER_WITHIN_MS)
    expect(page.locator("#gestion")).to_contain_text("en curso")
    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar escritura.pdf").click()
    assert Path(download.value.path()).read_bytes() == (files / "escritura.pdf").read_bytes()
    told(chat, "Ya está todo")


def test_the_page_says_beside_the_paper_why_a_file_is_refused(
    chat: Chat, server: Server, database: Database, files: Path
) -> None:
    procedure = open_for(chat.page, server, database)
    page = chat.page.context.new_page()
    page.goto(page_of(chat.page, server, procedure))
    choose(page, files / "con clave.pdf")
    expect(page.locator("#papel-authority .file")).to_contain_text("Tiene contraseña", timeout=ANSWER_WITHIN_MS)
    expect(page.locator(".badge")).to_have_text("Falta")


def test_without_javascript_the_page_says_what_to_do(
    chat: Chat, server: Server, database: Database, new_context: NewContext
) -> None:
    procedure = open_for(chat.page, server, database)
    page = new_context(java_script_enabled=False).new_page()
    page.goto(page_of(chat.page, server, procedure))
    expect(page.get_by_text("También puedes enviarlos en el chat")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_an_embedding_page_may_send_files(
    server: Server, other_site: str, new_context: NewContext, files: Path, database: Database
) -> None:
    page = new_context().new_page()
    page.goto(other_site)
    chat = Chat(page)
    chat.open()
    open_for(page, server, database)
    choose(page, files / "escritura.pdf")
    told(chat, "Ya está todo")


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_the_chat_with_files_and_in_the_page(
    look: str, server: Server, database: Database, new_context: NewContext, files: Path
) -> None:
    page = new_context(reduced_motion="reduce", **LOOKS[look]).new_page()
    page.goto(server.url)
    chat = Chat(page)
    chat.open()
    procedure = open_for(page, server, database)
    page.route("**/subidas/*", lambda route: _stop_at_patch(route))
    choose(page, files / "con clave.pdf", files / "poder.jpg")
    expect(rows(page).first).to_contain_text("Sin conexión", timeout=ANSWER_WITHIN_MS)
    page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    assert page.evaluate(VIOLATIONS) == []
    page.unroute("**/subidas/*")
    expect(rows(page).first).to_contain_text("Tiene contraseña", timeout=2 * ANSWER_WITHIN_MS)
    assert page.evaluate(VIOLATIONS) == []
    page.goto(page_of(page, server, procedure))
    choose(page, files / "con clave.pdf")
    expect(rows(page)).to_contain_text("Tiene contraseña", timeout=ANSWER_WITHIN_MS)
    page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    assert page.evaluate(VIOLATIONS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def _stop_at_patch(route: Route) -> None:
    if route.request.method == "PATCH":
        route.abort()
    else:
        route.continue_()


@pytest.mark.parametrize(("is_dark", "width"), [(False, 1280), (True, 360)])
def test_pa11y_finds_nothing_in_the_page(
    is_dark: bool, width: int, server: Server, database: Database, chat: Chat
) -> None:
    procedure = open_for(chat.page, server, database)
    settings = json.dumps({"dark": is_dark, "width": width, "open": False})
    script = Path(__file__).with_name("pa11y_check.mjs")
    found = run_node(str(script), str(NODE_MODULES), CHROMIUM, page_of(chat.page, server, procedure), settings)
    assert json.loads(found.stdout) == [], found.stderr
