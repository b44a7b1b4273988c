"""Imports point one way, and modules stay small. docs/adr/0001 says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FOUNDATION = {"bot.settings", "bot.company", "bot.database", "bot.logs", "bot.area", "bot.turn", "bot.pages"}
LONGEST_MODULE_LINES = 320

# Who may import what of ours, besides its own folder and the foundation.
ALLOWED = {
    "actions": {
        "bot.conversation.elsewhere",
        "bot.conversation.model",
        "bot.questions",
        "bot.identity",
        "bot.accounts",
        "bot.assignments",
        "bot.contacts",
        "bot.procedures",
        "bot.invoices",
        "bot.documents",
        "bot.audit",
        "bot.satisfaction",
        "bot.unanswered",
        "bot.desk",
        "bot.notices",
    },
    "bot.assistant": {
        "bot.conversation.model",
        "bot.identity",
        "bot.questions",
        "bot.procedures.tracking_keys",
        "bot.procedures.how_it_goes",
        "bot.procedures.paper_answers",
        "bot.topics.store",
        "bot.satisfaction",
    },
    "bot.chatwoot": {"bot.conversation", "bot.desk", "bot.identity"},
    "bot.topics": {"bot.conversation", "bot.identity"},
    "bot.figures": {
        "bot.topics",
        "bot.satisfaction",
        "bot.procedures",
        "bot.desk.model",
        "bot.desk.tables",
        "bot.accounts",
    },
    "bot.supervision": {"bot.figures", "bot.topics", "bot.unanswered", "bot.desk.model", "bot.audit"},
    "bot.satisfaction": {"bot.conversation", "bot.identity", "bot.topics.store", "bot.unanswered"},
    "bot.unanswered": {"bot.conversation.model", "bot.identity", "bot.questions"},
    "bot.conversation": set(),
    "bot.channels.contract": {"bot.conversation"},
    "bot.channels.rest": {"bot.conversation", "bot.channels.contract"},
    "bot.channels.web": {"bot.conversation", "bot.channels.contract"},
    "bot.channels.telegram": {"bot.conversation", "bot.channels.contract"},
    "bot.channels.whatsapp": {"bot.conversation", "bot.channels.contract"},
    "bot.pages": set(),
    "bot.audit": {"bot.conversation.model"},
    "bot.notifications": set(),
    "bot.identity": {"bot.audit", "bot.notifications"},
    "bot.accounts": {"bot.identity", "bot.audit", "bot.notifications"},
    "bot.contacts": {"bot.accounts", "bot.identity", "bot.audit", "bot.notices", "bot.notifications", "bot.procedures"},
    "bot.assignments": {"bot.accounts", "bot.identity", "bot.audit", "bot.notifications", "bot.procedures"},
    "bot.invoices": {"bot.accounts", "bot.identity", "bot.notices", "bot.notifications", "bot.audit"},
    "bot.questions": {"bot.identity", "bot.accounts.model", "bot.invoices.model", "bot.procedures.model"},
    "bot.notices": {"bot.conversation.model", "bot.identity", "bot.audit", "bot.notifications"},
    "bot.documents": {"bot.identity", "bot.audit"},
    "bot.procedures": {
        "bot.accounts",
        "bot.documents",
        "bot.identity",
        "bot.audit",
        "bot.notices",
        "bot.notifications",
    },
    "bot.desk": {
        "bot.conversation",
        "bot.procedures",
        "bot.documents",
        "bot.contacts.model",
        "bot.accounts",
        "bot.identity",
        "bot.audit",
        "bot.notifications",
    },
    "bot.retention": {
        "bot.assistant.dialogue_table",
        "bot.channels.contract",
        "bot.chatwoot.store",
        "bot.contacts.store",
        "bot.conversation",
        "bot.desk.store",
        "bot.desk.tables",
        "bot.identity",
        "bot.invoices.overdue",
        "bot.notices.store",
        "bot.procedures.store",
        "bot.satisfaction.store",
        "bot.audit",
    },
    "bot.imports": {"bot.accounts", "bot.invoices", "bot.identity"},
    "bot.demo": {"bot.accounts", "bot.invoices", "bot.identity", "bot.procedures"},
}


def modules() -> list[Path]:
    return [*(PROJECT / "bot").rglob("*.py"), *(PROJECT / "actions").glob("*.py")]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(name: str, places: set[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_imports_only_what_lies_below_it(folder: str) -> None:
    allowed = ALLOWED[folder] | FOUNDATION | {folder}
    breaches = [
        (name_of(path), imported)
        for path in modules()
        if is_within(name_of(path), {folder})
        for imported in imports_of(path)
        if is_within(imported, {"bot", "actions"}) and not is_within(imported, allowed)
    ]
    assert breaches == []


def test_only_the_assistant_knows_rasa() -> None:
    knowing = {name_of(p) for p in modules() if any(is_within(i, {"rasa"}) for i in imports_of(p))}
    assert knowing
    assert all(is_within(name, {"bot.assistant"}) for name in knowing)


def test_a_model_imports_nothing_that_stores_sends_or_listens() -> None:
    outside = {"sqlalchemy", "aiohttp", "socketio", "rasa", "rasa_sdk", "bot"}
    models = [path for path in modules() if path.name in ("model.py", "identifiers.py", "identifier_checks.py")]
    assert models
    breaches = [
        (name_of(path), imported)
        for path in models
        for imported in imports_of(path)
        if is_within(imported, outside) and not is_within(imported, {"bot.identity"}) and ".model." not in imported
    ]
    assert breaches == []


def test_only_the_root_makes_the_parts() -> None:
    makers = {
        "bot.services",
        "bot.customer_area",
        "bot.document_area",
        "bot.desk_parts",
        "bot.app",
        "bot.__main__",
        "bot.supervision_parts",
        "bot.chatwoot_parts",
    }
    breaches = [
        name_of(path)
        for path in modules()
        if name_of(path) not in makers and any(is_within(i, makers) for i in imports_of(path))
    ]
    assert breaches == []


def test_no_module_is_too_long_to_read() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE_LINES} == {}
