"""Reads the values of a row: dates and amounts as Spain and ISO write them, identifiers, words. Each raises BadValue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from bot.accounts.model import compact, searchable
from bot.area import SPAIN
from bot.identity.email_addresses import LONGEST, is_email
from bot.identity.identifier_checks import Kind, kind_of, problem_of
from bot.identity.typed_identifier import typed_identifier
from bot.imports.model import BadValue

WORDS = Path(__file__).with_name("words.yml")
_PASSPORT = re.compile(r"\s*(?:pasaporte|passport)\b", re.IGNORECASE)
LARGEST_AMOUNT_CENTS = 10**13
ISO_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})", re.ASCII)
SPANISH_DATE = re.compile(r"(?P<day>[0-9]{1,2})([/.-])(?P<month>[0-9]{1,2})\2(?P<year>[0-9]{4})", re.ASCII)
AMOUNT = re.compile(
    r"(?P<sign>-?)"
    r"(?:(?P<thousands>[0-9]{1,3}(?:\.[0-9]{3}){1,4})(?:,(?P<after_comma>[0-9]{1,2}))?"
    r"|(?P<plain>[0-9]{1,15})(?:[.,](?P<after_either>[0-9]{1,2}))?)"
)


def text_of(column: str, value: str, longest: int) -> str:
    """A text of one line that is not empty."""
    text = value.strip()
    if not text:
        raise BadValue(f"{column} is empty")
    if len(text) > longest:
        raise BadValue(f"{column} is longer than {longest} characters")
    if not text.isprintable():
        raise BadValue(f"{column} holds control characters")
    return text


@lru_cache(maxsize=8192)
def day_of(column: str, value: str) -> str:
    """An ISO date, from 2026-03-31 or 31/03/2026."""
    text = value.strip()
    written = ISO_DATE.fullmatch(text) or SPANISH_DATE.fullmatch(text)
    if written is None:
        raise BadValue(f"{column} is empty" if not text else f"{column}: {_quoted(text)} is no date")
    try:
        return date(int(written["year"]), int(written["month"]), int(written["day"])).isoformat()
    except ValueError:
        raise BadValue(f"{column}: {_quoted(text)} is no day of the calendar") from None


def day_or_none(column: str, value: str) -> str | None:
    """As `day_of`; None when nothing is written."""
    return day_of(column, value) if value.strip() else None


@lru_cache(maxsize=8192)
def moment_at_start_of(day: str) -> str:
    """When a day of Spain begins, as UTC without its zone: the form in which both databases read it."""
    start = datetime.combine(date.fromisoformat(day), datetime.min.time(), SPAIN)
    return f"{start.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M:%S}.000000"


def cents_of(column: str, value: str) -> int:
    """Cents, from 1.234,56 or 1234.56 or 1234; a point before three digits parts thousands."""
    written = AMOUNT.fullmatch(value.strip().removesuffix("€").rstrip())
    if written is None:
        raise BadValue(f"{column}: {_quoted(value.strip())} is no amount" if value.strip() else f"{column} is empty")
    euros = int((written["thousands"] or written["plain"]).replace(".", ""))
    cents = euros * 100 + int((written["after_comma"] or written["after_either"] or "0").ljust(2, "0"))
    if cents > LARGEST_AMOUNT_CENTS:
        raise BadValue(f"{column}: {_quoted(value)} is too large")
    return -cents if written["sign"] else cents


@lru_cache(maxsize=8192)
def identifier_of(column: str, value: str) -> tuple[Kind, str]:
    """A valid NIF, NIE or CIF, compact."""
    code = compact(value)
    if not code:
        raise BadValue(f"{column} is empty")
    kind = kind_of(code)
    return kind, _valid(column, kind, code)


def person_identifier_of(column: str, value: str) -> tuple[Kind, str]:
    """A valid NIF or NIE; or a passport, of which the word has to stand before the number: nothing else tells a slip."""
    if not _PASSPORT.match(value):
        kind, code = identifier_of(column, value)
        if not kind.is_person:
            raise BadValue(f"{column}: a person has a NIF, a NIE or a passport, not a CIF")
        return kind, code
    found = typed_identifier(value)
    if found is None or found.kind is not Kind.PASSPORT:
        raise BadValue(f"{column}: {_quoted(value)} is no passport")
    return found.kind, found.value


def email_of(column: str, value: str) -> str:
    """An e-mail address. Raises BadValue; the address is not repeated in it."""
    address = text_of(column, value, LONGEST)
    if not is_email(address):
        raise BadValue(f"{column} is no e-mail address")
    return address


def cups_of(column: str, value: str) -> str:
    """A valid code of a supply point, compact."""
    code = compact(value)
    if not code:
        raise BadValue(f"{column} is empty")
    return _valid(column, Kind.CUPS, code)


def _valid(column: str, kind: Kind, code: str) -> str:
    problem = problem_of(kind, code) if code.isascii() else "wrong_format"
    if problem:
        raise BadValue(f"{column}: {_quoted(code)}: {problem.replace('_', ' ')}")
    return code


@lru_cache(maxsize=1024)
def word_of(column: str, value: str) -> str:
    """The value that a word stands for: "Vencida" → "overdue"."""
    known = _words()[column]
    try:
        return known[searchable(value)]
    except KeyError:
        raise BadValue(f"{column}: {_quoted(value)} is none of {', '.join(sorted(set(known.values())))}") from None


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    read = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return {
        column: {word: value for value, words in values.items() for word in words} for column, values in read.items()
    }


def _quoted(value: str) -> str:
    return f"«{''.join(c if c.isprintable() else '?' for c in value[:40])}»"
