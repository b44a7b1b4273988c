"""What a kept dialogue knows, read without Rasa: for the people who take the conversation over."""

from __future__ import annotations

import json
from typing import Any

NOT_UNDERSTOOD = frozenset({"nlu_fallback", "out_of_scope"})
PAUSED_FORM = "paused_form"
MOST_MISUNDERSTOOD = 3


def known_of(state: str | None) -> dict[str, Any]:
    """The form under way, the slots with a value, and the last messages that were not understood, of a dialogue's JSON.

    `{"form": name or None, "slots": {name: value}, "misunderstood": [text, …]}`
    """
    events: list[dict[str, Any]] = json.loads(state)["events"] if state else []
    form, slots, misunderstood = None, dict[str, Any](), []
    for event in events:
        if event.get("event") == "slot":
            slots[str(event["name"])] = event.get("value")
        elif event.get("event") == "active_loop":
            form = event.get("name")
        elif event.get("event") == "user" and _intent(event) in NOT_UNDERSTOOD:
            misunderstood.append(str(event.get("text") or ""))
    paused = slots.pop(PAUSED_FORM, None)
    if isinstance(paused, dict):
        form, slots = form or paused.get("form"), slots | paused.get("slots", {})
    filled = {name: value for name, value in slots.items() if value not in (None, "", [], {})}
    return {"form": form, "slots": filled, "misunderstood": misunderstood[-MOST_MISUNDERSTOOD:]}


def _intent(event: dict[str, Any]) -> str:
    return str(((event.get("parse_data") or {}).get("intent") or {}).get("name"))
