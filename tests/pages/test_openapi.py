"""The description of the HTTP surface names the pages that are there, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from bot.database import Database, migrate
from bot.settings import PROJECT
from tests.identity.pages_app import World

FOLDERS = ("/entrar", "/clave", "/seguridad", "/pages")


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROJECT / "docs" / "openapi.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def apps(tmp_path: Path) -> list[web.Application]:
    """With passwords of our own, and with an identity provider."""
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(database)
    world = World(database, "https://area.example")
    with_passwords = world.app()
    world.use_provider("https://login.example", "secret")
    return [with_passwords, world.app()]


def operations_of(app: web.Application) -> Iterator[tuple[str, str]]:
    """Path and method of what is there for people; not what answers that something is not there."""
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith(FOLDERS) and not path.endswith("{rest}") and route.method in ("GET", "POST"):
            yield path, route.method.lower()


def test_every_page_is_described_and_nothing_else(apps: list[web.Application], description: dict[str, Any]) -> None:
    there = {operation for app in apps for operation in operations_of(app)}
    described = {
        (path, method)
        for path, item in description["paths"].items()
        if path.startswith(FOLDERS)
        for method in item
        if method in ("get", "post")
    }
    assert described == there


def test_every_reference_leads_somewhere_and_everything_shared_is_used(description: dict[str, Any]) -> None:
    text = yaml.safe_dump(description)
    references = set(re.findall(r"#/components/(\w+)/(\w+)", text))
    shared = {(kind, name) for kind, items in description["components"].items() for name in items}
    assert references == {found for found in shared if found[0] != "securitySchemes"}


def test_operations_have_names_of_their_own(description: dict[str, Any]) -> None:
    names = [
        item[method]["operationId"]
        for item in description["paths"].values()
        for method in ("get", "post")
        if method in item
    ]
    assert len(names) == len(set(names))
