"""Lists and cards, written in the templates of this folder: what has loops and plurals does not fit into domain.yml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.invoices.wording import day, euros, month, short_day

TEMPLATES = Path(__file__).parent / "templates"
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_MARKUP = re.compile(r"([*\[\]()_`<>\\])")


class Link(str):
    """An address that we made ourselves and that has to reach the reader unchanged."""


def unmarked(value: object) -> str:
    """Data as it is: what would be markup in an answer is taken out, so that a name cannot pass as a link."""
    return str(value) if isinstance(value, Link) else " ".join(_MARKUP.sub(" ", str(value)).split())


def mailbox(value: str) -> Link:
    """An e-mail address with its underscores, which mean nothing inside a word."""
    return Link(re.sub(r"[^\w@.+'-]", "", value))


def masked(value: str) -> str:
    """What is hidden by stars, which would be markup, hidden by dots."""
    return value.replace("*", "•")


def number(value: int) -> str:
    """A number as it is written in Spanish: 3.120."""
    return f"{value:,}".replace(",", ".")


_environment = Environment(  # noqa: S701  # what is made is Markdown; every value goes through `unmarked`
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=unmarked,
)
_environment.filters |= {
    "euros": euros,
    "day": day,
    "month": month,
    "short_day": short_day,
    "number": number,
    "mailbox": mailbox,
    "masked": masked,
}


@cache
def _buttons() -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = yaml.safe_load((TEMPLATES / "buttons.yml").read_text(encoding="utf-8"))
    return read


def buttons(*names: str) -> list[dict[str, str]]:
    """Buttons of buttons.yml, in this order."""
    return [dict(_buttons()[name]) for name in names]


def render(template: str, **values: Any) -> str:
    """One text of the templates folder. Raises an error for a value that the template names and nobody gave."""
    text = _BLANK_LINES.sub("\n\n", _environment.get_template(template).render(**values).strip())
    return text.replace(".**.", ".**")  # a name that ends with its own full stop needs no other
