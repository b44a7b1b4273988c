"""The kinds of objects that Telegram sends: of the published contract where it is at hand, else of aiogram's models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.browser.server import PROJECT
from tests.conftest import leave_out

PEERS = PROJECT / ".cache" / "peers"
CONTRACT = Path(os.environ.get("TELEGRAM_CONTRACT", PROJECT / ".cache" / "telegram_bot_api.json"))
"""The file of PaulSonOfLars/telegram-bot-api-spec; it is not ours to ship."""

Types = dict[str, list[tuple[str, list[str], bool]]]
"""Of each type its fields: name, types, whether it is always there."""

FROM_AIOGRAM = """
import inspect, json, types, typing
from aiogram import types as api
from aiogram.types.base import TelegramObject
NAMES = {int: "Integer", str: "String", bool: "Boolean", float: "Float"}
def names(kind):
    origin = typing.get_origin(kind)
    if origin in (list, tuple):
        return ["Array of " + name for name in names(typing.get_args(kind)[0])]
    if origin in (typing.Union, types.UnionType):
        return [name for each in typing.get_args(kind) if each is not type(None) for name in names(each)]
    if origin is typing.Literal:
        return ["String"]
    if inspect.isclass(kind) and issubclass(kind, TelegramObject):
        return [kind.__name__]
    return [NAMES.get(kind, "Integer" if "date" in getattr(kind, "__name__", "").lower() else "String")]
made = {}
for name, model in vars(api).items():
    if inspect.isclass(model) and issubclass(model, TelegramObject):
        hints = model.model_fields
        made[name] = [((field.alias or key), names(field.annotation), field.is_required()) for key, field in hints.items()]
print(json.dumps(made))
"""


@cache
def types_of_telegram() -> Types:
    """Every type, from whichever source there is."""
    return from_contract() if CONTRACT.exists() else from_aiogram()


def from_contract() -> Types:
    """Of the published contract."""
    published = json.loads(CONTRACT.read_text(encoding="utf-8"))["types"]
    return {
        name: [(field["name"], field["types"], field["required"]) for field in kind.get("fields", [])]
        for name, kind in published.items()
    }


def from_aiogram() -> Types:
    """Of the models of an independent implementation."""
    return {
        name: [(field, kinds, bool(required)) for field, kinds, required in fields]
        for name, fields in json.loads(with_aiogram(FROM_AIOGRAM)).items()
    }


def with_aiogram(script: str, given: str = "") -> str:
    """What a script prints that runs with aiogram 3 (Rasa keeps version 2 in our own environment)."""
    if not (PEERS / "aiogram").exists():
        leave_out("aiogram 3 is not in .cache/peers (make .cache/peers)")
    environment = os.environ | {"PYTHONPATH": str(PEERS)}
    done = subprocess.run(
        [sys.executable, "-c", script], input=given, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


class Objects:
    """Random objects of the schema, true to it or damaged."""

    def __init__(self, types: Types, seed: int) -> None:
        self._types = types
        self._random = Random(seed)

    def update(self) -> Any:
        """An update of any kind; about half of them are damaged somewhere."""
        made = self._object("Update", 0)
        kinds = [field for field in made if field != "update_id"]
        for field in kinds[1:]:
            made.pop(field)
        if not kinds:
            name, types, _ = self._random.choice(self._types["Update"][1:])
            made[name] = self._value(self._random.choice(types), 1)
        return self._damaged(made) if self._random.random() < 0.5 else made

    def _object(self, name: str, depth: int) -> dict[str, Any]:
        likely = 0.5 / (depth + 1)
        return {
            field: self._value(self._random.choice(types), depth + 1)
            for field, types, required in self._types.get(name, [])
            if (required and depth < 12) or (depth < 5 and self._random.random() < likely)
        }

    def _value(self, kind: str, depth: int) -> Any:
        if kind.startswith("Array of "):
            return [self._value(kind.removeprefix("Array of "), depth) for _ in range(self._random.randint(0, 3))]
        if kind in self._types:
            return self._object(kind, depth)
        return {
            "Integer": self._random.choice((0, 1, 7, -100, 10**9, 2**52, self._random.randint(1, 10**10))),
            "Boolean": self._random.random() < 0.5,
            "Float": self._random.random() * 100,
        }.get(kind, self._text())

    def _text(self) -> str:
        return self._random.choice(
            (
                "private",
                "hola",
                "/start",
                "/start 123456",
                "/salir",
                "3.0",
                "",
                " ",
                "mis facturas",
                "\u202e\0",
                "ñ😀",
                "x" * 300,
            )
        )

    def _damaged(self, value: Any) -> Any:
        """Something is missing, of another type, or unknown, somewhere in it."""
        if isinstance(value, dict) and value:
            key = self._random.choice(list(value))
            match self._random.randint(0, 3):
                case 0:
                    value.pop(key)
                case 1:
                    value[key] = self._junk()
                case 2:
                    value[self._random.choice(("new_thing", "", "ключ", "text", "document"))] = self._junk()
                case _:
                    value[key] = self._damaged(value[key])
            return value
        return self._junk()

    def _junk(self) -> Any:
        return self._random.choice(
            (
                None,
                True,
                -1,
                2**80,
                1.5,
                "",
                "x",
                [],
                {},
                [[]],
                {"id": {}},
                [None],
                "\ud800",
                0,
                {"a": [1, {"b": None}]},
            )
        )

    def private_update(self) -> Any:
        """An update that reaches a conversation, unless it is damaged."""
        person = self._random.randint(1, 400)
        message = self._object("Message", 1) | {
            "from": {"id": person, "is_bot": False, "first_name": "Ana"},
            "chat": {"id": person, "type": "private"},
            "date": int(time.time()) - self._random.choice((0, 0, 600, 20 * 3600, 30 * 3600)),
        }
        message.pop("edit_date", None)
        number = self._random.randint(1, 10**9)
        made: dict[str, Any] = {"update_id": number}
        if self._random.random() < 0.2:
            made["callback_query"] = {"id": "1", "from": message["from"], "message": message, "data": "2.0"}
        else:
            made[self._random.choice(("message", "edited_message"))] = message
        return self._damaged(made) if self._random.random() < 0.5 else made

    def body(self) -> bytes:
        """The body of a request; some are no JSON at all."""
        if self._random.random() < 0.03:
            return self._random.choice((b"", b"{", b"\xff\xfe", b"[" * 5000, b"null", b"7", b'{"update_id": 1e999}'))
        made = self.private_update() if self._random.random() < 0.4 else self.update()
        return json.dumps(made).encode()
