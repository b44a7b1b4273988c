"""A question as JSON, for a slot: compact, and read back with tolerance, as a slot may be older than the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date
from enum import StrEnum
from typing import Any

from bot.accounts.model import Energy
from bot.invoices.model import Order, Period, State
from bot.questions.model import Question, Subject, Wish

_EMPTY = Question()
_LARGEST_NUMBER = 10**15
"""What goes beyond is no amount of this program, and a database has bounds."""


def to_json(question: Question) -> dict[str, Any]:
    """The question as JSON values: only what is not as in an empty one."""
    values = {field.name: getattr(question, field.name) for field in fields(question)}
    return {name: _plain(value) for name, value in values.items() if value != getattr(_EMPTY, name)}


def from_json(saved: Mapping[str, Any]) -> Question:
    """The question that `to_json` wrote; keys and values that nobody knows are left out."""
    read: dict[str, Any] = {}
    for name, value in saved.items():
        reader = _READERS.get(name)
        try:
            if reader:
                read[name] = reader(value)
        except (ValueError, TypeError, KeyError, OverflowError):
            continue
    return Question(**read)


def _plain(value: Any) -> Any:
    if isinstance(value, Period):
        return [value.first.isoformat(), value.last.isoformat()]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _period(value: Any) -> Period | None:
    if value is None:
        return None
    first, last = map(date.fromisoformat, value)
    if first > last:
        raise ValueError("a period does not end before it begins")
    return Period(first, last)


def _states(value: Any) -> frozenset[State]:
    return frozenset(State(each) for each in _items(value))


def _ordinals(value: Any) -> tuple[int, ...]:
    return tuple(_whole(each) for each in _items(value))


def _items(value: Any) -> Iterable[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError("not a list")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST_NUMBER:
        raise TypeError("not a number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "subject": _or_none(Subject),
    "wish": Wish,
    "order": Order,
    "energy": _or_none(Energy),
    "states": _states,
    "ordinals": _ordinals,
    **dict.fromkeys(("issued", "due"), _period),
    **dict.fromkeys(("least_cents", "most_cents", "limit", "day"), _or_none(_whole)),
    **dict.fromkeys(("number", "cups", "identifier", "name", "unreadable"), _text),
    **dict.fromkeys(("wish_said", "unfiltered", "follow_up"), _flag),
}
