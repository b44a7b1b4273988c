"""Page and chat under axe, pa11y and html-validate: no violation, in light, dark and at phone width."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat import Chat
from tests.browser.conftest import CHROMIUM
from tests.browser.server import PROJECT, Server

NODE_MODULES = Path(os.environ.get("BROWSER_NODE_MODULES", PROJECT / ".cache" / "npm" / "node_modules"))
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
    "phone in the dark": {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}, "is_mobile": True},
    "forced colours": {"forced_colors": "active", "viewport": {"width": 1280, "height": 800}},
}
VIOLATIONS = """async () => (await axe.run()).violations
    .map(({ id, nodes }) => [id, ...nodes.map((node) => node.target.flat().join(" "))])"""


@pytest.fixture(scope="module", autouse=True)
def _node_packages() -> None:
    """The checkers are installed by the Makefile; a CI run without them fails."""
    if NODE_MODULES.is_dir():
        return
    reason = f"no Node packages in {NODE_MODULES}: run `make browser-tools`"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_the_page_and_the_chat(
    look: str, server: Server, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(reduced_motion="reduce", **LOOKS[look]).new_page()
    page.goto(server.url)
    page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    chat = Chat(page)
    expect(chat.launcher).to_be_visible()
    assert page.evaluate(VIOLATIONS) == []
    chat.open()
    chat.ask("Estoy dado de alta con CIF, ¿qué documentos mando?")
    assert page.evaluate(VIOLATIONS) == []
    page.get_by_role("button", name="Empezar una conversación nueva").click()
    assert page.evaluate(VIOLATIONS) == []


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize(("is_dark", "width"), [(False, 1280), (True, 1280), (False, 360)])
def test_pa11y_finds_nothing_in_the_page_and_the_chat(is_dark: bool, width: int, is_open: bool, server: Server) -> None:
    settings = json.dumps({"dark": is_dark, "width": width, "open": is_open})
    script = Path(__file__).with_name("pa11y_check.mjs")
    found = run_node(str(script), str(NODE_MODULES), CHROMIUM, server.url, settings)
    assert json.loads(found.stdout) == [], found.stderr


def test_the_page_is_valid_html(server: Server, new_context: Callable[..., BrowserContext], tmp_path: Path) -> None:
    served = tmp_path / "page.html"
    served.write_text(new_context().request.get(server.url).text())
    (tmp_path / ".htmlvalidate.json").write_text('{"root": true, "extends": ["html-validate:recommended"]}')
    found = run_node(str(NODE_MODULES / "html-validate" / "bin" / "html-validate.mjs"), str(served))
    assert found.returncode == 0, found.stdout


def run_node(*arguments: str) -> subprocess.CompletedProcess[Any]:
    return subprocess.run(["node", *arguments], capture_output=True, text=True, timeout=120, check=False)
