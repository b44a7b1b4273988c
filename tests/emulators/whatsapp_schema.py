"""Random webhooks of every kind in the published contract, where its file is at hand; it is not ours to ship."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

CONTRACT = os.environ.get("WHATSAPP_CONTRACT", "")
DEEPEST = 12
TEXTS = ("hola", "", " ", "3.0", "mis facturas", "\u202e\0", "ñ😀", "x" * 300, "sha256=", "../../x")

Schema = dict[str, Any]


@cache
def contract() -> Schema:
    """The whole contract; {} without its file."""
    return dict(yaml.load(Path(CONTRACT).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)) if CONTRACT else {}


class Webhooks:
    """Values of the contract's schemas, addressed to one number of ours."""

    def __init__(self, dice: Random, phone_number_id: str, numbers: list[str]) -> None:
        self._dice = dice
        self._schemas: dict[str, Schema] = contract()["components"]["schemas"]
        self._fixed = {
            "object": lambda: "whatsapp_business_account",
            "field": lambda: "messages",
            "phone_number_id": lambda: phone_number_id,
            "from": lambda: dice.choice(numbers),
            "wa_id": lambda: dice.choice(numbers),
            "timestamp": lambda: str(int(time.time()) - dice.choice((0, 0, 0, 600, -900))),
            "id": lambda: f"wamid.{dice.randrange(10**12)}",
        }

    def webhook(self) -> Any:
        """A whole one; mostly about messages, mostly ours, with a time of now."""
        return self._value({"$ref": "#/components/schemas/WebhookPayload"}, "", 0)

    def _value(self, schema: Schema, name: str, depth: int) -> Any:
        if "$ref" in schema:
            return self._value(self._schemas[schema["$ref"].rpartition("/")[2]], name, depth)
        if "oneOf" in schema:
            return self._value(self._dice.choice(schema["oneOf"]), name, depth)
        if "allOf" in schema:
            parts = [self._value(part, name, depth) for part in [*schema["allOf"], _rest(schema)]]
            return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}
        if "properties" in schema:
            return self._object(schema, depth)
        if schema.get("type") == "array":
            return [self._value(schema.get("items", {}), name, depth + 1) for _ in range(self._length(name))]
        return self._leaf(schema, name)

    def _object(self, schema: Schema, depth: int) -> Any:
        required = schema.get("required", ())
        return {
            name: self._value(part, name, depth + 1)
            for name, part in schema["properties"].items()
            if depth < DEEPEST and (name in required or self._dice.random() < 0.5)
        }

    def _length(self, name: str) -> int:
        return 1 if name in ("entry", "changes") else self._dice.choice((0, 1, 1, 1, 3))

    def _leaf(self, schema: Schema, name: str) -> Any:
        if name in self._fixed and self._dice.random() < 0.95:
            return self._fixed[name]()
        if "enum" in schema:
            return self._dice.choice(schema["enum"])
        kinds = {
            "integer": self._dice.randrange(10**10),
            "number": self._dice.random() * 100,
            "boolean": self._dice.random() < 0.5,
        }
        return kinds.get(str(schema.get("type")), self._dice.choice(TEXTS))


def _rest(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "allOf"}
