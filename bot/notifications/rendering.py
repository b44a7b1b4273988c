"""From a template and its details to subject, text and HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta, select_autoescape
from markupsafe import Markup

from bot.area import SPAIN
from bot.company import Company
from bot.notifications.model import Details

FOLDER = Path(__file__).parent / "templates"
SUBJECT = "Asunto: "
GIVEN = {"company"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a recipient reads: `subject` is one line; `text` and `html` say the same."""

    subject: str
    text: str
    html: str


def render(company: Company, template: str, details: Details) -> Letter:
    """Write the letter. Raises jinja2.TemplateError when the template is unknown or lacks a detail."""
    values = {"company": company, **details}
    head, _, text = _templates().get_template(f"{template}.txt.j2").render(values).partition("\n\n")
    subject = head.removeprefix(SUBJECT)
    html = _templates().get_template(f"{template}.html.j2").render(values, subject=subject)
    return Letter(subject, text, html)


@cache
def details_of(template: str) -> frozenset[str]:
    """The names of the details that a template needs. Raises ValueError for an unknown template."""
    try:
        source = (FOLDER / f"{template}.txt.j2").read_text(encoding="utf-8")
    except OSError:
        raise ValueError(f"no mail is called {template}") from None
    return frozenset(meta.find_undeclared_variables(_templates().parse(source)) - GIVEN)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        finalize=_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(_filters())
    return environment


def _one_line(value: Any) -> Any:
    """A value can add words to a line, never lines: not to the text, and no header to the mail."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return " ".join("".join(character if character.isprintable() else " " for character in value).split())


def _filters() -> dict[str, Callable[[str], str]]:
    """How days, moments, roles, answers and channels are said; the words are in words.yml."""
    words = yaml.safe_load((FOLDER / "words.yml").read_text(encoding="utf-8"))

    def long_day(iso: str) -> str:
        return _said(words["day"], date.fromisoformat(str(iso)))

    def long_moment(iso: str) -> str:
        return _said(words["moment"], datetime.fromisoformat(str(iso)).astimezone(SPAIN))

    def _said(pattern: str, day: date) -> str:
        return day.strftime(pattern.format(day=day.day, month=words["months"][day.month - 1]))

    def named(group: str) -> Callable[[str], str]:
        return lambda name: str(words[group][name])

    def channel(name: str) -> str:
        """A channel that came later is called by its own name."""
        return str(words["channels"].get(name, name))

    named_filters = {
        "role": named("roles"),
        "manager": named("managers"),
        "answer": named("answers"),
        "channel": channel,
    }
    return {"long_day": long_day, "long_moment": long_moment} | named_filters
