"""WhatsApp is there with all of its settings, absent with none, and a part of them is told in one line."""

from __future__ import annotations

import itertools

import pytest
from pydantic import ValidationError

from bot.channels.contract import name_of
from bot.channels.whatsapp.account import TOGETHER, read_account
from bot.settings import BadSetting, Settings

ALL = dict(zip(TOGETHER, ("token", "106540352242922", "secret", "word"), strict=True))


def settings(**values: object) -> Settings:
    return Settings(**values, _env_file=None)  # type: ignore[arg-type, call-arg]


def test_without_its_settings_the_channel_is_absent() -> None:
    assert read_account(settings()) is None
    assert read_account(settings(whatsapp_template="x")) is None


def test_with_all_of_them_it_is_there_and_shows_no_secret() -> None:
    account = read_account(settings(**ALL))
    assert account is not None
    assert str(account.api_url) == "https://graph.facebook.com/v23.0"
    shown = f"{account!r} {settings(**ALL)!r}"
    assert not [secret for secret in ("'token'", "'secret'", "'word'") if secret in shown]


@pytest.mark.parametrize(
    "given",
    [part for size in (1, 2, 3) for part in itertools.combinations(TOGETHER, size)],
    ids=lambda part: str(len(part)),
)
def test_a_part_of_them_is_refused_with_the_name_of_what_is_missing(given: tuple[str, ...]) -> None:
    missing = next(name for name in TOGETHER if name not in given)
    with pytest.raises(BadSetting, match=f"^{missing.upper()}: WhatsApp needs "):
        read_account(settings(**{name: ALL[name] for name in given}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("whatsapp_phone_number_id", "../me"),
        ("whatsapp_api_url", "graph.facebook.com"),
        ("whatsapp_template", "Con espacios"),
        ("whatsapp_oldest_message_minutes", 0),
    ],
)
def test_a_bad_value_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        settings(**ALL | {name: value})


def test_pages_call_the_channel_by_its_name() -> None:
    assert name_of("whatsapp") == "WhatsApp"
