"""How fast the desk's page is with 10,000 that wait, in Chromium: `python -m bench.desk_page`.

All is measured inside the browser: the page from the start of its loading until the queue can be used, an action from the press until
what it leads to is shown. SQLite, unless `BENCH_DATABASE_URL` names another database (it is filled).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.desk import fill, line
from bot.database import Database
from bot.desk.demo import PASSWORD
from tests.browser.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.browser.server import Server, open_desk
from tests.talk import Talk

ROUNDS = 20
UNTIL_USABLE = """() => new Promise((tell) => {
  const look = () => document.querySelector("#queue button") ? tell(performance.now()) : requestAnimationFrame(look);
  look();
})"""
UNTIL_SHOWN = """([press, shown]) => new Promise((tell) => {
  const before = document.querySelector(shown), since = performance.now();
  const look = () => {
    const now = document.querySelector(shown);
    if (now && now !== before) tell(performance.now() - since);
    else requestAnimationFrame(look);
  };
  document.querySelector(press).click();
  look();
})"""
FILTER = """([name, value]) => new Promise((tell) => {
  const field = document.querySelector(`#filters [name=${name}]`), since = performance.now();
  const before = document.querySelector("#queue li");
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const look = () => document.querySelector("#queue li") !== before ? tell(performance.now() - since) : requestAnimationFrame(look);
  look();
})"""
ACTIONS = {
    "the next page": ("#next-page", "#queue li"),
    "the page before": ("#previous-page", "#queue li"),
    "opening a case": ("#queue button", ".talk .top"),
    "taking one": ("#next", ".talk form"),
}


@contextmanager
def desk_of(url: str) -> Iterator[Page]:
    """The page of an agent who has just signed in."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = chromium.new_context(locale="es-ES", viewport={"width": 1366, "height": 768}).new_page()
        page.goto(f"{url}/desk/entrar")
        page.fill("#login", "laura")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector("#queue button")
        yield page
        chromium.close()


def seconds_until_usable(page: Page) -> float:
    """From the start of loading the page until the queue is there and answers."""
    page.goto(page.url.partition("#")[0])
    page.reload(wait_until="commit")
    return float(page.evaluate(UNTIL_USABLE)) / 1000


def measured(page: Page, rounds: int) -> dict[str, list[float]]:
    """Seconds, by what was done."""
    found: dict[str, list[float]] = {"the page, until it can be used": []}
    for _ in range(rounds):
        found["the page, until it can be used"].append(seconds_until_usable(page))
        for name, places in ACTIONS.items():
            found.setdefault(name, []).append(float(page.evaluate(UNTIL_SHOWN, list(places))) / 1000)
        for value in ("deadline", "wait"):
            found.setdefault("another order", []).append(float(page.evaluate(FILTER, ["order", value])) / 1000)
    return found


def fill_queue(server: Server) -> None:
    """One who asked for a person, and ten thousand like them."""
    Talk(server.url).say("quiero hablar con una persona")
    database = Database(server.database_url)
    fill(database)
    database.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        server = open_desk(Path(name))
        if os.environ.get("BENCH_DATABASE_URL"):
            server.use_database(os.environ["BENCH_DATABASE_URL"])
        server.start()
        try:
            fill_queue(server)
            with desk_of(server.url) as page:
                for what, seconds in measured(page, ROUNDS).items():
                    print(line(what, seconds))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
